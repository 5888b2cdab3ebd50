/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own page tables. One set of level-3 tables for slots
 * 256..271 is shared by every root (of the idle vCPUs and of all guests).
 * Lock: LOCK_VMAP.
 */
#ifndef HV_MM_PAGING_H
#define HV_MM_PAGING_H

#include "machine/layout.h"

/* Page-table entry bits, SDM Vol 3 4.5, APM Vol 2 5.4 */
#define PTE_P BIT(0)
#define PTE_RW BIT(1)
#define PTE_US BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A BIT(5)
#define PTE_D BIT(6)
#define PTE_PSE BIT(7)
#define PTE_PAT BIT(7) /* level 1 */
#define PTE_G BIT(8)
#define PTE_AVAIL (BIT(9) | BIT(10) | BIT(11))
#define PTE_NX BIT(63)
#define PTE_ADDR 0x000ffffffffff000UL
#define PTES_PER_TABLE 512

#define MAP_RX (PTE_P | PTE_A)
#define MAP_RO (PTE_P | PTE_A | PTE_NX)
#define MAP_RW (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)
#define MAP_UC (MAP_RW | PTE_PCD | PTE_PWT)
#define MAP_WC (MAP_RW | PTE_PAT) /* PAT entry 4; see machine/pat */

extern u64 *host_l4;       /* root of the idle vCPUs: slots 256..271 only */

/* Copies the hypervisor's slots into a guest root. */
void paging_fill_host_slots(u64 *l4);

/* Maps @frames frames at hypervisor address @va. @return 0, -ENOMEM */
int paging_map(vaddr_t va, mfn_t mfn, u64 frames, u64 flags);
void paging_unmap(vaddr_t va, u64 frames);

/*
 * The machine-to-physical table lies in pieces of 2 MiB. @return the first frame of piece @index; INVALID_MFN: there is no
 * memory that it would tell about, or no piece of that size was to be had.
 */
#define M2P_EXTENT_BYTES MB(2)
#define M2P_EXTENTS DIV_ROUND_UP(max_frame, M2P_EXTENT_BYTES / sizeof(u64))
mfn_t paging_m2p_extent(u64 index);

/* A device's registers (uncached) or frame buffer. @return NULL: no space or memory */
void *ioremap(paddr_t pa, size_t len, u64 flags);
void iounmap(void *va, size_t len);

/* Physically scattered frames as one linear range (read-write). */
void *vmap(const mfn_t *mfns, u64 frames);
void vunmap(void *va, u64 frames);

/* Sets one entry of the CPU's GDT/LDT window (index 0..31 pages) without a flush; mfn INVALID_MFN: not present. */
void cpu_window_set(unsigned cpu, unsigned page, mfn_t mfn, u64 flags);
mfn_t cpu_window_get(unsigned cpu, unsigned page); /* INVALID_MFN: not present */

/* ---- while booting ---- */

struct ram_range {
    paddr_t start, end;
};

/*
 * Builds the final tables: direct map of @ram (sorted, whole pages), image, vmap area, CPU windows; loads them. Then
 * maps frame records and M2P for @ram. Takes its memory from early_alloc(). Stops the machine when that is not
 * enough. The machine's features are known (cpu_features_init).
 */
void paging_init(const struct ram_range *ram, unsigned count);

extern u64 image_paddr;                             /* load address of the image */
paddr_t image_to_paddr(const void *p);              /* of something in the image */
void cpu_window_prepare(unsigned cpu, unsigned page, const void *content, bool executable); /* platform_memory.map_cpu_window */

/*
 * Memory before the buddy allocator is there: free ranges from the memory map, given out from the top.
 * early_next() hands over what is left, range by range. @return 0 / false: none
 */
void early_add(paddr_t start, paddr_t end);
paddr_t early_alloc(u64 size, u64 align, paddr_t below); /* not zeroed; below 0: anywhere */
bool early_next(struct ram_range *r);
extern u64 early_allocated; /* bytes given out */

#endif
