/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this CPU shows of its vCPU's descriptor tables: the pages of its window (machine/layout.h) and LDTR. Both
 * are changed here and nowhere else, and each CPU's by itself only. They follow the lists in struct pv_vcpu: when another
 * vCPU is loaded, when the lists of the running one change, and to nothing when the CPU goes idle or to
 * another kind of guest. Each frame of a list holds a SEGDESC reference, so a frame in a window cannot become anything that
 * a guest may write to; it leaves the window, and this CPU's TLB, before its reference is dropped. Locks: none.
 */
#include "bug.h"
#include "machine/percpu.h"
#include "machine/tables.h"
#include "machine/tlb.h"
#include "mm/paging.h"
#include "pv/segments.h"

struct window {
    u32 gdt, ldt;         /* bit n: page n of the part has a frame */
    unsigned ldt_entries; /* in LDTR */
};
static DEFINE_PERCPU(struct window, window);

/* A vCPU that has no tables at all. */
static const struct pv_vcpu no_tables;

static u32 gdt_pages(const struct pv_vcpu *p)
{
    return (u32)BIT(DIV_ROUND_UP(p->gdt_entries, DESCRIPTORS_PER_FRAME)) - 1;
}

static void show(unsigned first, u32 *have, u32 want, const mfn_t *frames)
{
    for (u32 left = *have | want; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);

        cpu_window_set(cpu_id(), first + i, want >> i & 1 ? frames[i] : INVALID_MFN, MAP_RW);
    }
    *have = want;
}

static void show_gdt(const struct pv_vcpu *p)
{
    show(0, &this_cpu(window).gdt, gdt_pages(p), p->gdt_frames);
}

static void show_ldt(const struct pv_vcpu *p)
{
    struct window *w = &this_cpu(window);

    show(GDT_WINDOW_PAGES, &w->ldt, p->ldt_pages, p->ldt_frames);
    if (w->ldt_entries != p->ldt_entries) {
        cpu_load_ldt(p->ldt_entries);
        w->ldt_entries = p->ldt_entries;
    }
}

/* For debug builds: asks the page table and LDTR themselves, not what was noted. */
static bool shown(const struct pv_vcpu *p)
{
    unsigned cpu = cpu_id();

    for (unsigned i = 0; i < GDT_GUEST_FRAMES; i++)
        if (!mfn_eq(cpu_window_get(cpu, i), gdt_pages(p) >> i & 1 ? p->gdt_frames[i] : INVALID_MFN))
            return false;
    for (unsigned i = 0; i < LDT_FRAMES; i++)
        if (!mfn_eq(cpu_window_get(cpu, GDT_WINDOW_PAGES + i), p->ldt_pages >> i & 1 ? p->ldt_frames[i] : INVALID_MFN))
            return false;
    return cpu_ldt_entries() == p->ldt_entries;
}

void pv_windows_load(const struct vcpu *v)
{
    show_gdt(v->pv);
    show_ldt(v->pv);
    ASSERT(shown(v->pv));
}

void pv_windows_clear(void)
{
    show_gdt(&no_tables);
    show_ldt(&no_tables);
    ASSERT(shown(&no_tables));
}

/* Only the running vCPU's tables are shown anywhere. */
static bool is_shown(const struct vcpu *v)
{
    ASSERT(v == current || !READ_ONCE(v->unit.running));
    return v == current;
}

void pv_gdt_changed(const struct vcpu *v)
{
    bool irq;

    if (!is_shown(v))
        return;
    irq = irq_save();
    show_gdt(v->pv);
    tlb_flush_local();
    irq_restore(irq);
}

void pv_ldt_changed(const struct vcpu *v)
{
    bool irq;
    u32 before;

    if (!is_shown(v))
        return;
    irq = irq_save();
    before = this_cpu(window).ldt;
    show_ldt(v->pv);
    if (before & ~v->pv->ldt_pages) /* what was not mapped is not cached */
        tlb_flush_local();
    irq_restore(irq);
}
