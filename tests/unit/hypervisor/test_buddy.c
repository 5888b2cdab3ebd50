/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buddy allocator against a map of which frame is whose: alignment, zones,
 * no overlap, contents zeroed, everything merged again at the end, claims, and
 * the TLB flush before a block that was freed since the last flush is given out.
 */
#include "mm_host.h"

#include "../../../hypervisor/mm/buddy.c"

#define FRAMES (6ul << 18) /* 6 GiB of addresses; RAM from 1 MiB to 64 MiB and some above 4 GiB */
#define LOW_START 0x100
#define LOW_END 0x4000
#define HIGH_START (4ul << 18)
#define HIGH_END (HIGH_START + 0x8000)

static u8 *taken;
static unsigned seed = 12345;

static unsigned rnd(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % n;
}

static void set_up(void)
{
    host_memory(FRAMES, LOW_END);
    frame_table_add(MFN(HIGH_START), HIGH_END - HIGH_START);
    buddy_add(MFN(LOW_START), LOW_END - LOW_START);
    buddy_add(MFN(HIGH_START), HIGH_END - HIGH_START);
    taken = calloc(1, FRAMES);
}

static bool take(mfn_t mfn, unsigned order)
{
    bool ok = !(mfn.n & (BIT(order) - 1));

    for (u64 i = mfn.n; i < mfn.n + BIT(order); i++) {
        ok = ok && !taken[i] && ((i >= LOW_START && i < LOW_END) || (i >= HIGH_START && i < HIGH_END));
        taken[i] = 1;
    }
    return ok;
}

static void give_back(mfn_t mfn, unsigned order)
{
    memset(taken + mfn.n, 0, BIT(order));
    *(u64 *)mfn_to_virt(mfn) = ~0ul;
    buddy_free(mfn, order);
}

static void counts(void)
{
    CHECK(buddy_free_frames() == LOW_END - LOW_START + HIGH_END - HIGH_START);
    CHECK(buddy_total_frames() == buddy_free_frames());
    CHECK(buddy_free_frames_below_4g() == LOW_END - LOW_START);
    CHECK(mfn_valid(MFN(0)) && !mfn_valid(MFN(LOW_END)) && !mfn_valid(MFN(FRAMES + 5)) && !mfn_valid(INVALID_MFN));
}

static void zones(void)
{
    mfn_t any = buddy_alloc(0, 0, BUDDY_ANY), low = buddy_alloc(3, 0, BUDDY_BELOW_4G);
    mfn_t dma = buddy_alloc(0, 24, BUDDY_ANY), none = buddy_alloc(0, 19, BUDDY_ANY);

    CHECK(any.n >= HIGH_START);
    CHECK(low.n < LOW_END && take(low, 3));
    CHECK(dma.n < BIT(24 - PAGE_SHIFT));
    CHECK(mfn_eq(none, INVALID_MFN));
    CHECK(mfn_eq(buddy_alloc(19, 0, BUDDY_ANY), INVALID_MFN));
    CHECK(mfn_eq(buddy_alloc(18, 0, BUDDY_ANY), INVALID_MFN));
    give_back(low, 3);
    buddy_free(any, 0);
    buddy_free(dma, 0);
}

static void random_use(void)
{
    static struct {
        mfn_t mfn;
        unsigned order;
    } held[500];
    unsigned n = 0;
    bool ok = true;

    for (unsigned i = 0; i < 40000; i++) {
        if (n < ARRAY_SIZE(held) && (!n || rnd(2))) {
            unsigned order = rnd(rnd(10) + 1);
            mfn_t mfn = buddy_alloc(order, rnd(4) ? 0 : 26, rnd(2) ? BUDDY_ANY : BUDDY_BELOW_4G);

            if (mfn_eq(mfn, INVALID_MFN))
                continue;
            ok = ok && take(mfn, order) && *(u64 *)mfn_to_virt(mfn) == 0;
            held[n].mfn = mfn;
            held[n++].order = order;
        } else {
            unsigned k = rnd(n);

            give_back(held[k].mfn, held[k].order);
            held[k] = held[--n];
        }
    }
    CHECK(ok);
    while (n--)
        give_back(held[n].mfn, held[n].order);
    counts();
    CHECK(zones_with[15] == BIT(33 - ZONE_MIN_BITS)); /* merged into one block again */
}

static void exhaustion(void)
{
    u64 n = 0, all = buddy_free_frames();
    mfn_t mfn, first = INVALID_MFN;

    while (mfn = buddy_alloc(0, 0, BUDDY_NO_SCRUB), !mfn_eq(mfn, INVALID_MFN)) {
        *(u64 *)mfn_to_virt(mfn) = first.n;
        first = mfn;
        n++;
    }
    CHECK(n == all && buddy_free_frames() == 0);
    while (!mfn_eq(first, INVALID_MFN)) {
        mfn = first;
        first = MFN(*(u64 *)mfn_to_virt(mfn));
        buddy_free(mfn, 0);
    }
    counts();
}

static void claims(void)
{
    u64 all = buddy_free_frames();
    mfn_t mfn;

    CHECK(buddy_claim(all + 1) == -ENOMEM && buddy_claim(all) == 0 && buddy_claim(1) == -ENOMEM);
    CHECK(mfn_eq(buddy_alloc(0, 0, BUDDY_ANY), INVALID_MFN));
    mfn = buddy_alloc(0, 0, BUDDY_CLAIMED);
    CHECK(!mfn_eq(mfn, INVALID_MFN));
    buddy_free(mfn, 0);
    buddy_unclaim(all);
    CHECK(buddy_claimed() == 0);
}

static void stale_tlb(void)
{
    mfn_t mfn = buddy_alloc(0, 0, BUDDY_ANY);
    unsigned before;

    buddy_free(mfn, 0);
    before = host_flushes;
    mfn = buddy_alloc(0, 0, BUDDY_ANY);
    CHECK(host_flushes == before + 1); /* freed since the last flush */
    buddy_free(mfn, 0);
    tlb_flush_mask(&cpu_online_mask);
    before = host_flushes;
    mfn = buddy_alloc(0, 0, BUDDY_ANY);
    CHECK(host_flushes == before);
    buddy_free(mfn, 0);
}

int main(void)
{
    set_up();
    TEST(counts);
    TEST(zones);
    TEST(random_use);
    TEST(exhaustion);
    TEST(claims);
    TEST(stale_tlb);
    return TEST_RESULT();
}
