/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segment registers and bases of a PV vCPU at a context switch, and the window
 * through which its GDT and LDT are seen: each physical CPU has fixed linear
 * addresses for them (machine/layout.h), whose entries are rewritten when the
 * vCPU changes. They are not global, so the CR3 load that follows flushes them.
 */
#include "pv/segments.h"

#include "errno.h"
#include "machine/percpu.h"
#include "machine/tables.h"
#include "machine/x86.h"
#include "mm/paging.h"
#include "pv/segment_regs.h"

/* Pages of this CPU's window that are in use for guests: below these numbers. */
static DEFINE_PERCPU(unsigned, gdt_window_used);
static DEFINE_PERCPU(bool, ldt_window_used);

static void load_gdt_window(const struct pv_vcpu *p)
{
    unsigned frames = DIV_ROUND_UP(p->gdt_entries, 512);
    unsigned old = this_cpu(gdt_window_used);

    for (unsigned i = 0; i < MAX(frames, old); i++)
        cpu_window_set(cpu_id(), i, i < frames ? p->gdt_frames[i] : INVALID_MFN, MAP_RW);
    this_cpu(gdt_window_used) = frames;
}

static void load_ldt_window(const struct pv_vcpu *p)
{
    bool used = false;

    if (p->ldt_entries == 0 && !this_cpu(ldt_window_used))
        return;
    for (unsigned i = 0; i < LDT_FRAMES; i++) {
        bool mapped = p->ldt_entries && !mfn_eq(p->ldt_frames[i], INVALID_MFN);

        cpu_window_set(cpu_id(), GDT_WINDOW_PAGES + i, mapped ? p->ldt_frames[i] : INVALID_MFN, MAP_RW);
        used |= mapped;
    }
    this_cpu(ldt_window_used) = used || p->ldt_entries;
    cpu_load_ldt(p->ldt_entries);
}

void pv_windows_load(struct vcpu *v)
{
    load_gdt_window(v->pv);
    load_ldt_window(v->pv);
}

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
