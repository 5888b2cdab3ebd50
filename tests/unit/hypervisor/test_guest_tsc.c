/* SPDX-License-Identifier: GPL-2.0-only */
/* domain/guest_tsc.c: modes, exact arithmetic, and that a guest's clock made from it agrees with system time. */
#include <stdlib.h>

#include "check.h"

#include "domain/guest_tsc.c"
#include "machine/time_scale.c"

static nsec_t now = 1000;

nsec_t system_time(void)
{
    return now;
}

u64 tsc_khz(void)
{
    return 2394000;
}

static void test_modes(void)
{
    struct domain d = { .id = 1 }, dom0 = { .privileged = true };

    u64 before = rdtsc();

    CHECK(guest_tsc(&d) - before < 1UL << 40); /* nothing set: the machine's */
    CHECK(domain_set_tsc(&d, TSC_MODE_DEFAULT, 0, 0, 0) == 0 && !d.tsc.emulated);
    CHECK(domain_set_tsc(&d, TSC_MODE_DEFAULT, 2394000, 5, 1) == 0 && !d.tsc.emulated);
    CHECK(domain_set_tsc(&d, TSC_MODE_DEFAULT, 1000000, 5, 1) == 0 && d.tsc.emulated); /* it came from another machine */
    CHECK(domain_set_tsc(&d, TSC_MODE_NEVER_EMULATE, 1000000, 5, 1) == 0 && !d.tsc.emulated && d.tsc.khz == 2394000);
    CHECK(domain_set_tsc(&d, TSC_MODE_ALWAYS_EMULATE, 0, 0, 3) == 0 && d.tsc.emulated && d.tsc.incarnation == 3);
    CHECK(domain_set_tsc(&d, 3, 0, 0, 0) == -EINVAL && d.tsc.mode == TSC_MODE_ALWAYS_EMULATE);
    CHECK(domain_set_tsc(&dom0, TSC_MODE_ALWAYS_EMULATE, 0, 0, 0) == 0 && !dom0.tsc.emulated);
}

static void test_counting(void)
{
    struct domain d = { .id = 1 };

    now = 5000;
    domain_set_tsc(&d, TSC_MODE_ALWAYS_EMULATE, 1000000, 0, 0);
    CHECK(guest_tsc(&d) == 0);
    now += 123;
    CHECK(guest_tsc(&d) == 123);
    CHECK(guest_tsc_at(&d, 4000) == -1000UL); /* before it was made */
    domain_set_tsc(&d, TSC_MODE_ALWAYS_EMULATE, 2000000, 3600000000000UL, 0); /* has run for longer than this machine */
    CHECK(guest_tsc(&d) == 7200000000000UL);
    now += 50;
    CHECK(guest_tsc(&d) == 7200000000100UL);
}

/* struct vcpu_time_info made from it: never backwards across updates, and close to system time. */
static void test_clock(void)
{
    static const u32 rates[] = { 1, 999, 1000000, 1193182, 2394001, 5200000 };
    struct domain d = { .id = 1 };

    for (unsigned i = 0; i < ARRAY_SIZE(rates); i++) {
        struct time_scale s;
        nsec_t last = 0, seen, step;

        now = 1UL << 40;
        domain_set_tsc(&d, TSC_MODE_ALWAYS_EMULATE, rates[i], 0, 0);
        srand(i);
        s = d.tsc.scale;
        for (unsigned n = 0; n < 20000; n++) {
            if (n % 16 == 0) {
                s.system_stamp = now;
                s.tsc_stamp = guest_tsc_at(&d, now);
            }
            step = (nsec_t)rand() % 40000000;
            now += step;
            seen = time_scale_at(&s, guest_tsc(&d));
            CHECK(seen + 2000000000UL / rates[i] >= last && seen <= now + 2000000 / rates[i] + 2);
            CHECK(now - seen <= 2000000 / rates[i] + 2 || seen > now);
            last = seen;
        }
    }
}

int main(void)
{
    TEST(test_modes);
    TEST(test_counting);
    TEST(test_clock);
    return TEST_RESULT();
}
