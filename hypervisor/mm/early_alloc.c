/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allocator of the first moments: boot/memory.c adds the free ranges of the
 * memory map, mm/paging.c takes page tables and the frame table from their upper
 * ends, and what is left goes to the buddy allocator. Nothing is ever given
 * back. One CPU, no locks.
 */
#include "bug.h"
#include "mm/paging.h"

#define RANGES_MAX 256

static struct ram_range free_ranges[RANGES_MAX];
static unsigned range_count;
u64 early_allocated;

void early_add(paddr_t start, paddr_t end)
{
    if (range_count < RANGES_MAX && start < end)
        free_ranges[range_count++] = (struct ram_range){ start, end };
}

/* Cuts [@at, @at + @size) out of range @i; what is above it becomes a range of its own. */
static paddr_t take(unsigned i, paddr_t at, u64 size)
{
    struct ram_range *r = &free_ranges[i];
    paddr_t end = r->end;

    r->end = at;
    early_add(at + size, end);
    early_allocated += size;
    return at;
}

paddr_t early_alloc(u64 size, u64 align, paddr_t below)
{
    unsigned best = RANGES_MAX;
    paddr_t best_at = 0;

    for (unsigned i = 0; i < range_count; i++) {
        const struct ram_range *r = &free_ranges[i];
        paddr_t end = below ? MIN(r->end, below) : r->end, at;

        if (end < r->start || end - r->start < size)
            continue;
        at = ROUND_DOWN(end - size, align);
        if (at >= r->start && at > best_at) {
            best = i;
            best_at = at;
        }
    }
    return best < RANGES_MAX ? take(best, best_at, size) : 0;
}

bool early_next(struct ram_range *r)
{
    while (range_count > 0) {
        *r = free_ranges[--range_count];
        if (r->start < r->end)
            return true;
    }
    return false;
}
