/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of the Domain 0 builder only:
 *   dom0_options.c      dom0_mem=, dom0_max_vcpus=: how much of each
 *   dom0_kernel.c       unpacks the kernel and reads its notes
 *   dom0_layout.c       where everything goes in the guest's memory
 *   dom0_memory.c       frames, P2M and M2P
 *   dom0_pagetables.c   the initial page tables
 *   dom0_permissions.c  I/O ports, MMIO and interrupts
 *   dom0_build.c        the order of it all, start_info, the first vCPU
 */
#ifndef HV_CONTROL_DOM0_INTERNAL_H
#define HV_CONTROL_DOM0_INTERNAL_H

#include "control/dom0.h"
#include "domain/domain.h"
#include "lib/elf.h"

/* dom0_options.c */
struct dom0_size {
    u64 pages;     /* to be given at start */
    u64 max_pages; /* limit for ballooning */
};
/*
 * @available: frames that Domain 0 can have; @needed: that its kernel and initrd take. Ends the
 * machine when the wish cannot be met.
 */
struct dom0_size dom0_choose_size(u64 available, u64 needed);
unsigned dom0_choose_vcpus(void);

/* dom0_kernel.c */
struct dom0_kernel {
    struct elf elf;
    struct elf_xen xen;
    u8 *unpacked;      /* the ELF file when it had to be unpacked, else NULL */
    unsigned order;    /* of that buffer */
};
void dom0_kernel_open(struct dom0_kernel *k, const void *file, size_t len); /* or ends the machine */
void dom0_kernel_close(struct dom0_kernel *k);

/* dom0_layout.c; pfns count from virt_start. */
struct dom0_range {
    u64 start, end; /* pfns, end excluded */
};
struct dom0_layout {
    vaddr_t virt_start;              /* linear address of pfn 0 */
    u64 region;                      /* pfns 0..region-1 are the contiguous boot region, mapped at virt_start */
    struct dom0_range kernel, start_info, tables, stack;
    struct dom0_range initrd;        /* in the region (mapped) or behind it */
    bool initrd_mapped;
    struct dom0_range p2m;           /* the list itself: in the region, or behind it and mapped at p2m_virt */
    struct dom0_range p2m_tables;    /* page tables for p2m_virt; empty when the list is in the region */
    vaddr_t p2m_virt;
    u64 pages;                       /* least number of pages for all this */
};
void dom0_layout_make(struct dom0_layout *l, const struct elf_xen *x, u64 initrd_bytes, u64 nr_pages);

static inline vaddr_t dom0_virt(const struct dom0_layout *l, u64 pfn)
{
    return l->virt_start + (pfn << PAGE_SHIFT);
}

/* Page tables of one level that map [@start, @end): @shift is 21, 30 or 39. */
u64 dom0_tables_for(vaddr_t start, vaddr_t end, unsigned shift);

/* dom0_memory.c */
struct dom0_memory {
    struct domain *d;
    u64 *p2m;      /* in the direct map: the guest's own list */
    u64 pages;     /* filled in so far, for the summary */
};
/* Allocates the P2M list for @nr_pages at pfns @at. */
void dom0_memory_start(struct dom0_memory *m, struct domain *d, u64 nr_pages, struct dom0_range at);
/* Gives the domain memory for the pfns that have none yet in @r. */
void dom0_memory_fill(struct dom0_memory *m, struct dom0_range r);
/* Gives it the frames from @mfn on as @r: they belong to nobody. */
void dom0_memory_take(struct dom0_memory *m, struct dom0_range r, mfn_t mfn);
void *dom0_page(const struct dom0_memory *m, u64 pfn);
/* Copies to (from NULL: clears) guest-physical bytes. */
void dom0_copy(const struct dom0_memory *m, u64 gpa, const void *src, u64 len);

/* dom0_pagetables.c: @return frame of the level-4 table, pinned */
mfn_t dom0_pagetables(const struct dom0_memory *m, const struct dom0_layout *l);

/* dom0_permissions.c */
void dom0_permissions(struct domain *d);

#endif
