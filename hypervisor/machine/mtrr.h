/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory type range registers, as the firmware has set them (SDM Vol 3 12.11, APM Vol 2 7.7). Domain 0 wants to know what
 * they say of its devices' memory; further CPUs are made like the boot CPU.
 */
#ifndef HV_MACHINE_MTRR_H
#define HV_MACHINE_MTRR_H

#include "types.h"

struct mtrr_range {
    u64 first, count; /* frames; count 0: the register is not in use */
    u32 type;         /* 0 uncachable, 1 write-combining, 4 write-through, 5 write-protected, 6 write-back */
};

/* How many there are; 0: the CPU has none. */
unsigned mtrr_count(void);
/* Register @reg < mtrr_count() of this CPU. */
void mtrr_read(unsigned reg, struct mtrr_range *range);

/* On the boot CPU, before others start: notes its registers, all of them. */
void mtrr_save_boot_cpu(void);
/*
 * On a CPU that starts, interrupts disabled: gives it the noted ones where they differ, for an address must have the same type on
 * all CPUs (SDM Vol 3 12.11.8) and some firmware forgets the others, or did not do it again after a sleep.
 */
void mtrr_like_boot_cpu(void);

#endif
