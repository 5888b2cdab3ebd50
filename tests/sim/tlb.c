/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of translation caches. A CPU keeps every translation it has used,
 * with the tables that led to it, until a flush; real ones may. After each
 * step no translation that is still kept may allow what its guest has no right to:
 * a frame that has another owner by now, writing to a page or descriptor
 * table, or a walk through a former page table that the guest can write.
 */
#include "sim.h"

#include <string.h>

#include "machine/tlb.h"
#include "mm/paging.h"
#include "pv/mmu_shadow.h"

#define ENTRIES 256

struct translation {
    bool used, writable;
    vaddr_t page;
    mfn_t mfn;
    domid_t owner;    /* of the frame, when it was cached */
    mfn_t tables[4];  /* level 4 first */
    domid_t domain;   /* whose page tables */
};

static struct {
    struct translation entry[ENTRIES];
    unsigned next;
    u16 last_flush;
} tlb[SIM_CPUS];

static u16 clock = 1;
const struct tlb_software *tlb_software;

static bool walk(struct vcpu *v, vaddr_t va, bool write, mfn_t *mfn);

/* Does @v, which is current somewhere, run on tables that stand in for its own? */
static bool sim_shadowed(const struct vcpu *v)
{
    return v && !vcpu_is_idle(v) && v->domain->pv->log_dirty;
}

static void between(void)
{
    if (sim_between)
        sim_between();
}

u16 tlb_clock(void)
{
    u16 now = clock;

    between();
    return now;
}

void tlb_filter(struct cpumask *mask, u16 stamp)
{
    between();
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (cpumask_test(mask, cpu) && tlb[cpu].last_flush > stamp)
            cpumask_clear(mask, cpu);
}

static void flush_cached(unsigned cpu)
{
    memset(tlb[cpu].entry, 0, sizeof(tlb[cpu].entry));
    if (++clock == 0) { /* wrapped: everybody starts anew */
        clock = 1;
        for (unsigned i = 0; i < SIM_CPUS; i++) {
            memset(tlb[i].entry, 0, sizeof(tlb[i].entry));
            tlb[i].last_flush = 1;
        }
    }
    tlb[cpu].last_flush = clock;
    sim_window_flush(cpu);
}

/* The tables of pv/mmu_shadow.c are flushed too; those that a CPU uses must be empty then. */
static void flush(unsigned cpu)
{
    unsigned self = sim_this_cpu;
    const u64 *root = paddr_to_virt(sim_cpus[cpu].cr3);

    sim_this_cpu = cpu;
    if (tlb_software)
        tlb_software->flush();
    sim_this_cpu = self;
    flush_cached(cpu);
    for (unsigned i = 0; sim_shadowed(sim_vcpu_on(cpu)) && i < PTES_PER_TABLE; i++)
        if (root[i] && (i < HV_FIRST_SLOT || i > HV_LAST_SLOT))
            sim_fail("CPU %u has slot %u of its shadow left after a flush", cpu, i);
}

void tlb_flush_local(void)
{
    flush(sim_this_cpu);
}

void tlb_flush_mask(const struct cpumask *mask)
{
    sim_check_waiting();
    between();
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (cpumask_test(mask, cpu))
            flush(cpu);
}

static void flush_page(unsigned cpu, vaddr_t va)
{
    unsigned self = sim_this_cpu;
    mfn_t mfn;

    sim_this_cpu = cpu;
    if (tlb_software)
        tlb_software->flush_page(va);
    if (sim_shadowed(current) && guest_address_ok(va) && walk(current, va, false, &mfn))
        sim_fail("CPU %u has %#lx left in its shadow after a flush", cpu, va);
    sim_this_cpu = self;
    for (unsigned i = 0; i < ENTRIES; i++)
        if (tlb[cpu].entry[i].page == (va & PAGE_MASK))
            tlb[cpu].entry[i].used = false;
}

void tlb_flush_page_local(vaddr_t va)
{
    flush_page(sim_this_cpu, va);
}

void tlb_flush_page_mask(const struct cpumask *mask, vaddr_t va)
{
    sim_check_waiting();
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (cpumask_test(mask, cpu))
            flush_page(cpu, va);
}

void cache_flush_mask(const struct cpumask *mask)
{
}

void load_cr3(paddr_t root)
{
    if (!root)
        sim_fail("CPU %u loads root 0", sim_this_cpu);
    sim_cpus[sim_this_cpu].cr3 = root;
    flush_cached(sim_this_cpu);
}

void tlb_switch_root(paddr_t root)
{
    sim_cpus[sim_this_cpu].cr3 = root;
    memset(tlb[sim_this_cpu].entry, 0, sizeof(tlb[sim_this_cpu].entry));
    sim_window_flush(sim_this_cpu);
}

paddr_t tlb_loaded_root(void)
{
    return sim_cpus[sim_this_cpu].cr3;
}

/* What the hardware does on an access: the walk with its checks, accessed and dirty bits, and caching. */
static bool walk(struct vcpu *v, vaddr_t va, bool write, mfn_t *mfn)
{
    struct translation t = { .used = true, .writable = true, .page = va & PAGE_MASK, .domain = v->domain->id };
    paddr_t root = sim_cpus[sim_this_cpu].cr3;
    u64 *table = paddr_to_virt(root), *slot = NULL;

    if (root <= PAGE_SIZE) /* none, or our own */
        return false;
    for (int level = 4; level >= 1; level--) {
        t.tables[4 - level] = virt_to_mfn(table);
        slot = &table[va >> (12 + 9 * (level - 1)) & 511];
        if ((*slot & (PTE_P | PTE_US)) != (PTE_P | PTE_US) || (level > 1 && (*slot & PTE_PSE)))
            return false;
        if (!(*slot & PTE_RW))
            t.writable = false;
        if (level > 1) {
            *slot |= PTE_A;
            table = mfn_to_virt(MFN((*slot & PTE_ADDR) >> PAGE_SHIFT));
        }
    }
    if (write && !t.writable)
        return false;
    *slot |= PTE_A | (write ? PTE_D : 0);
    *mfn = t.mfn = MFN((*slot & PTE_ADDR) >> PAGE_SHIFT);
    if (!mfn_valid(t.mfn))
        return false; /* MMIO: nothing to read here */
    t.owner = mfn_to_frame(t.mfn)->owner;
    tlb[sim_this_cpu].entry[tlb[sim_this_cpu].next++ % ENTRIES] = t;
    return true;
}

/* With the page fault that makes a shadow. */
bool sim_translate(struct vcpu *v, vaddr_t va, bool write, mfn_t *mfn)
{
    if (walk(v, va, write, mfn))
        return true;
    if (!sim_shadowed(v) || !guest_address_ok(va) || pv_shadow_fill(v, va, write, false) != SHADOW_FILLED)
        return false;
    if (!walk(v, va, write, mfn))
        return !mfn_valid(pv_translate(v, va)) ? false : (sim_fail("%#lx faults again", va), false);
    if (!mfn_eq(*mfn, pv_translate(v, va)))
        sim_fail("%#lx leads to frame %#lx, not %#lx", va, mfn->n, pv_translate(v, va).n);
    return true;
}

static void check(const struct translation *t, unsigned cpu)
{
    const struct frame *f = mfn_to_frame(t->mfn);
    enum frame_type type = frame_type(f);

    if (f->owner != t->owner && f->owner != DOMID_INVALID)
        sim_fail("CPU %u has a stale translation of %#lx to frame %#lx, now of d%d", cpu, t->page, t->mfn.n, f->owner);
    if (t->writable && f->owner == t->owner && (f->type & TYPE_VALIDATED) && type != FRAME_WRITABLE)
        sim_fail("CPU %u can still write to frame %#lx of type %d at %#lx", cpu, t->mfn.n, type, t->page);
    for (unsigned i = 0; i < 4; i++) {
        f = mfn_to_frame(t->tables[i]);
        if (f->owner != t->domain && f->owner != DOMID_INVALID)
            sim_fail("CPU %u walks through table %#lx, now of d%d", cpu, t->tables[i].n, f->owner);
        if (f->owner == t->domain && frame_type(f) == FRAME_WRITABLE && (f->type & TYPE_COUNT))
            sim_fail("CPU %u walks through frame %#lx, which is writable", cpu, t->tables[i].n);
    }
}

void sim_check_tlbs(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        for (unsigned i = 0; i < ENTRIES; i++)
            if (tlb[cpu].entry[i].used)
                check(&tlb[cpu].entry[i], cpu);
}
