/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page tables that Domain 0 starts on: its boot region, and the P2M list if
 * the kernel wants that elsewhere. They are written like a guest would write
 * them, read-only where they map page tables, and then validated and pinned by
 * the very functions that check guests' tables.
 */
#include "bug.h"
#include "control/dom0_internal.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "mm/paging.h"
#include "pv/mmu.h"
#include "sched/softirq.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PAGE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

struct builder {
    const struct dom0_memory *m;
    const struct dom0_layout *l;
    u64 *root;
    struct dom0_range spare; /* pfns for the tables that are needed next */
};

static bool in_range(struct dom0_range r, u64 pfn)
{
    return pfn >= r.start && pfn < r.end;
}

static u64 *new_table(struct builder *b, u64 *entry)
{
    u64 pfn = b->spare.start++;
    u64 *table = dom0_page(b->m, pfn);

    BUG_ON(pfn >= b->spare.end);
    memset(table, 0, PAGE_SIZE);
    if (entry)
        *entry = b->m->p2m[pfn] << PAGE_SHIFT | TABLE_FLAGS;
    return table;
}

/* The level-1 table for @va, made with those above it if it is not there. */
static u64 *level1(struct builder *b, vaddr_t va)
{
    u64 *table = b->root;

    for (unsigned shift = 39; shift > 12; shift -= 9) {
        u64 *entry = &table[va >> shift & (PTES_PER_TABLE - 1)];

        table = *entry & PTE_P ? mfn_to_virt(MFN((*entry & PTE_ADDR) >> PAGE_SHIFT)) : new_table(b, entry);
    }
    return table;
}

/* Maps @r at @va; page tables read-only. */
static void map(struct builder *b, vaddr_t va, struct dom0_range r)
{
    u64 *table = NULL;

    for (u64 pfn = r.start; pfn < r.end; pfn++, va += PAGE_SIZE) {
        unsigned i = va >> PAGE_SHIFT & (PTES_PER_TABLE - 1);
        u64 flags = PAGE_FLAGS;

        if (!table || i == 0)
            table = level1(b, va);
        if (in_range(b->l->tables, pfn) || in_range(b->l->p2m_tables, pfn))
            flags &= ~(PTE_RW | PTE_D);
        table[i] = b->m->p2m[pfn] << PAGE_SHIFT | flags;
    }
}

mfn_t dom0_pagetables(const struct dom0_memory *m, const struct dom0_layout *l)
{
    struct builder b = { .m = m, .l = l, .spare = l->tables };
    mfn_t root = MFN(m->p2m[l->tables.start]);
    int rc;

    b.root = new_table(&b, NULL);
    map(&b, l->virt_start, (struct dom0_range){ 0, l->region });
    BUG_ON(b.spare.start != b.spare.end);
    if (l->p2m_tables.end > l->p2m_tables.start) {
        b.spare = l->p2m_tables;
        map(&b, l->p2m_virt, l->p2m);
        for (; b.spare.start < b.spare.end; b.spare.start++) /* tables that the two mappings share */
            memset(dom0_page(m, b.spare.start), 0, PAGE_SIZE);
    }
    for (;;) {
        rc = pv_pin_table(m->d, root, FRAME_L4);
        if (rc != -ERESTART)
            break;
        softirq_run(); /* what it stopped for */
    }
    if (rc)
        panic("Domain 0: its first page tables are not valid (%d)\n", rc);
    return root;
}
