/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks up function names by address. Linear, since only panics ask. Constant data, no locks. */
#include "machine/symbols.h"

#include "lib/string.h"

extern const u32 symbol_count, symbol_offsets[];
extern const char symbol_names[], image_start[], text_end[];

bool is_text(u64 va)
{
    return va >= (u64)image_start && va < (u64)text_end;
}

const char *symbol_find(u64 va, u64 *offset)
{
    const char *name = symbol_names, *found = NULL;

    if (!is_text(va))
        return NULL;
    va -= (u64)image_start;
    for (u32 i = 0; i < symbol_count && symbol_offsets[i] <= va; i++) {
        found = name;
        *offset = va - symbol_offsets[i];
        name += strlen(name) + 1;
    }
    return found;
}
