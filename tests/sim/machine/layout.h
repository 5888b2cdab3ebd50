/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for machine/layout.h where the hypervisor is compiled as a host
 * program: machine memory is one mapped arena, frame table and M2P are arrays.
 */
#ifndef HV_MACHINE_LAYOUT_H
#define HV_MACHINE_LAYOUT_H

#include "types.h"

extern u8 *sim_arena;         /* machine address 0 */
extern u64 sim_arena_frames;
extern void *sim_frame_table;
extern u64 *sim_m2p;

#define HV_VIRT_START 0xffff800000000000
#define HV_VIRT_END 0xffff880000000000
#define HV_FIRST_SLOT 256
#define HV_LAST_SLOT 271

#define RO_M2P_START 0xffff800000000000
#define RO_M2P_END 0xffff804000000000
#define RW_M2P_START ((uintptr_t)sim_m2p)
#define FRAME_TABLE_START ((uintptr_t)sim_frame_table)
#define DIRECT_MAP_START 0xffff830000000000
#define DIRECT_MAP_END 0xffff880000000000

#define GDT_WINDOW_PAGES 16
#define LDT_WINDOW_PAGES 16
#define GDT_WINDOW(cpu) (0xffff820000000000 + (cpu) * 0x200000ul)
#define LDT_WINDOW(cpu) (GDT_WINDOW(cpu) + ((u64)GDT_WINDOW_PAGES << PAGE_SHIFT))

static inline void *mfn_to_virt(mfn_t mfn)
{
    return sim_arena + mfn_to_paddr(mfn);
}

static inline void *paddr_to_virt(paddr_t pa)
{
    return sim_arena + pa;
}

static inline mfn_t virt_to_mfn(const void *va)
{
    return paddr_to_mfn((u64)((const u8 *)va - sim_arena));
}

static inline bool guest_address_ok(vaddr_t va)
{
    return va < 0x0000800000000000 || va >= HV_VIRT_END;
}

static inline bool guest_range_ok(vaddr_t va, u64 size)
{
    vaddr_t end = va + size;

    return end >= va && (end <= 0x0000800000000000 || va >= HV_VIRT_END);
}

#endif
