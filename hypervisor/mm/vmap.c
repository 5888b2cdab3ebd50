/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vmap area: linear addresses for devices and for scattered frames. One bit
 * for each page of the first GiB of the area; an unmapped page stands behind every
 * mapping. Lock: LOCK_VMAP for the bitmap and for mapping (two CPUs shall not make the
 * same table); flushing is done without it.
 */
#include "bitmap.h"
#include "machine/cpumask.h"
#include "machine/spinlock.h"
#include "machine/tlb.h"
#include "mm/paging.h"

#define AREA_PAGES (GB(1) >> PAGE_SHIFT)

static unsigned long used[BITS_TO_LONGS(AREA_PAGES)];
static struct spinlock vmap_lock = SPINLOCK_INIT(LOCK_VMAP);

/* First run of @pages clear bits. @return AREA_PAGES: none */
static unsigned find_run(unsigned pages)
{
    unsigned start = find_next_zero_bit(used, AREA_PAGES, 0);

    while (start + pages <= AREA_PAGES) {
        unsigned end = find_next_bit(used, AREA_PAGES, start);

        if (end - start >= pages)
            return start;
        start = find_next_zero_bit(used, AREA_PAGES, end);
    }
    return AREA_PAGES;
}

/* @return address of @frames free pages, 0: none. The lock is held here and below. */
static vaddr_t area_take(u64 frames)
{
    unsigned start;

    if (!frames || frames >= AREA_PAGES)
        return 0;
    start = find_run((unsigned)frames + 1);
    for (unsigned i = 0; start < AREA_PAGES && i <= frames; i++)
        set_bit(start + i, used);
    return start < AREA_PAGES ? VMAP_START + ((u64)start << PAGE_SHIFT) : 0;
}

static void area_give(vaddr_t va, u64 frames)
{
    unsigned start = (unsigned)((va - VMAP_START) >> PAGE_SHIFT);

    for (unsigned i = 0; i <= frames; i++)
        clear_bit(start + i, used);
}

void vunmap(void *va, u64 frames)
{
    if (!va)
        return;
    paging_unmap((vaddr_t)va, frames);
    if (cpumask_empty(&cpu_online_mask))
        tlb_flush_local();
    else
        tlb_flush_mask(&cpu_online_mask);
    spin_lock(&vmap_lock);
    area_give((vaddr_t)va, frames);
    spin_unlock(&vmap_lock);
}

/* Maps @n frames: @mfns, or when that is NULL those from @first on. @return address, 0: no room */
static vaddr_t map_frames(const mfn_t *mfns, mfn_t first, u64 n, u64 flags)
{
    vaddr_t va;

    spin_lock(&vmap_lock);
    va = area_take(n);
    for (u64 i = 0; va && i < n; i++) {
        if (paging_map(va + (i << PAGE_SHIFT), mfns ? mfns[i] : mfn_add(first, i), 1, flags)) {
            paging_unmap(va, i);
            area_give(va, n);
            va = 0;
        }
    }
    spin_unlock(&vmap_lock);
    return va;
}

void *vmap(const mfn_t *mfns, u64 frames)
{
    return (void *)map_frames(mfns, MFN(0), frames, MAP_RW);
}

void *ioremap(paddr_t pa, size_t len, u64 flags)
{
    u64 offset = pa & (PAGE_SIZE - 1), end, frames;
    vaddr_t va;

    if (!len || __builtin_add_overflow(pa, (u64)len, &end))
        return NULL;
    frames = DIV_ROUND_UP(offset + len, PAGE_SIZE);
    va = map_frames(NULL, paddr_to_mfn(pa), frames, flags);
    return va ? (void *)(va + offset) : NULL;
}

void iounmap(void *va, size_t len)
{
    u64 offset = (vaddr_t)va & (PAGE_SIZE - 1);

    if (va)
        vunmap((void *)((vaddr_t)va - offset), DIV_ROUND_UP(offset + len, PAGE_SIZE));
}
