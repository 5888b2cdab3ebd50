/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the builder puts things in Domain 0's memory (xen/xen.h, "Start-of-day
 * memory layout"): one contiguous region from the kernel's base on with kernel,
 * initrd if it must be mapped, P2M list unless the kernel wants it elsewhere,
 * start_info, page tables and stack, ending on 4 MiB with at least 512 KiB to
 * spare; behind it, not mapped there, initrd and P2M list. Pure arithmetic.
 */
#include "control/dom0_internal.h"

#define REGION_ALIGN MB(4)
#define REGION_SPARE KB(512)

static u64 pages_of(u64 bytes)
{
    return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

u64 dom0_tables_for(vaddr_t start, vaddr_t end, unsigned shift)
{
    return ((end - 1) >> shift) - (start >> shift) + 1;
}

static u64 tables_below_l4(vaddr_t start, vaddr_t end)
{
    return dom0_tables_for(start, end, 39) + dom0_tables_for(start, end, 30) + dom0_tables_for(start, end, 21);
}

/* Puts @count pages at *@next. */
static struct dom0_range place(u64 *next, u64 count)
{
    struct dom0_range r = { *next, *next + count };

    *next = r.end;
    return r;
}

/* Page tables and stack, with as many tables as the region, which they are part of, needs. */
static void place_tables(struct dom0_layout *l, u64 next)
{
    u64 count = 4, end, n;

    for (;;) {
        n = next;
        l->tables = place(&n, count);
        l->stack = place(&n, 1);
        end = ROUND_UP(dom0_virt(l, n) + REGION_SPARE, REGION_ALIGN);
        l->region = (end - l->virt_start) >> PAGE_SHIFT;
        n = 1 + tables_below_l4(l->virt_start, end);
        if (n == count)
            return;
        count = n;
    }
}

void dom0_layout_make(struct dom0_layout *l, const struct elf_xen *x, u64 initrd_bytes, u64 nr_pages)
{
    u64 p2m_pages = pages_of(nr_pages * sizeof(u64)), next;

    *l = (struct dom0_layout){ .virt_start = x->virt_base, .initrd_mapped = initrd_bytes && !x->mod_start_pfn };
    l->kernel.start = (x->virt_start - x->virt_base) >> PAGE_SHIFT;
    l->kernel.end = pages_of(x->virt_end - x->virt_base);
    next = l->kernel.end;
    if (l->initrd_mapped)
        l->initrd = place(&next, pages_of(initrd_bytes));
    if (x->init_p2m == ELF_UNSET) {
        l->p2m = place(&next, p2m_pages);
        l->p2m_virt = dom0_virt(l, l->p2m.start);
    }
    l->start_info = place(&next, 1);
    place_tables(l, next);
    next = l->region;
    if (initrd_bytes && !l->initrd_mapped)
        l->initrd = place(&next, pages_of(initrd_bytes));
    if (x->init_p2m != ELF_UNSET) {
        l->p2m_virt = x->init_p2m;
        l->p2m_tables = place(&next, tables_below_l4(l->p2m_virt, l->p2m_virt + p2m_pages * PAGE_SIZE));
        l->p2m = place(&next, p2m_pages);
    }
    l->pages = next;
}
