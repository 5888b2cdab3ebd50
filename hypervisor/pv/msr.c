/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RDMSR and WRMSR of a PV kernel: the segment bases are PV state, everything
 * else is the machine's policy (machine/msr_policy.c). Locks: none.
 */
#include "domain/guest_tsc.h"
#include "errno.h"
#include "machine/msr_policy.h"
#include "machine/x86.h"
#include "pv/callbacks.h"
#include "pv/segments.h"

int pv_rdmsr(struct vcpu *v, u32 msr, u64 *value)
{
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        *value = rdmsr(msr); /* the guest's own are loaded while it runs */
        return 0;
    case MSR_TSC:
        *value = guest_tsc(v->domain);
        return 0;
    default:
        return guest_rdmsr(&v->pv->msrs, msr, value);
    }
}

int pv_wrmsr(struct vcpu *v, u32 msr, u64 value)
{
    switch (msr) {
    case MSR_FS_BASE:
        return do_set_segment_base(SEGBASE_FS, value) ? -EPERM : 0;
    case MSR_GS_BASE:
        return do_set_segment_base(SEGBASE_GS_KERNEL, value) ? -EPERM : 0;
    case MSR_KERNEL_GS_BASE:
        return do_set_segment_base(SEGBASE_GS_USER, value) ? -EPERM : 0;
    default:
        if (guest_wrmsr(&v->pv->msrs, msr, value))
            return -EPERM;
        if (v->pv->debugreg[7] & DR7_ENABLE_MASK)
            guest_dr_masks_load(&v->pv->msrs);
        return 0;
    }
}
