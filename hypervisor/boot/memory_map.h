/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The map of machine memory: ranges with types as in ACPI's "System Address Map"
 * (e820). Pure logic, also run by tests/unit/hypervisor/test_memory_map.c.
 */
#ifndef HV_BOOT_MEMORY_MAP_H
#define HV_BOOT_MEMORY_MAP_H

#include "types.h"

#define MEMORY_MAP_MAX 256

/* ACPI 6.4 table 15.1 */
enum memory_type {
    MEMORY_RAM = 1,
    MEMORY_RESERVED = 2,
    MEMORY_ACPI = 3, /* tables that may be overwritten when they have been read */
    MEMORY_NVS = 4,
    MEMORY_UNUSABLE = 5,
};

struct memory_range {
    u64 start, end; /* bytes; the end is the first address behind it */
    u32 type;
};

struct memory_map {
    unsigned count;
    struct memory_range ranges[MEMORY_MAP_MAX];
};

/*
 * Appends a range. Empty ones are left out, one that wraps around ends at the top. @return 0,
 * -ENOSPC
 */
int memory_map_add(struct memory_map *m, u64 start, u64 size, u32 type);

/*
 * Sorts; where ranges overlap the most restrictive type wins (unknown types are
 * reserved); joins neighbours; cuts RAM to whole pages. @return 0, -ENOSPC (the
 * result would have too many ranges: the highest ones are lost)
 */
int memory_map_sanitise(struct memory_map *m);

/*
 * Takes [@start, @end) out of ranges of all types. The map is sorted before and after. @return 0,
 * -ENOSPC: nothing done
 */
int memory_map_remove(struct memory_map *m, u64 start, u64 end);

/* Cuts off everything from @limit on. @return bytes of RAM lost */
u64 memory_map_clip(struct memory_map *m, u64 limit);

/* True when all of [@start, @end) has type @type in one range of a sanitised map. */
bool memory_map_covers(const struct memory_map *m, u64 start, u64 end, u32 type);

/*
 * Highest place for @size bytes of RAM, aligned to @align (a power of two), in [@low, @high).
 * @return 0: none
 */
u64 memory_map_find(const struct memory_map *m, u64 size, u64 align, u64 low, u64 high);

u64 memory_map_bytes(const struct memory_map *m, u32 type);
/* end of the highest range of this type, 0: none */
u64 memory_map_top(const struct memory_map *m, u32 type);

const char *memory_type_name(u32 type);

#endif
