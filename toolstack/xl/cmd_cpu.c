/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual CPUs: vcpu-list, vcpu-pin, vcpu-set. Output as xl 4.17.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"

static void print_affinity(const uint8_t *map, unsigned int cpus)
{
    char text[1024];

    cpulist_print(map, GUEST_CPUMAP_BYTES, cpus, text, sizeof(text));
    printf("%s", text);
}

static void print_vcpu(struct xl *xl, const char *name, uint32_t domid, uint32_t vcpu,
                       const struct xen_domctl_getvcpuinfo *info, unsigned int cpus)
{
    uint8_t hard[GUEST_CPUMAP_BYTES] = { 0 }, soft[GUEST_CPUMAP_BYTES] = { 0 };

    printf("%-32s %5u %5u", name, domid, vcpu);
    if (!info->online)
        printf("%5c %3c%cp ", '-', '-', '-');
    else
        printf("%5u %3c%c- ", info->cpu, info->running ? 'r' : '-', info->blocked ? 'b' : '-');
    printf("%9.1f  ", (double)info->cpu_time / 1e9);
    if (hv_vcpu_get_affinity(&xl->hv, domid, vcpu, hard, soft, sizeof(hard))) {
        printf("?\n");
        return;
    }
    print_affinity(hard, cpus);
    printf(" / ");
    print_affinity(soft, cpus);
    putchar('\n');
}

static int list_vcpus(struct xl *xl, uint32_t domid)
{
    struct xen_sysctl_physinfo phys;
    char name[256];
    dominfo_t dom;

    if (hv_domain_info(&xl->hv, domid, &dom) || hv_physinfo(&xl->hv, &phys))
        return EXIT_FAILURE;
    xl_domain_name(xl, domid, name, sizeof(name));
    for (uint32_t v = 0; v <= dom.max_vcpu_id && dom.max_vcpu_id != XEN_INVALID_MAX_VCPU_ID; v++) {
        struct xen_domctl_getvcpuinfo info;

        if (!hv_vcpu_info(&xl->hv, domid, v, &info))
            print_vcpu(xl, name, domid, v, &info, phys.max_cpu_id + 1);
    }
    return EXIT_SUCCESS;
}

int cmd_vcpu_list(struct xl *xl, int argc, char **argv)
{
    dominfo_t *list;
    uint32_t domid;
    int n, rc = 0;

    if (xl_need_all(xl))
        return EXIT_FAILURE;
    printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
           "Affinity (Hard / Soft)");
    if (argc > 1) {
        for (int i = 1; i < argc && !rc; i++)
            rc = xl_find_domain(xl, argv[i], &domid) || list_vcpus(xl, domid);
        return rc;
    }
    n = xl_domains(xl, &list);
    for (int i = 0; i < n; i++)
        list_vcpus(xl, list[i].domain);
    if (n >= 0)
        free(list);
    return n < 0;
}

/* "all", "-" or a list; returns the map to use, or NULL for "-". */
static int affinity_argument(struct xl *xl, const char *text, uint8_t *map, bool *given)
{
    struct cpu_topology topo;
    uint32_t *nodes = NULL;
    char why[160];
    int rc = 0;

    *given = strcmp(text, "-") != 0;
    if (!*given)
        return 0;
    if (!strcmp(text, "all")) {
        memset(map, 0xff, GUEST_CPUMAP_BYTES);
        return 0;
    }
    if (xl_topology(xl, &topo, &nodes))
        rc = xl_error("the hypervisor does not tell its CPUs");
    else if (cpulist_parse(text, &topo, map, GUEST_CPUMAP_BYTES, why, sizeof(why)))
        rc = xl_error("%s", why);
    free(nodes);
    return rc;
}

int cmd_vcpu_pin(struct xl *xl, int argc, char **argv)
{
    static const struct option longs[] = {
        { "force", no_argument, NULL, 'f' }, { NULL, 0, NULL, 0 },
    };
    uint8_t hard[GUEST_CPUMAP_BYTES], soft[GUEST_CPUMAP_BYTES];
    bool has_hard = false, has_soft = false, force = false;
    unsigned long first = 0, last;
    uint32_t domid;
    dominfo_t dom;
    int c, rc;

    while ((c = getopt_long(argc, argv, "fh", longs, NULL)) != -1) {
        if (c != 'f')
            return xl_usage("vcpu-pin");
        force = true;
    }
    rc = xl_need_args("vcpu-pin", argc, optind, 3);
    if (rc)
        return rc;
    argv += optind;
    argc -= optind;
    if (xl_find_domain(xl, argv[0], &domid) || hv_domain_info(&xl->hv, domid, &dom))
        return EXIT_FAILURE;
    last = dom.max_vcpu_id;
    if (strcmp(argv[1], "all")) {
        if (xl_parse_uint(argv[1], last, &first))
            return xl_error("Invalid argument: '%s' is no virtual CPU of domain %s", argv[1],
                            argv[0]);
        last = first;
    }
    if (affinity_argument(xl, argv[2], hard, &has_hard) ||
        (argc > 3 && affinity_argument(xl, argv[3], soft, &has_soft)))
        return EXIT_FAILURE;
    for (; first <= last && !xl->dry_run; first++) {
        rc = hv_vcpu_set_affinity(&xl->hv, domid, (uint32_t)first, has_hard ? hard : NULL,
                                  has_soft ? soft : NULL, sizeof(hard), force);
        if (rc)
            return xl_error("cannot pin virtual CPU %lu of domain %s: %s", first, argv[0],
                            strerror(-rc));
    }
    return EXIT_SUCCESS;
}

static int set_availability(struct xl *xl, uint32_t domid, unsigned int vcpus, unsigned int max)
{
    for (unsigned int v = 0; v < max; v++) {
        char key[40];
        int rc;

        snprintf(key, sizeof(key), "cpu/%u/availability", v);
        rc = store_set_guest(xl, domid, key, v < vcpus ? "online" : "offline");
        if (rc)
            return rc;
    }
    return 0;
}

int cmd_vcpu_set(struct xl *xl, int argc, char **argv)
{
    static const struct option longs[] = {
        { "ignore-host", no_argument, NULL, 'i' }, { NULL, 0, NULL, 0 },
    };
    unsigned long vcpus;
    bool ignore = false;
    uint32_t domid;
    dominfo_t dom;
    int c, rc;

    while ((c = getopt_long(argc, argv, "ih", longs, NULL)) != -1) {
        if (c != 'i')
            return xl_usage("vcpu-set");
        ignore = true;
    }
    rc = xl_need_args("vcpu-set", argc, optind, 2);
    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[optind], &domid) || hv_domain_info(&xl->hv, domid, &dom))
        return EXIT_FAILURE;
    if (xl_parse_uint(argv[optind + 1], GUEST_MAX_VCPUS, &vcpus))
        return xl_error("Error: Invalid argument %s.", argv[optind + 1]);
    if (vcpus < 1)
        return EXIT_SUCCESS;
    if (vcpus > dom.max_vcpu_id + 1 && !ignore)
        return xl_error("domain %s was started with maxvcpus=%u: %lu is too many", argv[optind],
                        dom.max_vcpu_id + 1, vcpus);
    rc = xl->dry_run ? 0
                     : set_availability(xl, domid, (unsigned int)vcpus, dom.max_vcpu_id + 1);
    return rc ? xl_error("cannot tell domain %s: %s", argv[optind], strerror(-rc)) : 0;
}
