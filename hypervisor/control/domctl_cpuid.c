/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: the CPUID policy of a guest, and how it sees the TSC. A guest's policy
 * is the common one of PV guests: a toolstack may set what does not go beyond it.
 * The TSC is the machine's own. Called by domctl.c with its lock held.
 */
#include "control/cpu_policy.h"
#include "control/domctl_ops.h"
#include "errno.h"
#include "machine/time.h"
#include "mm/guest_access.h"

#define LEAVES_MAX 512
#define TSC_DEFAULT 0 /* native where the TSC is good; docs/man/xen-tscmode.7 */
#define TSC_NEVER_EMULATE 2

long domctl_get_policy(struct domain *d, struct xen_domctl_cpu_policy *p)
{
    int rc = cpu_policy_leaves(d->privileged, (vaddr_t)p->leaves.p, &p->nr_leaves);

    return rc ? rc : cpu_policy_msrs((vaddr_t)p->msrs.p, &p->nr_msrs);
}

long domctl_set_policy(struct domain *d, struct xen_domctl_cpu_policy *p)
{
    xen_cpuid_leaf_t leaf;

    if (d->vcpus[0] && d->vcpus[0]->initialised)
        return -EEXIST; /* too late: it may have looked */
    if (p->nr_leaves > LEAVES_MAX)
        return -E2BIG;
    for (u32 i = 0; i < p->nr_leaves; i++) {
        if (copy_from_guest_at(&leaf, p->leaves, i))
            return -EFAULT;
        if (!cpu_policy_leaf_ok(&leaf)) {
            p->err_leaf = leaf.leaf;
            p->err_subleaf = leaf.subleaf;
            return -EINVAL;
        }
    }
    return 0;
}

long domctl_get_tsc(struct domain *d, struct xen_domctl_tsc_info *t)
{
    t->tsc_mode = TSC_NEVER_EMULATE;
    t->gtsc_khz = (u32)tsc_khz();
    t->incarnation = 0;
    t->pad = 0;
    t->elapsed_nsec = system_time();
    return 0;
}

long domctl_set_tsc(struct domain *d, const struct xen_domctl_tsc_info *t)
{
    return t->tsc_mode == TSC_DEFAULT || t->tsc_mode == TSC_NEVER_EMULATE ? 0 : -EOPNOTSUPP;
}
