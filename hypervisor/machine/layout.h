/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The linear address space of the hypervisor (docs/architecture.md draws it).
 * Slots are those of the level-4 table, 512 GiB each. The ABI reserves slots
 * 256..271 (xen/arch-x86/xen-x86_64.h: HYPERVISOR_VIRT_START, _END) and puts
 * the machine-to-physical table, read-only for guests, at the start.
 *
 *   256        machine-to-physical table, user read-only        (ABI)
 *   257        machine-to-physical table, writable for us only (RW_M2P)
 *   258        frame table (12 bytes a frame)
 *   259        vmap: ioremap, stacks, windows made at run time
 *   260        CPU windows: GDT and LDT of the running vCPU, and the stacks, of each physical CPU
 *   261 end    hypervisor image, at 1 GiB below the end of the slot's first GiB pair, see boot/hypervisor.lds.S
 *   262..271   direct map of all machine memory (5 TiB)
 *
 * The sim build (tests/sim/machine/layout.h) replaces this file.
 */
#ifndef HV_MACHINE_LAYOUT_H
#define HV_MACHINE_LAYOUT_H

#include "config.h"

#define L4_SLOT(n) (0xffff000000000000 | ((n) << 39))

#define HV_VIRT_START 0xffff800000000000
#define HV_VIRT_END 0xffff880000000000
#define HV_FIRST_SLOT 256
#define HV_LAST_SLOT 271

#define RO_M2P_START 0xffff800000000000
#define RO_M2P_END 0xffff804000000000
#define RW_M2P_START 0xffff808000000000
#define FRAME_TABLE_START 0xffff810000000000
#define VMAP_START 0xffff818000000000
#define VMAP_END 0xffff820000000000
#define CPU_WINDOW_START 0xffff820000000000
#define IMAGE_START 0xffff828000000000 /* linked here: 2 MiB aligned, loaded anywhere below 4 GiB */
#define DIRECT_MAP_START 0xffff830000000000
#define DIRECT_MAP_END 0xffff880000000000

/*
 * CPU window of physical CPU n: 16 pages of GDT (14 of the guest, then ours:
 * FIRST_RESERVED_GDT_PAGE of the ABI), 16 pages of LDT, the stacks (machine/tables.h).
 * Each has a level-1 table of its own, so that a reduced root can show one CPU's alone.
 */
#define GDT_WINDOW_PAGES 16
#define LDT_WINDOW_PAGES 16
#define STACK_WINDOW_PAGE (GDT_WINDOW_PAGES + LDT_WINDOW_PAGES)
#define CPU_WINDOW_SIZE (1UL << 21)
#define GDT_WINDOW(cpu) (CPU_WINDOW_START + (cpu)*CPU_WINDOW_SIZE)
#define LDT_WINDOW(cpu) (GDT_WINDOW(cpu) + (GDT_WINDOW_PAGES << PAGE_SHIFT))
#define STACK_WINDOW(cpu) (GDT_WINDOW(cpu) + (STACK_WINDOW_PAGE << PAGE_SHIFT))

#ifndef __ASSEMBLY__
#include "types.h"

/* Machine memory in the direct map; only RAM and only below the highest frame of the memory map. */
static inline void *mfn_to_virt(mfn_t mfn)
{
    return (void *)(DIRECT_MAP_START + mfn_to_paddr(mfn));
}

static inline void *paddr_to_virt(paddr_t pa)
{
    return (void *)(DIRECT_MAP_START + pa);
}

static inline mfn_t virt_to_mfn(const void *va) /* @va in the direct map */
{
    return paddr_to_mfn((u64)va - DIRECT_MAP_START);
}

/* True for linear addresses that a PV guest may own: canonical and outside slots 256..271. */
static inline bool guest_address_ok(vaddr_t va)
{
    return va < 0x0000800000000000 || va >= HV_VIRT_END;
}

/* The same for the @size bytes from @va on. */
static inline bool guest_range_ok(vaddr_t va, u64 size)
{
    vaddr_t end = va + size;

    return end >= va && (end <= 0x0000800000000000 || va >= HV_VIRT_END);
}
#endif

#endif
