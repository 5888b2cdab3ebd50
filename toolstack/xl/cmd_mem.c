/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of running domains: mem-set (the target of the guest's balloon driver) and mem-max (the
 * hypervisor's limit). Targets are in memory/target, in KiB (xenstore-paths.7).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"

#define SLACK_KIB 1024u

static int memory_argument(const char *text, uint64_t *kib)
{
    if (xl_parse_memory(text, 1024, kib) || !*kib)
        return xl_error("invalid memory size: %s: use a number of MiB, or add k, m, g or t", text);
    return 0;
}

/* Raises the limit before asking the guest to grow; lowers it with the target otherwise. */
static int set_target(struct xl *xl, uint32_t domid, uint64_t kib)
{
    char value[24];
    int rc = domid ? hv_domain_set_maxmem(&xl->hv, domid, kib + SLACK_KIB) : 0;

    if (rc)
        return rc;
    snprintf(value, sizeof(value), "%llu", (unsigned long long)kib);
    return store_set_guest(xl, domid, "memory/target", value);
}

int cmd_mem_set(struct xl *xl, int argc, char **argv)
{
    uint64_t kib, missing;
    int64_t free_pages;
    long long max;
    uint32_t domid;
    dominfo_t dom;
    int rc = xl_need_args("mem-set", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid) || memory_argument(argv[2], &kib) ||
        hv_domain_info(&xl->hv, domid, &dom))
        return EXIT_FAILURE;
    max = xs_number(xl->xs, 0, "/local/domain/%u/memory/static-max", domid);
    if (max > 0 && kib > (uint64_t)max)
        return xl_error("domain %s has maxmem=%lld: %llu MiB is more", argv[1], max >> 10,
                        (unsigned long long)kib >> 10);
    missing = kib >> 2 > dom.tot_pages ? (kib >> 2) - dom.tot_pages : 0;
    free_pages = hv_free_pages(&xl->hv);
    if (free_pages >= 0 && missing > (uint64_t)free_pages)
        return xl_error("domain %s needs %llu MiB more, %lld MiB free: destroy or shrink a guest",
                        argv[1], (unsigned long long)missing >> 8, (long long)free_pages >> 8);
    rc = xl->dry_run ? 0 : set_target(xl, domid, kib);
    return rc ? xl_error("cannot set the memory of domain %s: %s", argv[1], strerror(-rc)) : 0;
}

int cmd_mem_max(struct xl *xl, int argc, char **argv)
{
    long long target;
    uint32_t domid;
    uint64_t kib;
    int rc = xl_need_args("mem-max", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid) || memory_argument(argv[2], &kib))
        return EXIT_FAILURE;
    target = xs_number(xl->xs, 0, "/local/domain/%u/memory/target", domid);
    if (target > 0 && kib < (uint64_t)target)
        return xl_error("domain %s has a target of %lld MiB, %llu MiB is less: lower it first with "
                        "`xl mem-set`", argv[1], target >> 10, (unsigned long long)kib >> 10);
    rc = xl->dry_run ? 0 : hv_domain_set_maxmem(&xl->hv, domid, kib + SLACK_KIB);
    return rc ? xl_error("cannot set the limit of domain %s: %s", argv[1], strerror(-rc)) : 0;
}
