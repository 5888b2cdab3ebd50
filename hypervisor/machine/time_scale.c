/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic of clocks, without hardware: the fixed-point scale of the ABI
 * (struct vcpu_time_info, xen/xen.h), counters that wrap, and dates. Pure;
 * tests/unit/hypervisor/test_time.c checks it against wide arithmetic.
 */
#include "machine/time_internal.h"

#define NS_PER_SECOND 1000000000UL

/*
 * ns = (ticks << shift) * mul >> 32, with mul between 2^31 and 2^32 so that it
 * has 32 significant bits.
 */
void time_scale_set_frequency(struct time_scale *s, u64 hz)
{
    u64 t = hz;
    s8 shift = 0;

    while (t > NS_PER_SECOND * 2) {
        t >>= 1;
        shift--;
    }
    while (t <= NS_PER_SECOND) {
        t <<= 1;
        shift++;
    }
    s->shift = shift;
    /* mul = 2^32 * 10^9 / (hz * 2^shift), without the bits that t has lost */
    if (shift >= 0)
        s->mul = (u32)(((unsigned __int128)NS_PER_SECOND << 32) / ((unsigned __int128)hz << shift));
    else
        s->mul = (u32)(((unsigned __int128)NS_PER_SECOND << (32 - shift)) / hz);
}

u64 time_scale_delta(u64 ticks, u32 mul, s8 shift)
{
    if (shift >= 0)
        ticks <<= shift;
    else
        ticks >>= -shift;
    return (u64)((unsigned __int128)ticks * mul >> 32);
}

nsec_t time_scale_at(const struct time_scale *s, u64 tsc)
{
    if ((s64)(tsc - s->tsc_stamp) < 0)
        return s->system_stamp - time_scale_delta(s->tsc_stamp - tsc, s->mul, s->shift);
    return s->system_stamp + time_scale_delta(tsc - s->tsc_stamp, s->mul, s->shift);
}

u64 time_scale_ticks(u64 ns, u64 hz)
{
    unsigned __int128 ticks = ((unsigned __int128)ns * hz + NS_PER_SECOND - 1) / NS_PER_SECOND;

    return ticks > ~0UL ? ~0UL : (u64)ticks;
}

u64 time_unwrap(u64 from, u64 to, u64 mask, u64 expected)
{
    u64 period = mask + 1, delta = (to - from) & mask;

    if (!period) /* 64 bits never wrap */
        return delta;
    while (delta + period / 2 < expected)
        delta += ROUND_DOWN(MAX(expected - delta, period), period);
    return delta;
}

static bool is_leap(unsigned y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

u64 time_of_date(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second)
{
    static const u16 days_before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    u64 days;

    if (year < 1970 || year > 2500 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59 || second > 60)
        return 0;
    days = (u64)(year - 1970) * 365 + days_before[month - 1] + day - 1;
    for (unsigned y = 1972; y < year; y += 4)
        days += is_leap(y);
    if (month > 2)
        days += is_leap(year);
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}
