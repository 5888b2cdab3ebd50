/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl about CPUID: feature sets and policies of the machine and of kinds of guests. Called by sysctl.c. */
#include "control/cpu_policy.h"
#include "control/sysctl_ops.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpuid_policy.h"
#include "mm/guest_access.h"

/* @return false: no such set */
static bool featureset(u32 index, u32 words[FEATURE_WORDS])
{
    memset(words, 0, FEATURE_WORDS * sizeof(u32));
    switch (index) {
    case XEN_SYSCTL_cpu_featureset_raw:
    case XEN_SYSCTL_cpu_featureset_host:
        memcpy(words, boot_cpu.words, sizeof(boot_cpu.words));
        return true;
    case XEN_SYSCTL_cpu_featureset_pv:
    case XEN_SYSCTL_cpu_featureset_pv_max:
        cpuid_policy_pv_features(&boot_cpu, false, NULL, words);
        return true;
    case XEN_SYSCTL_cpu_featureset_hvm: /* no HVM guests: nothing */
    case XEN_SYSCTL_cpu_featureset_hvm_max:
        return true;
    }
    return false;
}

long sysctl_featureset(struct xen_sysctl_cpu_featureset *f)
{
    u32 words[FEATURE_WORDS], n = MIN(f->nr_features, (u32)FEATURE_WORDS);

    if (handle_is_null(f->features)) {
        f->nr_features = FEATURE_WORDS;
        return 0;
    }
    if (!featureset(f->index, words))
        return -EINVAL;
    if (guest_write((vaddr_t)f->features.p, words, n * sizeof(u32)))
        return -EFAULT;
    f->nr_features = n;
    return n < FEATURE_WORDS ? -ENOBUFS : 0;
}

long sysctl_cpu_policy(struct xen_sysctl_cpu_policy *p)
{
    bool control = p->index == XEN_SYSCTL_cpu_policy_raw || p->index == XEN_SYSCTL_cpu_policy_host;
    int rc;

    if (p->_rsvd || p->index > XEN_SYSCTL_cpu_policy_hvm_default)
        return -EINVAL;
    if (p->index == XEN_SYSCTL_cpu_policy_hvm_max || p->index == XEN_SYSCTL_cpu_policy_hvm_default)
        return -EOPNOTSUPP;
    rc = cpu_policy_leaves(control, NULL, (vaddr_t)p->leaves.p, &p->nr_leaves);
    return rc ? rc : cpu_policy_msrs((vaddr_t)p->msrs.p, &p->nr_msrs);
}
