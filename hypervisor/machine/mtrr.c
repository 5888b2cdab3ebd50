/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads memory type range registers: Domain 0 wants to know what the firmware says of its devices' memory. No locks. */
#include "machine/mtrr.h"

#include "machine/cpu_features.h"
#include "machine/x86.h"

#define MTRRCAP_COUNT 0xff
#define PHYSMASK_VALID 0x800
#define PHYSBASE_TYPE 0xff

unsigned mtrr_count(void)
{
    u64 cap;

    if (!cpu_has(XEN_X86_FEATURE_MTRR) || rdmsr_safe(MSR_MTRRCAP, &cap))
        return 0;
    return cap & MTRRCAP_COUNT;
}

void mtrr_read(unsigned reg, struct mtrr_range *range)
{
    u64 base = rdmsr(MSR_MTRR_PHYSBASE0 + 2 * reg), mask = rdmsr(MSR_MTRR_PHYSBASE0 + 2 * reg + 1);
    u64 frames = (1ul << (boot_cpu.phys_bits - 12)) - 1;

    *range = (struct mtrr_range){ 0 };
    if (!(mask & PHYSMASK_VALID))
        return;
    range->first = base >> 12 & frames;
    range->count = (~(mask >> 12) & frames) + 1;
    range->type = base & PHYSBASE_TYPE;
}
