/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl about domains, CPU pools and the scheduler. Called by sysctl.c. There is one pool so far. */
#include "control/ctl_bitmap.h"
#include "control/domain_info.h"
#include "control/sysctl_ops.h"
#include "errno.h"
#include "mm/guest_access.h"
#include "sched/cpupool.h"

#define NSEC_PER_USEC 1000

long sysctl_getdomaininfolist(struct xen_sysctl_getdomaininfolist *l)
{
    struct xen_domctl_getdomaininfo info;
    struct domain *d, *next;
    u32 n = 0;
    long rc = 0;

    for (d = domain_next(l->first_domain); d && n < l->max_domains; d = next) {
        domid_t id = d->id;

        domain_info_fill(d, &info);
        if (copy_to_guest_at(l->buffer, n, &info))
            rc = -EFAULT;
        domain_put(d);
        if (rc)
            return rc;
        n++;
        next = domain_next((domid_t)(id + 1));
    }
    if (d)
        domain_put(d);
    l->num_domains = n;
    return 0;
}

static u32 domain_count(void)
{
    struct domain *d;
    u32 n = 0;

    for (domid_t id = 0; (d = domain_next(id)) != NULL; n++) {
        id = (domid_t)(d->id + 1);
        domain_put(d);
    }
    return n;
}

static long pool_info(struct xen_sysctl_cpupool_op *op)
{
    struct cpupool_info info;

    if (cpupool_get(op->cpupool_id, false, &info))
        return -ENOENT;
    op->cpupool_id = info.id;
    op->sched_id = info.sched_id;
    op->n_dom = domain_count();
    return ctl_bitmap_put(&op->cpumap, info.cpus->bits, MAX_CPUS);
}

long sysctl_cpupool(struct xen_sysctl_cpupool_op *op)
{
    struct cpumask none = { 0 };
    struct cpupool_info info;
    struct domain *d;

    switch (op->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return pool_info(op);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return ctl_bitmap_put(&op->cpumap, none.bits, MAX_CPUS);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        d = domain_find((domid_t)op->domid);
        if (!d)
            return -ESRCH;
        domain_put(d);
        return cpupool_get(op->cpupool_id, true, &info); /* it is in the only one already */
    }
    return -ENOSYS; /* one pool holds all CPUs */
}

long sysctl_scheduler(struct xen_sysctl_scheduler_op *op)
{
    struct cpupool_info info;
    u32 us;

    if (op->cmd != XEN_SYSCTL_SCHEDOP_putinfo && op->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
        return -EINVAL;
    if (cpupool_get(op->cpupool_id, true, &info))
        return -ESRCH;
    if (op->sched_id != info.sched_id || op->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    switch (op->cmd) {
    case XEN_SYSCTL_SCHEDOP_putinfo:
        us = op->u.sched_credit2.ratelimit_us;
        if (us && (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN || us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
            return -EINVAL;
        sched_ratelimit = (nsec_t)us * NSEC_PER_USEC;
        return 0;
    case XEN_SYSCTL_SCHEDOP_getinfo:
        op->u.sched_credit2.ratelimit_us = (u32)(sched_ratelimit / NSEC_PER_USEC);
        return 0;
    }
    return -EINVAL;
}
