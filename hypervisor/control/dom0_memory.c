/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of Domain 0 while it is built: frames from the allocator in blocks as
 * large as there are, and the two tables that translate. The P2M list is one
 * block of memory from the start, so that it can be filled in directly; its
 * frames are the domain's own like all others.
 */
#include "control/dom0_internal.h"
#include "lib/string.h"
#include "machine/panic.h"
#include "mm/buddy.h"

static void set_range(struct dom0_memory *m, u64 pfn, mfn_t mfn, u64 count)
{
    for (u64 i = 0; i < count; i++) {
        m->p2m[pfn + i] = mfn.n + i;
        m2p_set(mfn_add(mfn, i), pfn + i);
    }
    m->pages += count;
}

static void out_of_memory(void)
{
    panic_configuration("Not enough memory for Domain 0: lower dom0_mem=, or add memory\n");
}

void dom0_memory_take(struct dom0_memory *m, struct dom0_range r, mfn_t mfn)
{
    for (u64 pfn = r.start; pfn < r.end; pfn++)
        if (domain_add_frames(m->d, mfn_add(mfn, pfn - r.start), 0))
            out_of_memory();
    set_range(m, r.start, mfn, r.end - r.start);
}

void dom0_memory_start(struct dom0_memory *m, struct domain *d, u64 nr_pages, struct dom0_range at)
{
    u64 count = at.end - at.start;
    unsigned order = 0;
    mfn_t mfn;

    while (BIT(order) < count)
        order++;
    mfn = buddy_alloc(order, 0, BUDDY_NO_SCRUB);
    if (mfn_eq(mfn, INVALID_MFN))
        out_of_memory();
    for (u64 i = count; i < BIT(order); i++)
        buddy_free(mfn_add(mfn, i), 0);
    *m = (struct dom0_memory){ .d = d, .p2m = mfn_to_virt(mfn) };
    memset(m->p2m, 0xff, count << PAGE_SHIFT); /* INVALID_P2M_ENTRY */
    dom0_memory_take(m, at, mfn);
}

/* First pfn from @pfn on that has memory, or @end. */
static u64 gap_end(const struct dom0_memory *m, u64 pfn, u64 end)
{
    while (pfn < end && m->p2m[pfn] == INVALID_M2P_ENTRY)
        pfn++;
    return pfn;
}

static void fill_gap(struct dom0_memory *m, u64 pfn, u64 end)
{
    unsigned order = MAX_ORDER;

    while (pfn < end) {
        mfn_t mfn;

        while (BIT(order) > end - pfn)
            order--;
        while (mfn_eq(mfn = domain_alloc_frames(m->d, order, 0, BUDDY_NO_SCRUB), INVALID_MFN))
            if (!order--)
                out_of_memory();
        set_range(m, pfn, mfn, BIT(order));
        pfn += BIT(order);
    }
}

void dom0_memory_fill(struct dom0_memory *m, struct dom0_range r)
{
    u64 pfn = r.start;

    while (pfn < r.end) {
        u64 end = gap_end(m, pfn, r.end);

        fill_gap(m, pfn, end);
        for (pfn = end; pfn < r.end && m->p2m[pfn] != INVALID_M2P_ENTRY; pfn++)
            ; /* the list itself, or a module */
    }
}

void *dom0_page(const struct dom0_memory *m, u64 pfn)
{
    return mfn_to_virt(MFN(m->p2m[pfn]));
}

void dom0_copy(const struct dom0_memory *m, u64 gpa, const void *src, u64 len)
{
    while (len) {
        u64 off = gpa % PAGE_SIZE, n = MIN(len, PAGE_SIZE - off);
        u64 pfn = gpa >> PAGE_SHIFT;
        u8 *dst = (u8 *)dom0_page(m, pfn) + off;

        /* As far as the frames are contiguous. */
        while (n < len && m->p2m[pfn + 1] == m->p2m[pfn] + 1) {
            n = MIN(len, n + PAGE_SIZE);
            pfn++;
        }
        if (src) {
            memcpy(dst, src, n);
            src = (const u8 *)src + n;
        } else {
            memset(dst, 0, n);
        }
        gpa += n;
        len -= n;
    }
}
