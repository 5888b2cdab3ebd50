/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unpackers' malloc(): pieces of the job's scratch memory, never given back
 * in part. One job at a time (boot only), no lock.
 */
#include "lib/decompress/unpack.h"

static u8 *next, *end;

void unpack_arena_set(u8 *memory, size_t size)
{
    next = memory;
    end = memory + size;
}

void *unpack_alloc(size_t size)
{
    u8 *p = next;

    size = ROUND_UP(size, 16);
    if (size > (size_t)(end - p))
        return NULL;
    next += size;
    return p;
}
