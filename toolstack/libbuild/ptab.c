/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first page tables of a PV guest: maps the initial region one to one onto the first frames
 * and, where the kernel asks for it, the list of frames at an address of its own. Tables themselves
 * are mapped read-only, as the hypervisor demands. Writes into tables that pv.c has mapped; knows
 * no hypercalls.
 */
#include <string.h>

#include "build.h"

#define PTE_PRESENT  (1ULL << 0)  /* SDM vol. 3, 4.5: page-table entries of 4-level paging */
#define PTE_RW       (1ULL << 1)
#define PTE_USER     (1ULL << 2)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY    (1ULL << 6)
#define L1_PROT (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED)
#define UP_PROT (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

#define ENTRIES 512ULL
#define SHIFT(level) (12 + 9 * ((level) - 1))  /* bytes that one entry of LEVEL maps, as a shift */

/* A run of tables in the order level 3, 2, 1, starting at frame PFN and mapped at VA. */
struct table_run {
    uint64_t from, to;     /* the addresses that are mapped */
    uint64_t pfn;
    uint64_t *va;
    uint64_t first[4];     /* index in the run of the first table of each level, [1]..[3] */
};

static int is_table(const struct pv_layout *l, uint64_t pfn)
{
    return (pfn >= l->pt_pfn && pfn < l->pt_pfn + l->pt_pages) ||
           (pfn >= l->p2m_pt_pfn && pfn < l->p2m_pt_pfn + l->p2m_pt_pages);
}

static uint64_t entry(const uint64_t *mfn, uint64_t pfn, uint64_t prot)
{
    return mfn[pfn] << 12 | prot;
}

static void index_run(struct table_run *r)
{
    r->first[3] = 0;
    r->first[2] = pv_tables_for(3, r->from, r->to);
    r->first[1] = r->first[2] + pv_tables_for(2, r->from, r->to);
}

/* Fills the entries of LEVEL (2 or 3) with the tables of the level below. */
static void link_level(const struct table_run *r, unsigned int level, const uint64_t *mfn)
{
    uint64_t start = r->from >> SHIFT(level), end = r->to >> SHIFT(level);
    uint64_t *table = r->va + r->first[level] * ENTRIES;

    for (uint64_t i = start; i <= end; i++) {
        uint64_t slot = i - (start & ~(ENTRIES - 1));

        table[slot] = entry(mfn, r->pfn + r->first[level - 1] + (i - start), UP_PROT);
    }
}

/* Fills the lowest level: address FROM + n pages is frame FIRST_PFN + n. */
static void link_frames(const struct table_run *r, const struct pv_layout *l, const uint64_t *mfn,
                        uint64_t first_pfn)
{
    uint64_t start = r->from >> 12, end = r->to >> 12;
    uint64_t *table = r->va + r->first[1] * ENTRIES;

    for (uint64_t i = start; i <= end; i++) {
        uint64_t pfn = first_pfn + (i - start);

        table[i - (start & ~(ENTRIES - 1))] =
            entry(mfn, pfn, is_table(l, pfn) ? L1_PROT & ~PTE_RW : L1_PROT);
    }
}

static void fill_run(struct table_run *r, const struct pv_layout *l, const uint64_t *mfn,
                     uint64_t first_pfn, uint64_t *root)
{
    uint64_t start = r->from >> SHIFT(4), end = r->to >> SHIFT(4);

    index_run(r);
    for (uint64_t i = start; i <= end; i++)
        root[i % ENTRIES] = entry(mfn, r->pfn + (i - start), UP_PROT);
    link_level(r, 3, mfn);
    link_level(r, 2, mfn);
    link_frames(r, l, mfn, first_pfn);
}

void pv_write_tables(const struct pv_layout *l, const uint64_t *mfn, uint64_t *main_tables,
                     uint64_t *p2m_tables)
{
    struct table_run run = {
        .from = l->virt_base, .to = l->virt_end - 1, .pfn = l->pt_pfn + 1,
        .va = main_tables + ENTRIES,
    };

    memset(main_tables, 0, l->pt_pages * 4096);
    fill_run(&run, l, mfn, 0, main_tables);
    if (!l->p2m_pt_pages)
        return;
    run = (struct table_run){
        .from = l->p2m_virt, .to = l->p2m_virt + l->p2m_pages * 4096 - 1, .pfn = l->p2m_pt_pfn,
        .va = p2m_tables,
    };
    memset(p2m_tables, 0, l->p2m_pt_pages * 4096);
    fill_run(&run, l, mfn, l->p2m_pfn, main_tables);
}
