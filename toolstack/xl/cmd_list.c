/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that list domains: list, vm-list, uptime, claims. The columns are those of xl 4.17, byte
 * for byte, because scripts read them. JSON output is in list_json.c.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "list.h"
#include "xl.h"

#define PAGES_PER_MIB 256

struct list_options {
    bool verbose, context, cpupool, numa, claimed, details;
};

static char state_letter(const dominfo_t *d, uint32_t flag, char letter)
{
    return d->flags & flag ? letter : '-';
}

static unsigned int shutdown_reason(const dominfo_t *d)
{
    return d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

/* The six letters of the State column: r, b, p, s, c, d. */
static void print_state(const dominfo_t *d)
{
    bool shut = d->flags & XEN_DOMINF_shutdown;
    bool crashed = shut && shutdown_reason(d) == 3;

    printf("     %c%c%c%c%c%c", state_letter(d, XEN_DOMINF_running, 'r'),
           state_letter(d, XEN_DOMINF_blocked, 'b'), state_letter(d, XEN_DOMINF_paused, 'p'),
           shut ? 's' : '-', crashed ? 'c' : '-', state_letter(d, XEN_DOMINF_dying, 'd'));
}

static void print_pool(struct xl *xl, uint32_t pool)
{
    char *name = xs_string(xl->xs, "/local/pool/%u/name", pool);

    if (name)
        printf("%16s", name);
    else
        printf("%11s%-5u", "Pool-", pool);
    free(name);
}

static void print_domain(struct xl *xl, const dominfo_t *d, const struct list_options *o)
{
    char name[256], uuid[37];

    xl_domain_name(xl, d->domain, name, sizeof(name));
    printf("%-40s %5d %5llu %5d", name, d->domain,
           (unsigned long long)((d->tot_pages + d->outstanding_pages) / PAGES_PER_MIB),
           d->nr_online_vcpus);
    print_state(d);
    printf("%10.1f", (double)d->cpu_time / 1e9);
    if (o->verbose) {
        uuid_print(d->handle, uuid);
        printf(" %s", uuid);
        if (d->flags & XEN_DOMINF_shutdown)
            printf(" %8x", shutdown_reason(d));
        else
            printf(" %8s", "-");
    }
    if (o->claimed)
        printf(" %5lu", (unsigned long)(d->outstanding_pages / PAGES_PER_MIB));
    if (o->verbose || o->context)
        printf(" %16s", "-");
    if (o->cpupool)
        print_pool(xl, d->cpupool);
    if (o->numa)
        printf(" %s", "all");
    putchar('\n');
}

static void print_header(const struct list_options *o)
{
    printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
    if (o->verbose)
        printf("   UUID                            Reason-Code\tSecurity Label");
    if (o->context && !o->verbose)
        printf("   Security Label");
    if (o->claimed)
        printf("  Claimed");
    if (o->cpupool)
        printf("         Cpupool");
    if (o->numa)
        printf(" NODE Affinity");
    putchar('\n');
}

/* The domains that ARGV names, or all of them. */
static int chosen_domains(struct xl *xl, int argc, char **argv, dominfo_t **list)
{
    int rc = 0;

    if (xl_need_all(xl))
        return -1;
    if (argc == 0)
        return xl_domains(xl, list);
    *list = calloc((size_t)argc, sizeof(**list));
    for (int i = 0; *list && i < argc && !rc; i++) {
        uint32_t domid;

        rc = xl_find_domain(xl, argv[i], &domid) || hv_domain_info(&xl->hv, domid, &(*list)[i]);
    }
    if (rc) {
        free(*list);
        return -1;
    }
    return *list ? argc : -1;
}

static int print_list(struct xl *xl, int argc, char **argv, const struct list_options *o)
{
    dominfo_t *list;
    int n = chosen_domains(xl, argc, argv, &list), rc = 0;

    if (n < 0)
        return EXIT_FAILURE;
    if (o->details) {
        rc = list_json(xl, list, n);
    } else {
        print_header(o);
        for (int i = 0; i < n; i++)
            print_domain(xl, &list[i], o);
    }
    free(list);
    fflush(stdout);
    again_tell();
    return rc;
}

int cmd_list(struct xl *xl, int argc, char **argv)
{
    static const struct option longs[] = {
        { "long", no_argument, NULL, 'l' },    { "json", no_argument, NULL, 'l' },
        { "verbose", no_argument, NULL, 'v' }, { "context", no_argument, NULL, 'Z' },
        { "cpupool", no_argument, NULL, 'c' }, { "numa", no_argument, NULL, 'n' },
        { NULL, 0, NULL, 0 },
    };
    struct list_options o = { .verbose = false };
    int c;

    while ((c = getopt_long(argc, argv, "lvhZcn", longs, NULL)) != -1) {
        switch (c) {
        case 'l': o.details = true; break;
        case 'v': o.verbose = true; break;
        case 'Z': o.context = true; break;
        case 'c': o.cpupool = true; break;
        case 'n': o.numa = true; break;
        default: return xl_usage("list");
        }
    }
    return print_list(xl, argc - optind, argv + optind, &o);
}

int cmd_claims(struct xl *xl, int argc, char **argv)
{
    const struct list_options o = { .claimed = true };

    (void)argc;
    (void)argv;
    return print_list(xl, 0, NULL, &o);
}

int cmd_vm_list(struct xl *xl, int argc, char **argv)
{
    dominfo_t *list;
    int n = chosen_domains(xl, 0, NULL, &list);

    (void)argc;
    (void)argv;
    if (n < 0)
        return EXIT_FAILURE;
    printf("UUID                                  ID    name\n");
    for (int i = 0; i < n; i++) {
        char name[256], uuid[37];

        xl_domain_name(xl, list[i].domain, name, sizeof(name));
        uuid_print(list[i].handle, uuid);
        printf("%s  %d    %-30s\n", uuid, list[i].domain, name);
    }
    free(list);
    return EXIT_SUCCESS;
}

/* Seconds since the domain was started; for Domain 0 since it booted. */
static long uptime_of(struct xl *xl, const dominfo_t *d)
{
    struct timespec t;
    char uuid[37], *text;
    double start;

    if (d->domain == 0) {
        clock_gettime(CLOCK_BOOTTIME, &t);
        return (long)t.tv_sec;
    }
    uuid_print(d->handle, uuid);
    text = xs_string(xl->xs, "/vm/%s/start_time", uuid);
    start = text ? strtod(text, NULL) : 0;
    free(text);
    return start > 0 ? (long)(time(NULL) - (time_t)start) : 0;
}

static void print_uptime(struct xl *xl, const dominfo_t *d, bool brief)
{
    long up = uptime_of(xl, d), days = up / 86400;
    char name[256], text[64], clock[16];
    time_t now = time(NULL);
    struct tm tm;

    xl_domain_name(xl, d->domain, name, sizeof(name));
    if (days)
        snprintf(text, sizeof(text), "%ld day%s, %2ld:%02ld:%02ld", days, days > 1 ? "s" : "",
                 up / 3600 % 24, up / 60 % 60, up % 60);
    else
        snprintf(text, sizeof(text), "%2ld:%02ld:%02ld", up / 3600, up / 60 % 60, up % 60);
    if (!brief) {
        printf("%-33s %4d %s\n", name, d->domain, text);
        return;
    }
    localtime_r(&now, &tm);
    strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    printf(" %s up %s, %s (%d)\n", clock, text, name, d->domain);
}

int cmd_uptime(struct xl *xl, int argc, char **argv)
{
    bool brief = false;
    dominfo_t *list;
    int c, n;

    while ((c = xl_getopt(argc, argv, "sh")) != -1) {
        if (c != 's')
            return xl_usage("uptime");
        brief = true;
    }
    n = chosen_domains(xl, argc - optind, argv + optind, &list);
    if (n < 0)
        return EXIT_FAILURE;
    if (!brief)
        printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
    for (int i = 0; i < n; i++)
        print_uptime(xl, &list[i], brief);
    free(list);
    return EXIT_SUCCESS;
}
