/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a CPU pv/ knows beside page tables: the window with the descriptor tables, LDTR, segment registers and bases,
 * debug and control registers. A selector is loaded as a processor does it, through the window and
 * what the TLB keeps of it; and after each step each window shows the tables of the vCPU that is on the CPU, and nothing else.
 */
#include "sim.h"

#include "machine/cpu_features.h"
#include "machine/msr_policy.h"
#include "machine/tables.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "mm/paging.h"
#include "pv/asm.h"
#include "pv/segment_regs.h"
#include "pv/segments.h"
#include "pv/traps.h"
#include "pv/xpti.h"

#define PAGES (GDT_WINDOW_PAGES + LDT_WINDOW_PAGES)
#define DESCRIPTOR_PRESENT BIT(47)

static struct {
    u64 window[PAGES], cached[PAGES]; /* frames, 0: none (that is nobody's) */
    unsigned ldt_entries;
    u16 selector[4];
    u64 fs_base, gs_base, other_gs_base;
    u64 registers[4];
} hw[SIM_CPUS];

u64 cpu_cr4;
struct cpu_features boot_cpu;
void (*guest_trap_handler)(struct regs *regs, u64 cr2);
void (*guest_return)(void);
bool (*host_fault_handler)(struct regs *regs, u64 cr2);
u64 sim_selectors;

/* ---- the window ---- */

void cpu_window_set(unsigned cpu, unsigned page, mfn_t mfn, u64 flags)
{
    if (cpu != sim_this_cpu)
        sim_fail("CPU %u changes the window of CPU %u", sim_this_cpu, cpu);
    hw[cpu].window[page] = mfn_eq(mfn, INVALID_MFN) ? 0 : mfn.n;
}

mfn_t cpu_window_get(unsigned cpu, unsigned page)
{
    return hw[cpu].window[page] ? MFN(hw[cpu].window[page]) : INVALID_MFN;
}

void cpu_load_ldt(unsigned entries)
{
    hw[sim_this_cpu].ldt_entries = entries;
}

unsigned cpu_ldt_entries(void)
{
    return hw[sim_this_cpu].ldt_entries;
}

void sim_window_flush(unsigned cpu)
{
    for (unsigned i = 0; i < PAGES; i++)
        hw[cpu].cached[i] = 0;
}

/* A frame that a CPU may read descriptors from. */
static void check_frame(unsigned cpu, unsigned page, u64 n, const char *how)
{
    const struct vcpu *v = sim_vcpu_on(cpu);
    const struct frame *f = mfn_to_frame(MFN(n));

    if (vcpu_is_idle(v))
        sim_fail("CPU %u is idle and %s frame %#lx at page %u of its window", cpu, how, n, page);
    if (frame_type(f) != FRAME_SEGDESC || !(f->type & TYPE_COUNT) || f->owner != v->domain->id)
        sim_fail("CPU %u, which runs d%dv%u, %s frame %#lx (type %#x, owner d%d) at page %u of its window", cpu, v->domain->id,
                 v->id, how, n, f->type, f->owner, page);
}

static bool in_lists(const struct vcpu *v, unsigned page, u64 n)
{
    const struct pv_vcpu *p = v->pv;

    if (page < GDT_GUEST_FRAMES)
        return page * DESCRIPTORS_PER_FRAME < p->gdt_entries && p->gdt_frames[page].n == n;
    page -= GDT_WINDOW_PAGES;
    return page < LDT_FRAMES && (p->ldt_pages >> page & 1) && p->ldt_frames[page].n == n;
}

/* Between two steps. */
void sim_check_windows(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
        const struct vcpu *v = sim_vcpu_on(cpu);
        unsigned entries = vcpu_is_idle(v) ? 0 : v->pv->ldt_entries;

        for (unsigned i = 0; i < PAGES; i++) {
            if (hw[cpu].window[i]) {
                check_frame(cpu, i, hw[cpu].window[i], "maps");
                if (!in_lists(v, i, hw[cpu].window[i]))
                    sim_fail("CPU %u maps frame %#lx at page %u, which is none of d%dv%u's", cpu, hw[cpu].window[i], i,
                             v->domain->id, v->id);
            }
            if (hw[cpu].cached[i])
                check_frame(cpu, i, hw[cpu].cached[i], "still has a translation to");
        }
        if (hw[cpu].ldt_entries != entries)
            sim_fail("LDTR of CPU %u has %u entries, not %u", cpu, hw[cpu].ldt_entries, entries);
    }
}

/* ---- segment registers ---- */

/* @return false: a fault that is not to be mended */
static bool descriptor(u16 selector, u64 *desc)
{
    unsigned cpu = sim_this_cpu, offset = selector & ~7u, page = offset >> PAGE_SHIFT;
    struct regs fault = { .vector = TRAP_PF };

    if (selector & 4) {
        if (offset / 8 >= hw[cpu].ldt_entries)
            return false;
        page += GDT_WINDOW_PAGES;
    } else if (page >= GDT_GUEST_FRAMES) {
        *desc = DESCRIPTOR_PRESENT;
        return offset < HV_GDT_LIMIT;
    }
    if (!hw[cpu].cached[page] && !hw[cpu].window[page]) {
        bool was = irq_save(), mended = host_fault_handler(&fault, GDT_WINDOW(cpu) + (page << PAGE_SHIFT) + (offset & ~PAGE_MASK));

        irq_restore(was);
        if (!mended)
            return false;
        if (!hw[cpu].window[page])
            sim_fail("page %u of the window is still missing", page);
    }
    if (!hw[cpu].cached[page])
        hw[cpu].cached[page] = hw[cpu].window[page];
    check_frame(cpu, page, hw[cpu].cached[page], "reads a descriptor of");
    *desc = ((const u64 *)mfn_to_virt(MFN(hw[cpu].cached[page])))[(offset & ~PAGE_MASK) / 8];
    return true;
}

static int load(unsigned i, u16 selector)
{
    u64 desc;

    hw[sim_this_cpu].selector[i] = 0;
    if (selector & ~3u) {
        if (!descriptor(selector, &desc) || !(desc & DESCRIPTOR_PRESENT))
            return -1;
        sim_selectors += selector >> 2 & 1;
    }
    hw[sim_this_cpu].selector[i] = selector;
    return 0;
}

int pv_load_ds(u16 sel)
{
    return load(0, sel);
}

int pv_load_es(u16 sel)
{
    return load(1, sel);
}

int pv_load_fs(u16 sel)
{
    return load(2, sel);
}

int pv_load_gs(u16 sel)
{
    return load(3, sel);
}

void pv_read_segments(u16 sel[4])
{
    for (unsigned i = 0; i < 4; i++)
        sel[i] = hw[sim_this_cpu].selector[i];
}

void pv_swapgs(void)
{
    u64 other = hw[sim_this_cpu].other_gs_base;

    hw[sim_this_cpu].other_gs_base = hw[sim_this_cpu].gs_base;
    hw[sim_this_cpu].gs_base = other;
}

/* ---- registers ---- */

static u64 *msr_of(u32 msr)
{
    return msr == MSR_FS_BASE ? &hw[sim_this_cpu].fs_base : msr == MSR_GS_BASE ? &hw[sim_this_cpu].gs_base
                                                                               : &hw[sim_this_cpu].other_gs_base;
}

u64 sim_rdmsr(u32 msr)
{
    return *msr_of(msr);
}

void sim_wrmsr(u32 msr, u64 value)
{
    *msr_of(msr) = value;
}

u64 *sim_register(unsigned n)
{
    return &hw[sim_this_cpu].registers[n];
}

void guest_dr_masks_load(const struct guest_msrs *g)
{
}

void guest_msrs_load(const struct guest_msrs *g)
{
}

/* ---- entries, which are not simulated ---- */

void idt_set_gate(unsigned vector, void (*handler)(void), unsigned dpl, enum ist ist)
{
}

void pv_int80_entry(void)
{
}

void pv_return_to_guest(void)
{
}

void pv_enter(void)
{
    sim_fail("a guest is entered");
}

void pv_trap(struct regs *regs, u64 cr2)
{
}

void pv_log_traps(bool on)
{
}

void xpti_init(void)
{
}
