/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: the CPUID policy of a guest, and how it sees the TSC. A guest's policy
 * is the common one of PV guests, less the features that a toolstack takes away:
 * it may set what does not go beyond it. Called by domctl.c with its lock held.
 */
#include "control/cpu_policy.h"
#include "control/domctl_ops.h"
#include "domain/guest_tsc.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/time.h"
#include "mm/guest_access.h"

#define LEAVES_MAX 512

long domctl_get_policy(struct domain *d, struct xen_domctl_cpu_policy *p)
{
    int rc = cpu_policy_leaves(d->privileged, d->cpuid_limit, (vaddr_t)p->leaves.p, &p->nr_leaves);

    return rc ? rc : cpu_policy_msrs((vaddr_t)p->msrs.p, &p->nr_msrs);
}

/* As Xen 4.17: a leaf that is not given stays as it is, one that is given again replaces the earlier one. */
long domctl_set_policy(struct domain *d, struct xen_domctl_cpu_policy *p)
{
    u32 limit[FEATURE_WORDS];
    xen_cpuid_leaf_t leaf;

    if (d->vcpus[0] && d->vcpus[0]->initialised)
        return -EEXIST; /* too late: it may have looked */
    if (p->nr_leaves > LEAVES_MAX)
        return -E2BIG;
    memcpy(limit, d->cpuid_limit, sizeof(limit));
    for (u32 i = 0; i < p->nr_leaves; i++) {
        if (copy_from_guest_at(&leaf, p->leaves, i))
            return -EFAULT;
        if (!cpu_policy_leaf_ok(&leaf)) {
            p->err_leaf = leaf.leaf;
            p->err_subleaf = leaf.subleaf;
            p->err_msr = ~0u;
            return -EINVAL;
        }
        cpu_policy_limit(&leaf, limit);
    }
    memcpy(d->cpuid_limit, limit, sizeof(limit));
    return 0;
}

/* A counter that is the machine's own has no state that a restore would need. */
long domctl_get_tsc(struct domain *d, struct xen_domctl_tsc_info *t)
{
    nsec_t elapsed = d->tsc.emulated ? system_time() - d->tsc.start : tsc_to_system(rdtsc());
    bool never = d->tsc.mode == TSC_MODE_NEVER_EMULATE;

    t->tsc_mode = d->tsc.mode;
    t->gtsc_khz = never ? 0 : d->tsc.emulated ? d->tsc.khz : (u32)tsc_khz();
    t->incarnation = d->tsc.incarnation;
    t->pad = 0;
    t->elapsed_nsec = never ? 0 : elapsed;
    return 0;
}

long domctl_set_tsc(struct domain *d, const struct xen_domctl_tsc_info *t)
{
    long rc;

    domain_pause(d);
    rc = domain_set_tsc(d, t->tsc_mode, t->gtsc_khz, t->elapsed_nsec, t->incarnation);
    domain_unpause(d);
    return rc;
}
