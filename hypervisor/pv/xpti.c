/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Isolation of page tables (CVE-2017-5754): while a guest runs, its CPU uses a
 * reduced root that maps of the hypervisor only what an entry needs before it
 * can load the full one: the entry code, the IDT, this CPU's stack and its
 * GDT and LDT window. The guest's own slots are copied from its level-4 table
 * whenever that is loaded, and entry by entry when it changes. The switching
 * protocol is in machine/entry.S and pv/entry.S. Locks: none; the copies of a
 * changed entry are made under the domain's mmu_lock.
 */
#include "pv/xpti.h"

#include "bug.h"
#include "lib/string.h"
#include "machine/cpu_features.h"
#include "machine/panic.h"
#include "machine/percpu.h"
#include "machine/tables.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/paging.h"
#include "pv/mmu.h"

extern const char text_entry_start[], text_entry_end[]; /* linker script */

static DEFINE_PERCPU(u64 *, reduced_root);
static DEFINE_PERCPU(u64, copied_root); /* machine address of the level-4 table whose slots are in reduced_root */

static unsigned slot_of(vaddr_t va, unsigned level)
{
    return va >> (PAGE_SHIFT + 9 * (level - 1)) & (PTES_PER_TABLE - 1);
}

/* The entry that maps @va in our own tables as one of a 4 KiB page. */
static u64 host_entry(vaddr_t va)
{
    const u64 *table = host_l4;

    for (unsigned level = 4;; level--) {
        u64 e = table[slot_of(va, level)];
        u64 inside = va & ((PAGE_SIZE << 9 * (level - 1)) - 1) & PAGE_MASK;

        BUG_ON(!(e & PTE_P));
        if (level == 1)
            return e;
        if (e & PTE_PSE)
            return ((e & PTE_ADDR) + inside) | (e & ~(PTE_ADDR | PTE_PSE));
        table = paddr_to_virt(e & PTE_ADDR);
    }
}

/* Maps the page at @va in @root as we have it ourselves, with tables of its own. */
static bool expose_page(u64 *root, vaddr_t va)
{
    u64 *table = root;

    for (unsigned level = 4; level > 1; level--) {
        u64 *e = &table[slot_of(va, level)];

        if (!(*e & PTE_P)) {
            u64 *next = page_alloc();

            if (!next)
                return false;
            *e = mfn_to_paddr(virt_to_mfn(next)) | PTE_P | PTE_RW | PTE_A;
        }
        table = paddr_to_virt(*e & PTE_ADDR);
    }
    table[slot_of(va, 1)] = host_entry(va);
    return true;
}

static bool expose(u64 *root, const void *start, size_t len)
{
    for (size_t at = 0; at < len; at += PAGE_SIZE)
        if (!expose_page(root, (vaddr_t)start + at))
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
        !expose(root, idt_page(), PAGE_SIZE) || !expose(root, cpu_stack[cpu_id()], STACK_SIZE))
        panic_configuration("no memory to isolate page tables: add memory, or xpti=off if all guests are trusted");
    root[slot_of(RO_M2P_START, 4)] = host_l4[slot_of(RO_M2P_START, 4)];
    root[slot_of(CPU_WINDOW_START, 4)] = host_l4[slot_of(CPU_WINDOW_START, 4)];
    this_cpu(reduced_root) = root;
}

static void root_loaded(struct vcpu *v, u64 cr3)
{
    struct cpu_top *top = cpu_top();
    u64 *root = this_cpu(reduced_root);
    const u64 *guest = paddr_to_virt(cr3);

    WRITE_ONCE(this_cpu(copied_root), cr3);
    smp_mb(); /* an entry that changes from now on is copied by root_changed() or below */
    memcpy(root, guest, HV_FIRST_SLOT * sizeof(u64));
    memcpy(root + HV_LAST_SLOT + 1, guest + HV_LAST_SLOT + 1, (PTES_PER_TABLE - HV_LAST_SLOT - 1) * sizeof(u64));
    top->full_cr3 = cr3;
    top->guest_cr3 = mfn_to_paddr(virt_to_mfn(root));
}

static void load_root(struct vcpu *v, u64 cr3)
{
    load_cr3(cr3);
    root_loaded(v, cr3);
}

static void root_changed(struct domain *d, mfn_t mfn, unsigned slot, u64 entry)
{
    unsigned cpu;

    smp_mb();
    for_each_cpu(cpu, &d->dirty_cpus)
        if (READ_ONCE(per_cpu(copied_root, cpu)) == mfn_to_paddr(mfn))
            WRITE_ONCE(per_cpu(reduced_root, cpu)[slot], entry);
}

void xpti_init(void)
{
    if (!cpu_uses_xpti)
        return;
    pv_root_loader = load_root;
    pv_root_loaded = root_loaded;
    pv_root_changed = root_changed;
}
