/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shows a reading: the table with the columns of xentop 4.17, or JSON. Called by main.c.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "libjson/json.h"
#include "xentop.h"

#define SHUTDOWN_CRASH 3

static bool crashed(const struct domain_stats *d)
{
    return d->flags & XEN_DOMINF_shutdown &&
           (d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_CRASH;
}

/* The letters d, s, b, c, p, r in xentop's order. */
static void state_text(const struct domain_stats *d, char out[7])
{
    out[0] = d->flags & XEN_DOMINF_dying ? 'd' : '-';
    out[1] = d->flags & XEN_DOMINF_shutdown ? 's' : '-';
    out[2] = d->flags & XEN_DOMINF_blocked ? 'b' : '-';
    out[3] = crashed(d) ? 'c' : '-';
    out[4] = d->flags & XEN_DOMINF_paused ? 'p' : '-';
    out[5] = d->flags & XEN_DOMINF_running ? 'r' : '-';
    out[6] = '\0';
}

static unsigned int count(const struct reading *r, uint32_t flag)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < r->domains; i++)
        n += (r->domain[i].flags & flag) != 0;
    return n;
}

static void print_summary(const struct reading *r)
{
    unsigned int crashes = 0;
    time_t now = time(NULL);
    char clock[16];
    struct tm tm;

    for (unsigned int i = 0; i < r->domains; i++)
        crashes += crashed(&r->domain[i]);
    localtime_r(&now, &tm);
    strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    printf("xentop - %s   Xen %u.%u%s\n", clock, r->major, r->minor, r->extra);
    printf("%u domains: %u running, %u blocked, %u paused, %u crashed, %u dying, %u shutdown \n",
           r->domains, count(r, XEN_DOMINF_running), count(r, XEN_DOMINF_blocked),
           count(r, XEN_DOMINF_paused), crashes, count(r, XEN_DOMINF_dying),
           count(r, XEN_DOMINF_shutdown));
    printf("Mem: %lluk total, %lluk used, %lluk free    CPUs: %u @ %uMHz\n",
           (unsigned long long)r->total_kib, (unsigned long long)(r->total_kib - r->free_kib),
           (unsigned long long)r->free_kib, r->cpus, r->mhz);
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? (double)part * 100 / (double)whole : 0;
}

static void print_domain(const struct reading *r, const struct domain_stats *d, bool full_names)
{
    char state[7], maxmem[24] = "no limit", share[16] = "n/a";

    state_text(d, state);
    if (d->limited) {
        snprintf(maxmem, sizeof(maxmem), "%llu", (unsigned long long)d->maxmem_kib);
        snprintf(share, sizeof(share), "%.1f", percent(d->maxmem_kib, r->total_kib));
    }
    if (full_names)
        printf("%10s", d->name);
    else
        printf("%10.10s", d->name);
    printf(" %6s %10llu %6.1f %10llu %6.1f %10s %9s %5u %4u %8llu %8llu %4u %8llu %8llu %8llu %10llu "
           "%10llu %4u\n",
           state, (unsigned long long)(d->cpu_ns / 1000000000u), d->cpu_percent,
           (unsigned long long)d->mem_kib, percent(d->mem_kib, r->total_kib), maxmem, share,
           d->vcpus, d->net.count, (unsigned long long)(d->net.tx_bytes / 1024),
           (unsigned long long)(d->net.rx_bytes / 1024), d->vbd.count,
           (unsigned long long)d->vbd.oo, (unsigned long long)d->vbd.reads,
           (unsigned long long)d->vbd.writes, (unsigned long long)d->vbd.read_sectors,
           (unsigned long long)d->vbd.write_sectors, d->ssid);
}

static void print_vcpus(struct hv *hv, const struct domain_stats *d)
{
    struct xen_domctl_getvcpuinfo info;

    printf("VCPUs(sec): ");
    for (uint32_t v = 0; !hv_vcpu_info(hv, d->domid, v, &info); v++)
        printf(" %3u: %10llus", v, (unsigned long long)(info.cpu_time / 1000000000u));
    putchar('\n');
}

void print_reading(struct hv *hv, const struct reading *r, const struct options *o, bool header)
{
    if (!o->batch)
        printf("\033[H\033[J");
    if (!o->batch)
        print_summary(r);
    if (header)
        printf("      NAME  STATE   CPU(sec) CPU(%%)     MEM(k) MEM(%%)  MAXMEM(k) MAXMEM(%%) VCPUS "
               "NETS NETTX(k) NETRX(k) VBDS   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID\n");
    for (unsigned int i = 0; i < r->domains; i++) {
        print_domain(r, &r->domain[i], o->full_names);
        if (o->vcpus)
            print_vcpus(hv, &r->domain[i]);
    }
    if (!o->batch)
        printf("\n(q: quit)");
    fflush(stdout);
}

void print_json(const struct reading *r)
{
    printf("{\"total_kib\":%llu,\"free_kib\":%llu,\"cpus\":%u,\"mhz\":%u,\"domains\":[",
           (unsigned long long)r->total_kib, (unsigned long long)r->free_kib, r->cpus, r->mhz);
    for (unsigned int i = 0; i < r->domains; i++) {
        const struct domain_stats *d = &r->domain[i];
        char state[7];

        state_text(d, state);
        printf("%s{\"domid\":%u,\"name\":", i ? "," : "", d->domid);
        json_text(d->name);
        printf(",\"state\":\"%s\",\"cpu_ns\":%llu,\"cpu_percent\":%.1f,\"mem_kib\":%llu,"
               "\"vcpus\":%u",
               state, (unsigned long long)d->cpu_ns, d->cpu_percent,
               (unsigned long long)d->mem_kib, d->vcpus);
        printf(",\"nets\":%u,\"net_tx_bytes\":%llu,\"net_rx_bytes\":%llu", d->net.count,
               (unsigned long long)d->net.tx_bytes, (unsigned long long)d->net.rx_bytes);
        printf(",\"vbds\":%u,\"vbd_reads\":%llu,\"vbd_writes\":%llu,\"vbd_read_sectors\":%llu,"
               "\"vbd_write_sectors\":%llu}",
               d->vbd.count, (unsigned long long)d->vbd.reads, (unsigned long long)d->vbd.writes,
               (unsigned long long)d->vbd.read_sectors, (unsigned long long)d->vbd.write_sectors);
    }
    printf("]}\n");
    fflush(stdout);
}
