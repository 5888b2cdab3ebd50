/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scheduler parameters: sched-credit, sched-credit2, sched-rtds. Credit and credit2 share
 * everything but the parameters of the pool. Output as xl 4.17.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"

struct sched_options {
    const char *domain, *pool;
    int weight, cap, tslice, ratelimit, delay;   /* -1: not given */
    bool schedparam;
};

static int number_option(const char *text, unsigned long max, int *out)
{
    unsigned long v;

    if (xl_parse_uint(text, max, &v))
        return xl_error("'%s' is not a number up to %lu", text, max);
    *out = (int)v;
    return 0;
}

static int parse_options(struct sched_options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "domain", required_argument, NULL, 'd' },
        { "weight", required_argument, NULL, 'w' },
        { "cap", required_argument, NULL, 'c' },
        { "schedparam", no_argument, NULL, 's' },
        { "tslice_ms", required_argument, NULL, 't' },
        { "ratelimit_us", required_argument, NULL, 'r' },
        { "migration_delay_us", required_argument, NULL, 'm' },
        { "cpupool", required_argument, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    int c, rc = 0;

    *o = (struct sched_options){ .weight = -1, .cap = -1, .tslice = -1, .ratelimit = -1,
                                 .delay = -1 };
    while (!rc && (c = getopt_long(argc, argv, "d:w:c:p:t:r:m:sh", longs, NULL)) != -1) {
        switch (c) {
        case 'd': o->domain = optarg; break;
        case 'p': o->pool = optarg; break;
        case 's': o->schedparam = true; break;
        case 'w': rc = number_option(optarg, 65535, &o->weight); break;
        case 'c': rc = number_option(optarg, 65535, &o->cap); break;
        case 't': rc = number_option(optarg, 1000, &o->tslice); break;
        case 'r': rc = number_option(optarg, 500000, &o->ratelimit); break;
        case 'm': rc = number_option(optarg, 100000, &o->delay); break;
        default: return xl_usage(argv[0]);
        }
    }
    return rc;
}

static int set_domain(struct xl *xl, uint32_t sched, const struct sched_options *o)
{
    struct xen_domctl_sched_credit2 p;
    char name[256];
    uint32_t domid;
    int rc;

    if (xl_find_domain(xl, o->domain, &domid))
        return EXIT_FAILURE;
    rc = hv_sched_get(&xl->hv, domid, sched, &p);
    if (rc)
        return xl_error("domain %s is not run by %s", o->domain, hv_sched_name(sched));
    if (o->weight < 0 && o->cap < 0) {
        xl_domain_name(xl, domid, name, sizeof(name));
        printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
        printf("%-33s %4d %6d %4d\n", name, domid, p.weight, p.cap);
        return EXIT_SUCCESS;
    }
    if (o->weight == 0)
        return xl_error("a weight is from 1 to 65535");
    if (o->weight > 0)
        p.weight = (uint16_t)o->weight;
    if (o->cap >= 0)
        p.cap = (uint16_t)o->cap;
    rc = xl->dry_run ? 0 : hv_sched_put(&xl->hv, domid, sched, &p);
    return rc ? xl_error("cannot set the parameters of domain %s: %s", o->domain, strerror(-rc))
              : 0;
}

static int pool_op(struct xl *xl, uint32_t sched, uint32_t pool, struct xen_sysctl_scheduler_op *op,
                   uint32_t cmd)
{
    op->cpupool_id = pool;
    op->sched_id = sched;
    op->cmd = cmd;
    return hv_sched_pool_op(&xl->hv, op);
}

static int set_pool(struct xl *xl, uint32_t sched, uint32_t pool, const struct sched_options *o)
{
    struct xen_sysctl_scheduler_op op = { 0 };
    int rc = pool_op(xl, sched, pool, &op, XEN_SYSCTL_SCHEDOP_getinfo);

    if (!rc && sched == XEN_SCHEDULER_CREDIT) {
        if (o->tslice >= 0)
            op.u.sched_credit.tslice_ms = (uint32_t)o->tslice;
        if (o->ratelimit >= 0)
            op.u.sched_credit.ratelimit_us = (uint32_t)o->ratelimit;
        if (o->delay >= 0)
            op.u.sched_credit.vcpu_migr_delay_us = (uint32_t)o->delay;
    } else if (!rc && o->ratelimit >= 0) {
        op.u.sched_credit2.ratelimit_us = (uint32_t)o->ratelimit;
    }
    if (!rc && !xl->dry_run)
        rc = pool_op(xl, sched, pool, &op, XEN_SYSCTL_SCHEDOP_putinfo);
    return rc ? xl_error("cannot set the parameters of pool %u: %s", pool, strerror(-rc)) : 0;
}

static void print_pool(struct xl *xl, uint32_t sched, uint32_t pool, const char *name)
{
    struct xen_sysctl_scheduler_op op = { 0 };

    if (pool_op(xl, sched, pool, &op, XEN_SYSCTL_SCHEDOP_getinfo))
        printf("Cpupool %s: [sched params unavailable]\n", name);
    else if (sched == XEN_SCHEDULER_CREDIT)
        printf("Cpupool %s: tslice=%dms ratelimit=%dus migration-delay=%dus\n", name,
               op.u.sched_credit.tslice_ms, op.u.sched_credit.ratelimit_us,
               op.u.sched_credit.vcpu_migr_delay_us);
    else
        printf("Cpupool %s: ratelimit=%dus\n", name, op.u.sched_credit2.ratelimit_us);
}

static void print_domains(struct xl *xl, uint32_t sched, uint32_t pool)
{
    dominfo_t *list;
    int n = xl_domains(xl, &list);

    printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
    for (int i = 0; i < n; i++) {
        struct xen_domctl_sched_credit2 p;
        char name[256];

        if (list[i].cpupool != pool || hv_sched_get(&xl->hv, list[i].domain, sched, &p))
            continue;
        xl_domain_name(xl, list[i].domain, name, sizeof(name));
        printf("%-33s %4d %6d %4d\n", name, list[i].domain, p.weight, p.cap);
    }
    if (n >= 0)
        free(list);
}

/* Every pool that SCHED runs, or the one that is wanted. */
static int each_pool(struct xl *xl, uint32_t sched, const struct sched_options *o)
{
    struct xen_sysctl_cpupool_op op = { .op = XEN_SYSCTL_CPUPOOL_OP_INFO };
    uint8_t map[GUEST_CPUMAP_BYTES];
    bool change = o->tslice >= 0 || o->ratelimit >= 0 || o->delay >= 0, found = false;
    int rc = 0;

    for (; !hv_cpupool_op(&xl->hv, &op, map, sizeof(map)); op.cpupool_id++) {
        char *text = xs_string(xl->xs, "/local/pool/%u/name", op.cpupool_id), name[64];

        snprintf(name, sizeof(name), "%s", text ? text : "Pool-0");
        free(text);
        if (op.sched_id != sched || (o->pool && strcmp(o->pool, name)))
            continue;
        if (o->schedparam && !o->pool && op.cpupool_id)
            continue;
        found = true;
        if (change && o->schedparam) {
            rc |= set_pool(xl, sched, op.cpupool_id, o);
            continue;
        }
        print_pool(xl, sched, op.cpupool_id, name);
        if (!o->schedparam)
            print_domains(xl, sched, op.cpupool_id);
    }
    if (!found && o->pool)
        return xl_error("there is no pool '%s' with scheduler %s", o->pool, hv_sched_name(sched));
    return rc;
}

static int sched_command(struct xl *xl, int argc, char **argv, uint32_t sched)
{
    struct sched_options o;
    int rc = parse_options(&o, argc, argv);

    if (rc)
        return rc;
    if (o.domain && (o.pool || o.schedparam))
        return xl_error("specifying a cpupool or schedparam is not allowed with domain options");
    if (!o.domain && (o.weight >= 0 || o.cap >= 0))
        return xl_error("must specify a domain");
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    return o.domain ? set_domain(xl, sched, &o) : each_pool(xl, sched, &o);
}

int cmd_sched_credit(struct xl *xl, int argc, char **argv)
{
    return sched_command(xl, argc, argv, XEN_SCHEDULER_CREDIT);
}

int cmd_sched_credit2(struct xl *xl, int argc, char **argv)
{
    return sched_command(xl, argc, argv, XEN_SCHEDULER_CREDIT2);
}

int cmd_sched_rtds(struct xl *xl, int argc, char **argv)
{
    uint32_t sched;

    (void)argc;
    (void)argv;
    if (xl_need_hv(xl) || hv_sched_id(&xl->hv, &sched))
        return EXIT_FAILURE;
    if (sched != XEN_SCHEDULER_RTDS)
        return xl_error("the scheduler is %s, not rtds", hv_sched_name(sched));
    return xl_error("setting rtds parameters is not implemented in this version");
}
