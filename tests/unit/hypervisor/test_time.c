/* SPDX-License-Identifier: GPL-2.0-only */
/* machine/time_scale.c against wide and floating-point arithmetic and the host's calendar. */
#include <stdlib.h>
#include <time.h>

#include "check.h"

#include "machine/time_scale.c"

static const u64 rates[] = { 1000000, 3579545, 14318180, 500000000, 999999999, 1000000000, 1000000001,
                             1999999999, 2000000000, 2000000001, 2394000000, 3600000000, 5200000000, 12000000000 };

static void test_scale(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
        struct time_scale s = { .tsc_stamp = 1000, .system_stamp = 5 };
        unsigned __int128 exact;
        double error;

        time_scale_set_frequency(&s, rates[i]);
        CHECK(s.tsc_stamp == 1000 && s.system_stamp == 5);
        for (u64 seconds = 1; seconds < 100000000; seconds *= 7) {
            u64 ticks = seconds * rates[i], ns = time_scale_delta(ticks, s.mul, s.shift);

            exact = (unsigned __int128)seconds * NS_PER_SECOND;
            error = (double)ns - (double)exact;
            CHECK(error <= 1 && error >= -2 - 1e-9 * (double)exact);
        }
    }
}

static void test_monotonic(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
        struct time_scale s = { .tsc_stamp = 1UL << 40, .system_stamp = 1UL << 45 };
        nsec_t last = 0, now;

        time_scale_set_frequency(&s, rates[i]);
        for (u64 tsc = s.tsc_stamp - 5000; tsc < s.tsc_stamp + 5000; tsc++) {
            now = time_scale_at(&s, tsc);
            CHECK(now >= last);
            last = now;
        }
        CHECK(time_scale_at(&s, s.tsc_stamp) == s.system_stamp);
    }
}

static void test_ticks(void)
{
    CHECK(time_scale_ticks(0, 1000000) == 0);
    CHECK(time_scale_ticks(1, 1000000) == 1); /* rounded up */
    CHECK(time_scale_ticks(1000000000, 2394000000) == 2394000000);
    CHECK(time_scale_ticks(~0UL, ~0UL) == ~0UL);
    CHECK(time_scale_ticks(~0UL, 1000000000) == ~0UL);
}

static void test_unwrap(void)
{
    const u64 masks[] = { 0xffff, 0xffffff, 0xffffffff };

    for (unsigned m = 0; m < ARRAY_SIZE(masks); m++)
        for (unsigned i = 0; i < 1000; i++) {
            u64 period = masks[m] + 1, from = (u64)random() & masks[m];
            u64 truth = (u64)random() % (period * 20);
            u64 off = (u64)random() % (period / 4);
            u64 expected = i & 1 ? truth + off : truth > off ? truth - off : 0;

            CHECK(time_unwrap(from, (from + truth) & masks[m], masks[m], expected) == truth);
        }
    CHECK(time_unwrap(5, 3, ~0UL, 0) == ~0UL - 1);
}

static void test_dates(void)
{
    for (time_t t = 1; t < 16000000000; t += 40009) {
        struct tm tm;

        gmtime_r(&t, &tm);
        CHECK(time_of_date((unsigned)tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
                           (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec) == (u64)t);
    }
    CHECK(time_of_date(2026, 0, 1, 0, 0, 0) == 0);
    CHECK(time_of_date(2026, 13, 1, 0, 0, 0) == 0);
    CHECK(time_of_date(2026, 1, 1, 24, 0, 0) == 0);
    CHECK(time_of_date(165, 1, 1, 0, 0, 0) == 0);
}

int main(void)
{
    TEST(test_scale);
    TEST(test_monotonic);
    TEST(test_ticks);
    TEST(test_unwrap);
    TEST(test_dates);
    return TEST_RESULT();
}
