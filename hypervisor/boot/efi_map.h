/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory map of UEFI. Source: UEFI Specification 2.10, section 7.2.3 (GetMemoryMap). */
#ifndef HV_BOOT_EFI_MAP_H
#define HV_BOOT_EFI_MAP_H

#include "boot/memory_map.h"

#define EFI_DESCRIPTOR_MIN 40 /* bytes; firmware may use larger ones */

struct efi_descriptor {
    u32 type, pad;
    u64 start, virtual_start, pages, attributes;
} __packed;

/*
 * Replaces @map by what the @size bytes of descriptors, @step bytes each, say. @return 0, -ENOSPC:
 * too many ranges
 */
int efi_map_convert(const void *descriptors, u32 size, u32 step, struct memory_map *map);

#endif
