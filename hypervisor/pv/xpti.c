/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Isolation of page tables (CVE-2017-5754): while a guest runs, its CPU uses a
 * reduced root that maps of the hypervisor only what an entry needs before it
 * can load the full one: the entry code, the IDT, and this CPU's window with its
 * stacks, GDT and LDT (not those of other CPUs). The guest's own slots are copied
 * from its level-4 table whenever that is loaded, and read again when one of
 * them changes. The switching protocol is in machine/entry.S and pv/entry.S.
 *
 * Only the CPU itself writes to its reduced root, with interrupts disabled: who
 * changes an entry asks the CPUs that have a copy to read it again, and waits for them
 * before the table that was there is given up. So no copy that is under way can bring
 * the old entry back. Locks: none; smp_call() under the domain's mmu_lock.
 */
#include "pv/xpti.h"

#include "atomic.h"
#include "bug.h"
#include "lib/string.h"
#include "machine/cpu_features.h"
#include "machine/panic.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "machine/tables.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/paging.h"
#include "pv/mmu.h"

extern const char text_entry_start[], text_entry_end[]; /* linker script */

static DEFINE_PERCPU(u64 *, reduced_root);
static DEFINE_PERCPU(u64, copied_root); /* machine address of the level-4 table whose slots are in reduced_root; others read it */

static unsigned slot_of(vaddr_t va, unsigned level)
{
    return va >> (PAGE_SHIFT + 9 * (level - 1)) & (PTES_PER_TABLE - 1);
}

/* The entry of @level for @va in our own tables, as if the pages there were of its size. */
static u64 host_entry(vaddr_t va, unsigned level)
{
    const u64 *table = host_l4;

    for (unsigned l = 4;; l--) {
        u64 e = table[slot_of(va, l)];
        u64 inside = va & ((PAGE_SIZE << 9 * (l - 1)) - 1) & PAGE_MASK;

        BUG_ON(!(e & PTE_P));
        if (l == level)
            return e;
        if (e & PTE_PSE)
            return ((e & PTE_ADDR) + inside) | (e & ~(PTE_ADDR | PTE_PSE));
        table = paddr_to_virt(e & PTE_ADDR);
    }
}

/* Shows in @root what our own entry of @level for @va does, by tables of its own above it. */
static bool expose_entry(u64 *root, vaddr_t va, unsigned level)
{
    u64 *table = root;

    for (unsigned l = 4; l > level; l--) {
        u64 *e = &table[slot_of(va, l)];

        if (!(*e & PTE_P)) {
            u64 *next = page_alloc();

            if (!next)
                return false;
            *e = mfn_to_paddr(virt_to_mfn(next)) | PTE_P | PTE_RW | PTE_A;
        }
        table = paddr_to_virt(*e & PTE_ADDR);
    }
    table[slot_of(va, level)] = host_entry(va, level);
    return true;
}

static bool expose(u64 *root, const void *start, size_t len)
{
    for (size_t at = 0; at < len; at += PAGE_SIZE)
        if (!expose_entry(root, (vaddr_t)start + at, 1))
            return false;
    return true;
}

void xpti_cpu_start(void)
{
    u64 *root;

    if (!cpu_uses_xpti)
        return;
    root = page_alloc();
    if (!root || !expose(root, text_entry_start, text_entry_end - text_entry_start) ||
        !expose(root, idt_page(), PAGE_SIZE) || !expose_entry(root, GDT_WINDOW(cpu_id()), 2))
        panic_configuration("no memory to isolate page tables: add memory, or xpti=off if all guests are trusted");
    root[slot_of(RO_M2P_START, 4)] = host_l4[slot_of(RO_M2P_START, 4)];
    this_cpu(reduced_root) = root;
}

static void root_loaded(struct vcpu *v, u64 cr3)
{
    struct cpu_top *top = cpu_top();
    bool was = irq_save();
    u64 *root = this_cpu(reduced_root);
    const u64 *guest = paddr_to_virt(cr3);

    WRITE_ONCE(this_cpu(copied_root), cr3);
    smp_mb(); /* an entry that changes from now on is copied here, or read_again() comes when we are done */
    memcpy(root, guest, HV_FIRST_SLOT * sizeof(u64));
    memcpy(root + HV_LAST_SLOT + 1, guest + HV_LAST_SLOT + 1, (PTES_PER_TABLE - HV_LAST_SLOT - 1) * sizeof(u64));
    top->full_cr3 = cr3;
    top->guest_cr3 = mfn_to_paddr(virt_to_mfn(root));
    irq_restore(was);
}

static void load_root(struct vcpu *v, u64 cr3)
{
    load_cr3(cr3);
    root_loaded(v, cr3);
}

struct change {
    u64 root;
    unsigned slot;
};

/* On a CPU that had a copy of the root. Its way out to the guest loads the reduced root, which flushes the old translations. */
static void read_again(void *arg)
{
    const struct change *c = arg;
    const u64 *guest = paddr_to_virt(c->root);

    if (this_cpu(copied_root) == c->root)
        WRITE_ONCE(this_cpu(reduced_root)[c->slot], READ_ONCE(guest[c->slot]));
}

static void root_changed(struct domain *d, mfn_t mfn, unsigned slot)
{
    struct change c = { mfn_to_paddr(mfn), slot };
    struct cpumask others = { 0 };
    bool was = irq_save();
    unsigned cpu;

    smp_mb(); /* the entry is stored before we look who has a copy */
    read_again(&c);
    if (d)
        for_each_cpu(cpu, &d->dirty_cpus)
            if (cpu != cpu_id() && READ_ONCE(per_cpu(copied_root, cpu)) == c.root)
                cpumask_set(&others, cpu);
    irq_restore(was);
    if (!cpumask_empty(&others))
        smp_call(&others, read_again, &c);
}

void xpti_init(void)
{
    if (!cpu_uses_xpti)
        return;
    pv_root_loader = load_root;
    pv_root_loaded = root_loaded;
    pv_root_changed = root_changed;
}
