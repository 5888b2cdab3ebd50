/* SPDX-License-Identifier: GPL-2.0-only */
/* The heap: alignment, zeroed contents, no overlap, limits, and that all pages but one for each class come back. */
#include "mm_host.h"

#include "../../../hypervisor/mm/buddy.c"
#include "../../../hypervisor/mm/heap.c"

static void sizes(void)
{
    bool ok = true;

    for (size_t size = 1; size <= KB(64); size += size < 3000 ? 7 : 1021) {
        u8 *p = heap_alloc(size), *q = heap_alloc(size);

        ok = ok && p && q && !((uintptr_t)p & (size >= 64 ? 63 : 15));
        for (size_t i = 0; ok && i < size; i++)
            ok = !p[i] && !q[i];
        memset(p, 0xa5, size);
        for (size_t i = 0; ok && i < size; i++)
            ok = !q[i];
        heap_free(p);
        memset(q, 0x5a, size);
        heap_free(q);
    }
    CHECK(ok);
}

static void limits(void)
{
    CHECK(!heap_alloc(KB(64) + 1) && !heap_alloc(~0ul));
    CHECK(!heap_array(~0ul / 8, 16) && !heap_array(1ul << 32, 1ul << 32));
    heap_free(NULL);
}

static void all_come_back(void)
{
    static void *p[20000];
    u64 before, after;
    unsigned seed = 7;

    before = buddy_free_frames();
    for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
        seed = seed * 1103515245u + 12345u;
        p[i] = heap_alloc(1 + (seed >> 8) % 2500);
        CHECK(p[i]);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
        heap_free(p[(i * 7919u) % ARRAY_SIZE(p)]);
    after = buddy_free_frames();
    CHECK(before - after <= ARRAY_SIZE(class_size));
}

int main(void)
{
    host_memory(0x8000, 0x8000);
    buddy_add(MFN(0x100), 0x7f00);
    TEST(sizes);
    TEST(limits);
    TEST(all_come_back);
    return TEST_RESULT();
}
