/* SPDX-License-Identifier: GPL-2.0-only */
/* From the loader's memory map to a running allocator; called by boot/main.c in this order. */
#ifndef HV_BOOT_MEMORY_H
#define HV_BOOT_MEMORY_H

#include "types.h"

/*
 * Tidies up boot_info.map, prints it, moves modules that lie badly, and gives what is free to
 * early_alloc(). Bad maps
 * and modules end in panic_configuration().
 */
void boot_memory_init(void);

/* Page tables, frame records, buddy allocator. */
void boot_memory_start(void);

#endif
