/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Turns UEFI memory descriptors into our map. Boot services are over, so their
 * memory is free; what run-time services and ACPI need is not. Neighbours
 * of one kind are joined at once, since firmware has hundreds of descriptors.
 * Pure logic, called by boot/multiboot2.c and the unit tests.
 */
#include "boot/efi_map.h"

#include "errno.h"

#define EFI_MEMORY_WB 0x8 /* attribute: can be cached */

enum efi_type {
    EFI_LOADER_CODE = 1,
    EFI_BOOT_DATA = 4,
    EFI_CONVENTIONAL = 7,
    EFI_UNUSABLE = 8,
    EFI_ACPI_RECLAIM = 9,
    EFI_ACPI_NVS = 10,
};

static enum memory_type type_of(const struct efi_descriptor *d)
{
    switch (d->type) {
    case EFI_LOADER_CODE ... EFI_BOOT_DATA:
    case EFI_CONVENTIONAL:
        return d->attributes & EFI_MEMORY_WB ? MEMORY_RAM : MEMORY_RESERVED;
    case EFI_UNUSABLE:
        return MEMORY_UNUSABLE;
    case EFI_ACPI_RECLAIM:
        return MEMORY_ACPI;
    case EFI_ACPI_NVS:
        return MEMORY_NVS;
    default:
        return MEMORY_RESERVED;
    }
}

int efi_map_convert(const void *descriptors, u32 size, u32 step, struct memory_map *map)
{
    map->count = 0;
    for (u32 at = 0; step >= EFI_DESCRIPTOR_MIN && at + EFI_DESCRIPTOR_MIN <= size; at += step) {
        const struct efi_descriptor *d = (const void *)((const char *)descriptors + at);
        enum memory_type type = type_of(d);
        struct memory_range *last = map->count ? &map->ranges[map->count - 1] : NULL;
        u64 bytes, end, start = d->start;
        int rc;

        if (__builtin_mul_overflow(d->pages, (u64)PAGE_SIZE, &bytes) ||
            __builtin_add_overflow(start, bytes, &end))
            continue;
        if (last && last->type == type && last->end == d->start) {
            last->end = end;
            continue;
        }
        rc = memory_map_add(map, d->start, bytes, type);
        if (rc == -ENOSPC)
            return rc;
    }
    return 0;
}
