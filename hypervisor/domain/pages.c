/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory account of a domain: which frames it owns, how many it may have,
 * what it has claimed. As long as a frame is owned the domain keeps one
 * reference to itself, so that the account outlives the frames. Called by
 * control/ (memory_op, builder), grant transfer and mm/frame.c (the last
 * reference of a frame went). Lock: d->page_lock (LOCK_DOMAIN_PAGES).
 */
#include "atomic.h"
#include "bug.h"
#include "domain/domain.h"
#include "domain/internal.h"
#include "errno.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/paging.h"

/* page_lock held. Counts @n more or fewer frames; the domain refers to itself while it has any. */
static void account_add(struct domain *d, u64 *count, u64 n)
{
    if (*count == 0)
        domain_get(d);
    *count += n;
}

/* @return true: the caller drops the reference after unlocking */
static bool account_sub(u64 *count, u64 n)
{
    BUG_ON(*count < n);
    *count -= n;
    return *count == 0;
}

static void range_widen(struct domain *d, mfn_t mfn, u64 n)
{
    if (mfn.n < d->min_mfn)
        d->min_mfn = mfn.n;
    if (mfn.n + n - 1 > d->max_mfn)
        d->max_mfn = mfn.n + n - 1;
}

/* page_lock held. Frames without owner, which are in the account already, become the domain's. */
static void give_frames(struct domain *d, mfn_t mfn, u64 n)
{
    range_widen(d, mfn, n);
    for (u64 i = 0; i < n; i++) {
        struct frame *f = mfn_to_frame(mfn_add(mfn, i));

        ASSERT(!(f->refs & FRAME_COUNT));
        f->type = 0;
        f->owner = d->id;
        atomic_store(&f->refs, (u32)(FRAME_ALLOCATED | 1)); /* from here on others may refer to it */
        frame_note_write(f);
    }
}

int domain_add_frames(struct domain *d, mfn_t mfn, unsigned order)
{
    u64 n = 1UL << order;
    int rc = 0;

    spin_lock(&d->page_lock);
    if (d->dying) {
        rc = -EINVAL;
    } else if (n > d->max_pages || d->tot_pages > d->max_pages - n) {
        rc = -E2BIG;
    } else {
        account_add(d, &d->tot_pages, n);
        give_frames(d, mfn, n);
    }
    spin_unlock(&d->page_lock);
    return rc;
}

/* ---- claims ---- */

/* Takes up to @n frames off the claim. @return how many */
static u64 claim_take(struct domain *d, u64 n)
{
    u64 taken;

    if (likely(!READ_ONCE(d->claimed_pages)))
        return 0;
    spin_lock(&d->page_lock);
    taken = MIN(d->claimed_pages, n);
    d->claimed_pages -= taken;
    spin_unlock(&d->page_lock);
    return taken;
}

/* They were not used. A dying domain has no claim: whoever ends it has looked after @d->dying was set. */
static void claim_return(struct domain *d, u64 n)
{
    bool dying;

    if (!n)
        return;
    spin_lock(&d->page_lock);
    dying = d->dying;
    if (!dying)
        d->claimed_pages += n;
    spin_unlock(&d->page_lock);
    if (dying)
        buddy_unclaim(n);
}

/* A part of the claim that is too small for @n is of use only where there is memory enough without it. */
static mfn_t alloc_frames(struct domain *d, unsigned order, unsigned max_bits, unsigned flags, u64 claimed)
{
    mfn_t mfn = buddy_alloc(order, max_bits, flags | (claimed == 1UL << order ? BUDDY_CLAIMED : 0));

    if (mfn_eq(mfn, INVALID_MFN))
        return mfn;
    if (domain_add_frames(d, mfn, order)) {
        buddy_free(mfn, order);
        return INVALID_MFN;
    }
    return mfn;
}

/* The claim is taken before the memory and given back if there is none: two CPUs do not use it both. */
mfn_t domain_alloc_frames(struct domain *d, unsigned order, unsigned max_bits, unsigned flags)
{
    u64 n = 1UL << order, claimed;
    mfn_t mfn;

    if (READ_ONCE(d->dying) || n > d->max_pages || READ_ONCE(d->tot_pages) > d->max_pages - n)
        return INVALID_MFN; /* before a large block is taken for nothing; decided below */
    claimed = claim_take(d, n);
    mfn = alloc_frames(d, order, max_bits, flags, claimed);
    if (mfn_eq(mfn, INVALID_MFN))
        claim_return(d, claimed);
    else if (claimed)
        buddy_unclaim(claimed);
    return mfn;
}

int domain_set_claim(struct domain *d, u64 pages)
{
    u64 old, want = 0;
    int rc = 0;

    spin_lock(&d->page_lock);
    old = d->claimed_pages;
    if (pages) {
        if (old || pages < d->tot_pages || pages > d->max_pages || d->dying)
            rc = -EINVAL;
        else
            want = pages - d->tot_pages;
        if (!rc && want)
            rc = buddy_claim(want);
        if (!rc)
            d->claimed_pages = want;
        old = 0;
    } else {
        d->claimed_pages = 0;
    }
    spin_unlock(&d->page_lock);
    if (old)
        buddy_unclaim(old);
    return rc;
}

/* ---- without owner for a while ---- */

int domain_steal_frame(struct domain *d, mfn_t mfn)
{
    struct frame *f;
    u32 expected;

    if (!mfn_valid(mfn))
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (!frame_get(f, d->id))
        return -EINVAL;
    if (f->refs & FRAME_XENHEAP) {
        frame_put(f);
        return -EINVAL;
    }
    expected = READ_ONCE(f->refs);
    do { /* the owner's reference and ours, no other */
        if ((expected & ~(u32)(FRAME_DIRTY | FRAME_FOREIGN)) != (FRAME_ALLOCATED | 2)) {
            frame_put(f);
            return -EBUSY;
        }
    } while (!atomic_cmpxchg(&f->refs, &expected, 0));
    f->type = 0; /* no PTE refers to it, and nobody can find it */
    f->owner = DOMID_INVALID;
    return 0;
}

void domain_flush_stolen(void)
{
    u16 now = tlb_clock();
    struct cpumask mask = cpu_online_mask;

    tlb_filter(&mask, now); /* idle CPUs have nothing of guests */
    tlb_flush_mask(&mask);
}

int domain_return_frames(struct domain *d, mfn_t mfn, unsigned order)
{
    int rc = -EINVAL;

    spin_lock(&d->page_lock);
    if (!d->dying) {
        give_frames(d, mfn, 1UL << order);
        rc = 0;
    }
    spin_unlock(&d->page_lock);
    return rc;
}

void domain_forget_frames(struct domain *d, u64 n)
{
    bool last;

    spin_lock(&d->page_lock);
    last = account_sub(&d->tot_pages, n);
    spin_unlock(&d->page_lock);
    if (last)
        domain_put(d);
}

bool domain_drop_frame(struct domain *d, mfn_t mfn)
{
    struct frame *f = mfn_to_frame(mfn);

    if (f->owner != d->id || !(atomic_and(&f->refs, ~(u32)FRAME_ALLOCATED) & FRAME_ALLOCATED))
        return false;
    frame_put(f);
    return true;
}

/* Registered with mm/: nobody refers to @f any more. */
static void frame_release(struct frame *f, domid_t owner)
{
    struct domain *d = domain_lookup(owner);
    bool heap = f->refs & FRAME_XENHEAP, last;

    BUG_ON(!d); /* a domain lives as long as its frames */
    spin_lock(&d->page_lock);
    last = account_sub(heap ? &d->xenheap_pages : &d->tot_pages, 1);
    if (!heap) {
        f->owner = DOMID_INVALID;
        f->refs = 0;
    }
    spin_unlock(&d->page_lock);
    if (!heap) {
        m2p_set(frame_to_mfn(f), INVALID_M2P_ENTRY); /* not before: what still refers to it may look it up */
        buddy_free(frame_to_mfn(f), 0);
    }
    if (last)
        domain_put(d);
}

void share_frame_with(struct domain *d, void *page, bool writable)
{
    mfn_t mfn = virt_to_mfn(page);
    struct frame *f = mfn_to_frame(mfn);

    spin_lock(&d->page_lock);
    f->type = (u32)(writable ? FRAME_WRITABLE : FRAME_NONE) << TYPE_SHIFT |
              1; /* can become nothing else */
    f->owner = d->id;
    account_add(d, &d->xenheap_pages, 1);
    atomic_store(&f->refs, (u32)(FRAME_XENHEAP | FRAME_ALLOCATED | 1));
    spin_unlock(&d->page_lock);
}

void domains_share_m2p(void)
{
    for (u64 i = 0; i < M2P_EXTENTS; i++) {
        mfn_t mfn = paging_m2p_extent(i);

        for (u64 k = 0; !mfn_eq(mfn, INVALID_MFN) && k < M2P_EXTENT_BYTES >> PAGE_SHIFT; k++)
            share_frame_with(dom_xen, mfn_to_virt(mfn_add(mfn, k)), false);
    }
}

void share_frame_drop(void *page)
{
    struct frame *f = mfn_to_frame(virt_to_mfn(page));

    if (atomic_and(&f->refs, ~(u32)FRAME_ALLOCATED) & FRAME_ALLOCATED)
        frame_put(f);
}

void unshare_frame(void *page)
{
    struct frame *f = mfn_to_frame(virt_to_mfn(page));

    BUG_ON(f->refs & FRAME_COUNT);
    f->owner = DOMID_INVALID;
    f->type = 0;
    f->refs = 0;
}

void domain_pages_init(void)
{
    frame_ops.release = frame_release;
}
