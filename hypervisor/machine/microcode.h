/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processor microcode: takes an update that stands in an uncompressed cpio
 * archive at the start of a boot module, where Linux expects it too
 * (kernel/x86/microcode/GenuineIntel.bin or AuthenticAMD.bin), and loads it into
 * every CPU as it starts. Distributions' initrds carry it there.
 */
#ifndef HV_MACHINE_MICROCODE_H
#define HV_MACHINE_MICROCODE_H

#include "types.h"

/*
 * Looks for an update for this processor in @len bytes at @module (in the direct
 * map, unchanged until all CPUs run) and loads it into the boot CPU. Once per
 * module. @return true: loaded, CPUID may show more than before
 */
bool microcode_load(const void *module, size_t len);

/* Loads the same into a further CPU. */
void microcode_cpu_load(void);

u32 microcode_revision(void); /* of the CPU we run on */

/* Pure parts, microcode_parse.c. */

/* The file @path in a "newc" archive (cpio(5)) at the start of @data; NULL: none, or not an archive. */
const void *cpio_find(const void *data, size_t len, const char *path, size_t *size);

/* A patch for the processor: where, how long, which revision. */
struct microcode_patch {
    const void *data;
    size_t size;
    u32 revision;
};
/* Newest patch for CPUID signature @signature and platform bit @platform (SDM Vol 3 9.11). @return false: none */
bool microcode_find_intel(const void *file, size_t len, u32 signature, unsigned platform, struct microcode_patch *p);
/* The same of an AMD container, by signature alone. */
bool microcode_find_amd(const void *file, size_t len, u32 signature, struct microcode_patch *p);

#endif
