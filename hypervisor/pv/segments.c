/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segment registers and bases of a PV vCPU: at a context switch, and as the guest sets them. The registers are
 * loaded from its tables, so these are in the window (pv/windows.c) before. Locks: none.
 */
#include "pv/segments.h"

#include "errno.h"
#include "machine/x86.h"
#include "pv/segment_regs.h"

void pv_segments_save(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;
    u16 sel[4];
    u64 gs = rdmsr(MSR_GS_BASE), shadow = rdmsr(MSR_KERNEL_GS_BASE);

    pv_read_segments(sel);
    p->ds = sel[0];
    p->es = sel[1];
    p->fs = sel[2];
    p->gs = sel[3];
    p->fs_base = rdmsr(MSR_FS_BASE);
    p->gs_base_kernel = p->kernel_mode ? gs : shadow;
    p->gs_base_user = p->kernel_mode ? shadow : gs;
}

void pv_segments_load(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    pv_load_ds(p->ds);
    pv_load_es(p->es);
    pv_load_fs(p->fs);
    pv_load_gs(p->gs);
    wrmsr(MSR_FS_BASE, p->fs_base);
    wrmsr(MSR_GS_BASE, p->kernel_mode ? p->gs_base_kernel : p->gs_base_user);
    wrmsr(MSR_KERNEL_GS_BASE, p->kernel_mode ? p->gs_base_user : p->gs_base_kernel);
}

static bool canonical(u64 addr)
{
    return (u64)((s64)(addr << 16) >> 16) == addr;
}

long do_set_segment_base(u32 which, u64 base)
{
    struct pv_vcpu *p = current->pv;

    if (which != SEGBASE_GS_USER_SEL && !canonical(base))
        return -EINVAL;
    switch (which) {
    case SEGBASE_FS:
        p->fs_base = base;
        wrmsr(MSR_FS_BASE, base);
        return 0;
    case SEGBASE_GS_USER:
        p->gs_base_user = base;
        wrmsr(MSR_KERNEL_GS_BASE, base); /* we run for the guest kernel */
        return 0;
    case SEGBASE_GS_KERNEL:
        p->gs_base_kernel = base;
        wrmsr(MSR_GS_BASE, base);
        return 0;
    case SEGBASE_GS_USER_SEL:
        pv_swapgs(); /* the user's GS is the other one now; loading the selector loads its base */
        if (pv_load_gs(base & 0xffff))
            pv_load_gs(0);
        pv_swapgs();
        return 0;
    default:
        return -EINVAL;
    }
}
