/* SPDX-License-Identifier: GPL-2.0-only */
/* The rest of the machine under the domain simulation: guests reach nothing but their windows, nothing is cached. */
#include "world.h"

#include <string.h>

#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/paging.h"

u64 sim_writable = WINDOW_SIZE;

u8 *sim_guest_byte(vaddr_t va, bool write)
{
    if (va < WINDOW || va >= WINDOW + WINDOW_SIZE)
        return NULL;
    if (write && va - WINDOW >= sim_writable)
        return NULL;
    return window(current) + (va - WINDOW);
}

/* Nobody maps the machine-to-physical table here. */
mfn_t paging_m2p_extent(u64 index)
{
    return INVALID_MFN;
}

u16 tlb_clock(void)
{
    return 1;
}

void tlb_filter(struct cpumask *mask, u16 stamp)
{
    memset(mask, 0, sizeof(*mask));
}

void tlb_flush_mask(const struct cpumask *mask)
{
    sim_check_waiting();
}

void load_cr3(paddr_t root)
{
}

void machine_init(void)
{
    sim_memory_init(FRAMES);
    frame_table_add(MFN(0), FRAMES);
    buddy_add(MFN(2), FRAMES - 2);
}
