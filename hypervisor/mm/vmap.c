/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vmap area: linear addresses for devices and for scattered frames. One bit
 * for each page of the first GiB of the area; an unmapped page stands behind every
 * mapping. Lock: LOCK_VMAP for the bitmap; flushing is done without it.
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

/* @return address of @frames free pages, 0: none */
static vaddr_t area_take(u64 frames)
{
    unsigned start;

    if (!frames || frames >= AREA_PAGES)
        return 0;
    spin_lock(&vmap_lock);
    start = find_run((unsigned)frames + 1);
    for (unsigned i = 0; start < AREA_PAGES && i <= frames; i++)
        set_bit(start + i, used);
    spin_unlock(&vmap_lock);
    return start < AREA_PAGES ? VMAP_START + ((u64)start << PAGE_SHIFT) : 0;
}

static void area_give(vaddr_t va, u64 frames)
{
    unsigned start = (unsigned)((va - VMAP_START) >> PAGE_SHIFT);

    spin_lock(&vmap_lock);
    for (unsigned i = 0; i <= frames; i++)
        clear_bit(start + i, used);
    spin_unlock(&vmap_lock);
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
    area_give((vaddr_t)va, frames);
}

void *vmap(const mfn_t *mfns, u64 frames)
{
    vaddr_t va = area_take(frames);

    for (u64 i = 0; va && i < frames; i++) {
        if (paging_map(va + (i << PAGE_SHIFT), mfns[i], 1, MAP_RW)) {
            paging_unmap(va, i);
            area_give(va, frames);
            return NULL;
        }
    }
    return (void *)va;
}

void *ioremap(paddr_t pa, size_t len, u64 flags)
{
    u64 offset = pa & (PAGE_SIZE - 1), end, frames;
    vaddr_t va;

    if (!len || __builtin_add_overflow(pa, (u64)len, &end))
        return NULL;
    frames = DIV_ROUND_UP(offset + len, PAGE_SIZE);
    va = area_take(frames);
    if (!va)
        return NULL;
    if (paging_map(va, paddr_to_mfn(pa), frames, flags)) {
        area_give(va, frames);
        return NULL;
    }
    return (void *)(va + offset);
}

void iounmap(void *va, size_t len)
{
    u64 offset = (vaddr_t)va & (PAGE_SIZE - 1);

    if (va)
        vunmap((void *)((vaddr_t)va - offset), DIV_ROUND_UP(offset + len, PAGE_SIZE));
}
