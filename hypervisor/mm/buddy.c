/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The binary buddy allocator. A zone holds the frames whose address has the
 * same number of bits, so that "below 2^n" is a set of zones and no block
 * straddles two. Free blocks are linked through their own memory (direct map);
 * their first frame record says FRAME_FREE and the order.
 *
 * A guest may still have stale TLB entries of a frame that it gave back: a
 * freed block keeps the TLB clock of that moment, and before the block is given
 * out the CPUs that have not flushed since do so. Lock: buddy_lock
 * (LOCK_BUDDY), released before flushing and zeroing.
 */
#include "mm/buddy.h"

#include "bug.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/spinlock.h"
#include "machine/tlb.h"

#define ZONE_MIN_BITS 20
#define ZONES 28 /* zone z: addresses of ZONE_MIN_BITS + z bits; the lowest one also all below */
#define ZONES_BELOW_4G (BIT(32 - ZONE_MIN_BITS + 1) - 1)
#define NO_BLOCK 0 /* frame 0 is never free */

struct free_block { /* at the start of a free block's memory */
    u64 prev, next; /* frame numbers, NO_BLOCK at the ends */
};

static struct spinlock buddy_lock = SPINLOCK_INIT(LOCK_BUDDY);
static u64 heads[ZONES][MAX_ORDER + 1]; /* first block of each list */
static u32 zones_with[MAX_ORDER + 1];   /* by order: zones whose list is not empty */
static u64 free_frames, free_below_4g, total_frames, claimed_frames;

static unsigned zone_of(u64 mfn)
{
    unsigned bits = mfn ? 64 - __builtin_clzl(mfn) + PAGE_SHIFT : 0;

    return bits > ZONE_MIN_BITS ? bits - ZONE_MIN_BITS : 0;
}

static struct free_block *block_at(u64 mfn)
{
    return mfn_to_virt(MFN(mfn));
}

static void account(unsigned zone, s64 frames)
{
    free_frames += frames;
    if (BIT(zone) & ZONES_BELOW_4G)
        free_below_4g += frames;
}

/* Puts a block on its list. Its records are clean. */
static void block_insert(u64 mfn, unsigned order, unsigned zone, u16 stamp)
{
    struct frame *f = mfn_to_frame(MFN(mfn));
    struct free_block *b = block_at(mfn);

    b->prev = NO_BLOCK;
    b->next = heads[zone][order];
    if (b->next != NO_BLOCK)
        block_at(b->next)->prev = mfn;
    heads[zone][order] = mfn;
    zones_with[order] |= BIT(zone);
    f->order = order;
    f->type = stamp;
    f->refs = FRAME_FREE;
}

/* Takes a block off its list; its first record is clean then. @return the TLB stamp */
static u16 block_remove(u64 mfn, unsigned order, unsigned zone)
{
    struct frame *f = mfn_to_frame(MFN(mfn));
    struct free_block *b = block_at(mfn);
    u16 stamp = f->type;

    if (b->prev != NO_BLOCK)
        block_at(b->prev)->next = b->next;
    else
        heads[zone][order] = b->next;
    if (b->next != NO_BLOCK)
        block_at(b->next)->prev = b->prev;
    if (heads[zone][order] == NO_BLOCK)
        zones_with[order] &= ~BIT(zone);
    f->refs = 0;
    f->type = 0;
    f->order = 0;
    return stamp;
}

/* Merges a block with its free buddies as far as possible and puts the result on its list. */
static void block_free(u64 mfn, unsigned order, u16 stamp)
{
    unsigned zone = zone_of(mfn);

    account(zone, 1L << order);
    while (order < MAX_ORDER) {
        u64 buddy = mfn ^ BIT(order);
        struct frame *f = mfn_to_frame(MFN(buddy));
        u16 other;

        if (!mfn_valid(MFN(buddy)) || !(f->refs & FRAME_FREE) || f->order != order || zone_of(buddy) != zone)
            break;
        other = block_remove(buddy, order, zone);
        stamp = MAX(stamp, other);
        mfn &= ~BIT(order);
        order++;
    }
    block_insert(mfn, order, zone, stamp);
}

/* Finds the smallest sufficient block in @zones, highest zone first, and splits it. @return NO_BLOCK: none */
static u64 block_take(unsigned order, u32 zones, u16 *stamp)
{
    unsigned zone, k = order;
    u64 mfn;

    while (k <= MAX_ORDER && !(zones_with[k] & zones))
        k++;
    if (k > MAX_ORDER)
        return NO_BLOCK;
    zone = 31 - __builtin_clz(zones_with[k] & zones);
    mfn = heads[zone][k];
    *stamp = block_remove(mfn, k, zone);
    account(zone, -(1L << order));
    while (k > order) { /* keep the upper half: low addresses are the scarce ones */
        k--;
        block_insert(mfn, k, zone, *stamp);
        mfn += BIT(k);
    }
    return mfn;
}

static u32 zones_allowed(unsigned max_bits, unsigned flags)
{
    if (flags & BUDDY_BELOW_4G)
        max_bits = max_bits && max_bits < 32 ? max_bits : 32;
    if (!max_bits || max_bits >= ZONE_MIN_BITS + ZONES)
        return BIT(ZONES) - 1;
    return max_bits < ZONE_MIN_BITS ? 0 : BIT(max_bits - ZONE_MIN_BITS + 1) - 1;
}

mfn_t buddy_alloc(unsigned order, unsigned max_bits, unsigned flags)
{
    u32 zones = zones_allowed(max_bits, flags);
    struct cpumask mask;
    u64 mfn = NO_BLOCK;
    u16 stamp = 0;

    if (order > MAX_ORDER)
        return INVALID_MFN;
    spin_lock(&buddy_lock);
    if ((flags & BUDDY_CLAIMED) || free_frames >= claimed_frames + BIT(order)) {
        mfn = block_take(order, zones & ~ZONES_BELOW_4G, &stamp);
        if (mfn == NO_BLOCK)
            mfn = block_take(order, zones & ZONES_BELOW_4G, &stamp);
    }
    spin_unlock(&buddy_lock);
    if (mfn == NO_BLOCK)
        return INVALID_MFN;

    mfn_to_frame(MFN(mfn))->order = order;
    if (stamp) {
        mask = cpu_online_mask;
        tlb_filter(&mask, stamp);
        if (!cpumask_empty(&mask))
            tlb_flush_mask(&mask);
    }
    if (!(flags & BUDDY_NO_SCRUB))
        memset(mfn_to_virt(MFN(mfn)), 0, PAGE_SIZE << order);
    return MFN(mfn);
}

void buddy_free(mfn_t mfn, unsigned order)
{
    struct frame *f = mfn_to_frame(mfn);
    u16 stamp = tlb_clock();

    BUG_ON(!mfn.n || order > MAX_ORDER || (mfn.n & (BIT(order) - 1)));
    for (u64 i = 0; i < BIT(order); i++) {
        BUG_ON(f[i].refs || (f[i].type & (TYPE_COUNT | TYPE_LOCKED | TYPE_PARTIAL)));
        f[i].type = 0;
        f[i].owner = DOMID_INVALID;
        f[i].order = 0;
    }
    spin_lock(&buddy_lock);
    block_free(mfn.n, order, stamp);
    spin_unlock(&buddy_lock);
}

void buddy_add(mfn_t start, u64 frames)
{
    u64 mfn = start.n, end = start.n + frames;

    if (!mfn)
        mfn = 1;
    spin_lock(&buddy_lock);
    while (mfn < end) {
        unsigned order = MIN(MAX_ORDER, __builtin_ctzl(mfn));

        while (BIT(order) > end - mfn || zone_of(mfn + BIT(order) - 1) != zone_of(mfn))
            order--;
        ASSERT(mfn_valid(MFN(mfn)) && mfn_valid(MFN(mfn + BIT(order) - 1)));
        total_frames += BIT(order);
        block_free(mfn, order, 0);
        mfn += BIT(order);
    }
    spin_unlock(&buddy_lock);
}

u64 buddy_free_frames(void)
{
    return READ_ONCE(free_frames);
}

u64 buddy_total_frames(void)
{
    return READ_ONCE(total_frames);
}

u64 buddy_free_frames_below_4g(void)
{
    return READ_ONCE(free_below_4g);
}

int buddy_claim(u64 frames)
{
    int rc = -ENOMEM;

    spin_lock(&buddy_lock);
    if (free_frames >= claimed_frames && frames <= free_frames - claimed_frames) {
        claimed_frames += frames;
        rc = 0;
    }
    spin_unlock(&buddy_lock);
    return rc;
}

void buddy_unclaim(u64 frames)
{
    spin_lock(&buddy_lock);
    ASSERT(frames <= claimed_frames);
    claimed_frames -= MIN(frames, claimed_frames);
    spin_unlock(&buddy_lock);
}

u64 buddy_claimed(void)
{
    return READ_ONCE(claimed_frames);
}

void *pages_alloc(unsigned order)
{
    mfn_t mfn = buddy_alloc(order, 0, BUDDY_CLAIMED);

    return mfn_eq(mfn, INVALID_MFN) ? NULL : mfn_to_virt(mfn);
}

void pages_free(void *pages, unsigned order)
{
    mfn_t mfn;

    if (!pages)
        return;
    mfn = virt_to_mfn(pages);
    BUG_ON(mfn_to_frame(mfn)->order != order);
    buddy_free(mfn, order);
}

void *page_alloc(void)
{
    return pages_alloc(0);
}

void page_free(void *page)
{
    pages_free(page, 0);
}
