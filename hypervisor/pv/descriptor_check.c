/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which segment descriptors a PV guest may have in its GDT and LDT. Pure;
 * called when a frame becomes a descriptor table (pv/mmu_validate.c) and when
 * one entry changes (pv/descriptors.c). Locks: none.
 */
#include "pv/segments.h"

/* Segment descriptor bits, SDM Vol 3 3.4.5; the upper half in bits 32..63 */
#define DESC_P BIT(47)
#define DESC_DPL_SHIFT 45
#define DESC_DPL (3UL << DESC_DPL_SHIFT)
#define DESC_S BIT(44)
#define DESC_TYPE_SHIFT 40
#define DESC_TYPE_CODE BIT(43)
#define DESC_TYPE_CONFORMING BIT(42)
#define DESC_L BIT(53)
#define DESC_DB BIT(54)

bool pv_descriptor_ok(u64 *desc)
{
    u64 d = *desc;

    if (!(d & DESC_P))
        return true; /* loading it faults, whatever it says */
    if (!(d & DESC_S))
        return (d >> DESC_TYPE_SHIFT & 0xf) == 0; /* no gates, TSS or LDT descriptors; type 0 is harmless */
    if ((d & DESC_TYPE_CODE) && (d & DESC_TYPE_CONFORMING) && (d & DESC_DPL) != DESC_DPL)
        return false; /* it would run with our privilege level's DPL */
    if ((d & DESC_TYPE_CODE) && (d & DESC_L) && (d & DESC_DB))
        return false; /* reserved: SDM Vol 3 5.2.1 */
    *desc = d | DESC_DPL; /* the guest kernel runs in ring 3 */
    return true;
}

bool pv_descriptor_frame_ok(mfn_t mfn)
{
    u64 *table = mfn_to_virt(mfn);

    for (unsigned i = 0; i < PAGE_SIZE / sizeof(*table); i++) {
        u64 d = table[i];

        if (!pv_descriptor_ok(&d))
            return false;
        if (d != table[i])
            table[i] = d;
    }
    return true;
}
