/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rest of the machine of the sim build: memory with a hole, guest memory seen through page
 * tables (tlb.c models what CPUs remember of them), and our own slots in these.
 */
#include "sim.h"

#include "mm/buddy.h"
#include "mm/paging.h"

/*
 * Every vCPU has a window of plain memory that is always accessible, for
 * arguments of hypercalls; everything else goes through its page tables.
 */
u8 *sim_guest_byte(vaddr_t va, bool write)
{
    struct vcpu *v = current;
    mfn_t mfn;

    if (va >= SIM_WINDOW && va < SIM_WINDOW + SIM_WINDOW_SIZE)
        return sim_window() + (va - SIM_WINDOW);
    if (!sim_translate(v, va, write, &mfn))
        return NULL;
    return (u8 *)mfn_to_virt(mfn) + (va & ~PAGE_MASK);
}

mfn_t paging_m2p_extent(u64 index)
{
    return MFN(2 + index);
}

#define HOST_SLOT_MARK 0x00484f5354000000ul /* "HOST": what our entries in a guest's level-4 table look like here */

void paging_fill_host_slots(u64 *l4)
{
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        l4[i] = HOST_SLOT_MARK | i;
}

bool sim_host_slots_intact(const u64 *l4)
{
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        if (l4[i] != (HOST_SLOT_MARK | i))
            return false;
    return true;
}

void sim_machine_init(u64 frames, u64 hole_start, u64 hole_end)
{
    sim_memory_init(frames);
    frame_table_add(MFN(0), hole_start);
    frame_table_add(MFN(hole_end), frames - hole_end);
    buddy_add(MFN(hole_end), frames - hole_end); /* below the hole: the hypervisor's own */
}
