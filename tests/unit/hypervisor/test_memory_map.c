/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * boot/memory_map.c and boot/efi_map.c: tidying up broken maps, reservations,
 * finding places; and random maps compared with a table of small pages.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define HV_ERRNO_H /* the host's numbers will do */
#include "boot/memory_map.c"
#include "boot/efi_map.c"

static struct memory_map map;

static void reset(void)
{
    map.count = 0;
}

static bool is_range(unsigned i, u64 start, u64 end, u32 type)
{
    return i < map.count && map.ranges[i].start == start && map.ranges[i].end == end && map.ranges[i].type == type;
}

static void unsorted_and_adjacent(void)
{
    reset();
    memory_map_add(&map, 0x100000, 0x100000, MEMORY_RAM);
    memory_map_add(&map, 0, 0x9f000, MEMORY_RAM);
    memory_map_add(&map, 0x200000, 0x1000, MEMORY_RAM);
    CHECK(memory_map_sanitise(&map) == 0);
    CHECK(map.count == 2);
    CHECK(is_range(0, 0, 0x9f000, MEMORY_RAM));
    CHECK(is_range(1, 0x100000, 0x201000, MEMORY_RAM));
}

static void overlap_takes_the_stricter_type(void)
{
    reset();
    memory_map_add(&map, 0, 0x10000, MEMORY_RAM);
    memory_map_add(&map, 0x4000, 0x2000, MEMORY_RESERVED);
    memory_map_add(&map, 0x5000, 0x2000, MEMORY_NVS);
    memory_map_add(&map, 0x8000, 0x1000, 77); /* unknown: reserved */
    CHECK(memory_map_sanitise(&map) == 0);
    CHECK(map.count == 6);
    CHECK(is_range(0, 0, 0x4000, MEMORY_RAM));
    CHECK(is_range(1, 0x4000, 0x5000, MEMORY_RESERVED));
    CHECK(is_range(2, 0x5000, 0x7000, MEMORY_NVS));
    CHECK(is_range(3, 0x7000, 0x8000, MEMORY_RAM));
    CHECK(is_range(4, 0x8000, 0x9000, MEMORY_RESERVED));
    CHECK(is_range(5, 0x9000, 0x10000, MEMORY_RAM));
}

static void unaligned_ram_is_cut(void)
{
    reset();
    memory_map_add(&map, 0x800, 0x3000, MEMORY_RAM);       /* 0x1000..0x3000 stay */
    memory_map_add(&map, 0x5001, 0xffe, MEMORY_RAM);       /* no whole page */
    memory_map_add(&map, 0x7001, 0x10, MEMORY_RESERVED);   /* kept as it is */
    CHECK(memory_map_sanitise(&map) == 0);
    CHECK(map.count == 2);
    CHECK(is_range(0, 0x1000, 0x3000, MEMORY_RAM));
    CHECK(is_range(1, 0x7001, 0x7011, MEMORY_RESERVED));
}

static void empty_and_wrapping(void)
{
    reset();
    CHECK(memory_map_add(&map, 0x1000, 0, MEMORY_RAM) == 0);
    CHECK(map.count == 0);
    memory_map_add(&map, ~0UL - 0x1fff, 0x10000, MEMORY_RAM);
    CHECK(memory_map_sanitise(&map) == 0);
    CHECK(map.count == 1 && map.ranges[0].end > map.ranges[0].start);
    CHECK(memory_map_clip(&map, GB(1)) > 0);
    CHECK(map.count == 0);
}

static void too_many_ranges(void)
{
    reset();
    for (u64 i = 0; i < MEMORY_MAP_MAX; i++)
        CHECK(memory_map_add(&map, i * 0x3000, 0x1000, MEMORY_RAM) == 0);
    CHECK(memory_map_add(&map, MB(512), 0x1000, MEMORY_RAM) == -ENOSPC);
    CHECK(memory_map_sanitise(&map) == 0);
    CHECK(map.count == MEMORY_MAP_MAX);
    CHECK(memory_map_remove(&map, 0x400, 0x800) == -ENOSPC); /* would split one */
    CHECK(map.count == MEMORY_MAP_MAX);
}

static void clip_at_five_tib(void)
{
    reset();
    memory_map_add(&map, 0, GB(3), MEMORY_RAM);
    memory_map_add(&map, GB(4), GB(8192), MEMORY_RAM);
    CHECK(memory_map_sanitise(&map) == 0);
    CHECK(memory_map_clip(&map, GB(5120)) == GB(4 + 8192 - 5120));
    CHECK(memory_map_top(&map, MEMORY_RAM) == GB(5120));
    CHECK(memory_map_bytes(&map, MEMORY_RAM) == GB(3 + 5116));
}

static void reservations(void)
{
    reset();
    memory_map_add(&map, 0, MB(128), MEMORY_RAM);
    memory_map_sanitise(&map);
    CHECK(memory_map_remove(&map, 0, MB(1)) == 0);
    CHECK(memory_map_remove(&map, MB(2), MB(3)) == 0);
    CHECK(memory_map_remove(&map, MB(100), MB(200)) == 0);
    CHECK(map.count == 2);
    CHECK(is_range(0, MB(1), MB(2), MEMORY_RAM));
    CHECK(is_range(1, MB(3), MB(100), MEMORY_RAM));
    CHECK(memory_map_remove(&map, MB(1), MB(3)) == 0); /* a whole range and the hole behind it */
    CHECK(map.count == 1 && is_range(0, MB(3), MB(100), MEMORY_RAM));
}

static void finding(void)
{
    reset();
    memory_map_add(&map, MB(1), MB(15), MEMORY_RAM);
    memory_map_add(&map, MB(20), 0x5000, MEMORY_RAM);
    memory_map_add(&map, MB(30), MB(30), MEMORY_RESERVED);
    memory_map_sanitise(&map);
    CHECK(memory_map_find(&map, 0x4000, 0x1000, 0, GB(4)) == MB(20) + 0x1000);
    CHECK(memory_map_find(&map, 0x6000, 0x1000, 0, GB(4)) == MB(16) - 0x6000);
    CHECK(memory_map_find(&map, MB(2), MB(2), 0, GB(4)) == MB(14));
    CHECK(memory_map_find(&map, MB(2), MB(2), 0, MB(5)) == MB(2));
    CHECK(memory_map_find(&map, MB(15), 0x1000, MB(1) + 1, GB(4)) == 0);
    CHECK(memory_map_find(&map, MB(15), 0x1000, 0, GB(4)) == MB(1));
    CHECK(memory_map_find(&map, ~0UL, 0x1000, 0, ~0UL) == 0);
    CHECK(memory_map_covers(&map, MB(2), MB(16), MEMORY_RAM));
    CHECK(!memory_map_covers(&map, MB(2), MB(16) + 1, MEMORY_RAM));
    CHECK(!memory_map_covers(&map, MB(31), MB(32), MEMORY_RAM));
    CHECK(!memory_map_covers(&map, MB(4), MB(2), MEMORY_RAM));
}

static void uefi_map(void)
{
    struct {
        struct efi_descriptor d;
        u64 more; /* firmware may use larger descriptors */
    } e[] = {
        { { .type = 3, .start = 0x0, .pages = 0x10, .attributes = 0xf }, 0 },
        { { .type = 7, .start = 0x10000, .pages = 0x10, .attributes = 0xf }, 0 },
        { { .type = 6, .start = 0x20000, .pages = 1, .attributes = 0x800000000000000f }, 0 },
        { { .type = 7, .start = 0x21000, .pages = 1, .attributes = 0x1 }, 0 }, /* cannot be cached */
        { { .type = 9, .start = 0x22000, .pages = 1, .attributes = 0xf }, 0 },
        { { .type = 7, .start = 0x1000, .pages = ~0UL, .attributes = 0xf }, 0 }, /* nonsense */
    };

    CHECK(efi_map_convert(e, sizeof(e), sizeof(e[0]), &map) == 0);
    CHECK(memory_map_sanitise(&map) == 0);
    CHECK(map.count == 3);
    CHECK(is_range(0, 0, 0x20000, MEMORY_RAM));
    CHECK(is_range(1, 0x20000, 0x22000, MEMORY_RESERVED));
    CHECK(is_range(2, 0x22000, 0x23000, MEMORY_ACPI));
    CHECK(efi_map_convert(e, sizeof(e), 8, &map) == 0 && map.count == 0); /* step too small */
}

#define PAGES 64

/* Random overlapping ranges of whole pages: every page must end up with the strictest type that named it. */
static void random_maps(void)
{
    srand(1);
    for (int round = 0; round < 2000; round++) {
        u32 want[PAGES] = { 0 };

        reset();
        for (int n = rand() % 12; n > 0; n--) {
            unsigned start = (unsigned)rand() % PAGES, len = (unsigned)rand() % (PAGES - start);
            u32 type = 1 + (u32)rand() % 5;

            memory_map_add(&map, start * PAGE_SIZE, len * PAGE_SIZE, type);
            for (unsigned p = start; p < start + len; p++)
                if (restriction(type) > restriction(want[p]))
                    want[p] = type;
        }
        CHECK(memory_map_sanitise(&map) == 0);
        for (unsigned i = 1; i < map.count; i++)
            CHECK(map.ranges[i - 1].end <= map.ranges[i].start);
        for (unsigned p = 0; p < PAGES; p++)
            for (u32 t = 1; t <= 5; t++)
                CHECK(memory_map_covers(&map, p * PAGE_SIZE, (p + 1) * PAGE_SIZE, t) == (want[p] == t));
    }
}

int main(void)
{
    TEST(unsorted_and_adjacent);
    TEST(overlap_takes_the_stricter_type);
    TEST(unaligned_ram_is_cut);
    TEST(empty_and_wrapping);
    TEST(too_many_ranges);
    TEST(clip_at_five_tib);
    TEST(reservations);
    TEST(finding);
    TEST(uefi_map);
    TEST(random_maps);
    return TEST_RESULT();
}
