/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One reading of the host and its domains: the hypervisor's figures, names from the store, traffic
 * from Linux's back ends (/sys/class/net/vifD.N, /sys/bus/xen-backend/devices/vbd-D-N). Called by
 * main.c.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xentop.h"

#define MAX_DOMAINS 1024u
#define BACKENDS    "/sys/bus/xen-backend/devices"

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t read_counter(const char *dir, const char *entry, const char *file)
{
    unsigned long long v = 0;
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s/statistics/%s", dir, entry, file);
    f = fopen(path, "re");
    if (!f)
        return 0;
    if (fscanf(f, "%llu", &v) != 1)
        v = 0;
    fclose(f);
    return v;
}

static struct domain_stats *find_domain(const struct reading *r, uint32_t domid)
{
    for (unsigned int i = 0; i < r->domains; i++)
        if (r->domain[i].domid == domid)
            return &r->domain[i];
    return NULL;
}

static void add_disk(struct domain_stats *d, const char *entry)
{
    d->vbd.count++;
    d->vbd.oo += read_counter(BACKENDS, entry, "oo_req");
    d->vbd.reads += read_counter(BACKENDS, entry, "rd_req");
    d->vbd.writes += read_counter(BACKENDS, entry, "wr_req");
    d->vbd.read_sectors += read_counter(BACKENDS, entry, "rd_sect");
    d->vbd.write_sectors += read_counter(BACKENDS, entry, "wr_sect");
}

/* What Domain 0 receives on a vif, the guest has sent. The device may have any name. */
static void add_vif(struct xs *xs, struct domain_stats *d, unsigned int devid)
{
    char name[32], *renamed;

    snprintf(name, sizeof(name), "vif%u.%u", d->domid, devid);
    if (!xs_readf(xs, XS_NO_TX, &renamed, "/libxl/%u/device/vif/%u/vifname", d->domid, devid)) {
        snprintf(name, sizeof(name), "%s", renamed);
        free(renamed);
    }
    d->net.count++;
    d->net.tx_bytes += read_counter("/sys/class/net", name, "rx_bytes");
    d->net.rx_bytes += read_counter("/sys/class/net", name, "tx_bytes");
}

static void collect_devices(struct xs *xs, struct reading *r)
{
    DIR *dir = opendir(BACKENDS);
    struct dirent *e;

    while (dir && (e = readdir(dir))) {
        unsigned int domid, devid;
        struct domain_stats *d;

        if (sscanf(e->d_name, "vbd-%u-%u", &domid, &devid) == 2 && (d = find_domain(r, domid)))
            add_disk(d, e->d_name);
        else if (sscanf(e->d_name, "vif-%u-%u", &domid, &devid) == 2 &&
                 (d = find_domain(r, domid)))
            add_vif(xs, d, devid);
    }
    if (dir)
        closedir(dir);
}

static void take_name(struct xs *xs, struct domain_stats *d)
{
    char *name;

    snprintf(d->name, sizeof(d->name), "%s", d->domid ? "(unknown)" : "Domain-0");
    if (xs_readf(xs, XS_NO_TX, &name, "/local/domain/%u/name", d->domid))
        return;
    snprintf(d->name, sizeof(d->name), "%s", name);
    free(name);
}

static void take_domain(struct domain_stats *d, const struct xen_domctl_getdomaininfo *info,
                        const struct reading *previous, const struct reading *r)
{
    const struct domain_stats *old = previous ? find_domain(previous, info->domain) : NULL;

    d->domid = info->domain;
    d->flags = info->flags;
    d->vcpus = info->nr_online_vcpus;
    d->ssid = info->ssidref;
    d->cpu_ns = info->cpu_time;
    d->mem_kib = info->tot_pages << 2;
    d->limited = info->max_pages < UINT32_MAX;
    d->maxmem_kib = info->max_pages << 2;
    if (old && r->taken_ns > previous->taken_ns && d->cpu_ns >= old->cpu_ns)
        d->cpu_percent = (double)(d->cpu_ns - old->cpu_ns) * 100 /
                         (double)(r->taken_ns - previous->taken_ns);
}

static int collect_host(struct hv *hv, struct reading *r)
{
    struct xen_sysctl_physinfo phys;
    struct hv_version_info version;
    int rc = hv_physinfo(hv, &phys);

    if (!rc)
        rc = hv_version_info(hv, &version);
    if (rc)
        return rc;
    r->total_kib = phys.total_pages << 2;
    r->free_kib = phys.free_pages << 2;
    r->cpus = phys.nr_cpus;
    r->mhz = phys.cpu_khz / 1000;
    r->major = version.major;
    r->minor = version.minor;
    snprintf(r->extra, sizeof(r->extra), "%s", version.extra);
    return 0;
}

int collect(struct hv *hv, struct xs *xs, const struct reading *previous, struct reading *r)
{
    struct xen_domctl_getdomaininfo *list = calloc(MAX_DOMAINS, sizeof(*list));
    int n = list ? collect_host(hv, r) : -ENOMEM;

    if (!n)
        n = hv_domain_list(hv, 0, list, MAX_DOMAINS);
    r->taken_ns = now_ns();
    r->domain = n > 0 ? calloc((size_t)n, sizeof(*r->domain)) : NULL;
    if (n > 0 && !r->domain)
        n = -ENOMEM;
    r->domains = n > 0 ? (unsigned int)n : 0;
    for (int i = 0; i < n; i++) {
        take_domain(&r->domain[i], &list[i], previous, r);
        take_name(xs, &r->domain[i]);
    }
    free(list);
    if (n < 0)
        return n;
    collect_devices(xs, r);
    return 0;
}

void reading_free(struct reading *r)
{
    free(r->domain);
    memset(r, 0, sizeof(*r));
}
