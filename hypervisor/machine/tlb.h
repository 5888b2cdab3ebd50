/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Translation caches. The TLB clock counts flushes so that a flush which has
 * happened anyway is not repeated: a frame that loses its last writable
 * mapping takes a stamp, and before it becomes a page table only the CPUs whose
 * last flush is older than the stamp need one. The clock has 16 bits and is
 * never 0; when it wraps, all CPUs are flushed.
 */
#ifndef HV_MACHINE_TLB_H
#define HV_MACHINE_TLB_H

#include "machine/cpumask.h"

u16 tlb_clock(void); /* the stamp for "from now on" */

/* Removes from @mask the CPUs that have flushed everything since @stamp. */
void tlb_filter(struct cpumask *mask, u16 stamp);

void tlb_flush_local(void);              /* all entries, global ones too */
void tlb_flush_page_local(vaddr_t va);   /* one page, at any level of the walk */
void tlb_flush_mask(const struct cpumask *mask);
void tlb_flush_page_mask(const struct cpumask *mask, vaddr_t va);
void cache_flush_mask(const struct cpumask *mask); /* WBINVD */

/*
 * Tables that stand in for a guest's and are as stale as a TLB may be (pv/mmu_shadow.c): called, when set, on the CPU that
 * flushes, before it does, interrupts disabled or not. load_cr3() is not told: whoever loads such a table's root knows.
 */
struct tlb_software {
    void (*flush)(void);
    void (*flush_page)(vaddr_t va);
};
extern const struct tlb_software *tlb_software;

/* From one such root to another: flushes the CPU's TLB, not the tables, and does not count as a flush. */
void tlb_switch_root(paddr_t root);
paddr_t tlb_loaded_root(void);

/* Root of the hypervisor's own tables, set by mm/paging.c: a CPU that has loaded it caches nothing of guests. */
extern paddr_t tlb_host_root;

/* Loads a page-table root; counts as a flush of the non-global entries (guests have no others). */
void load_cr3(paddr_t root);

#endif
