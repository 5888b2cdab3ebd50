/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compiler's helper for dividing 128-bit numbers, which a freestanding image
 * has to bring itself (libgcc's uses the red zone). The sim build takes libgcc's.
 */
#include "bug.h"

typedef unsigned __int128 u128;

u128 __udivti3(u128 n, u128 d);

/* @hi < @d, so that the quotient fits: SDM Vol 2 DIV */
static u64 divide(u64 hi, u64 lo, u64 d)
{
    u64 q, r;

    __asm__("divq %4" : "=a"(q), "=d"(r) : "a"(lo), "d"(hi), "rm"(d));
    return q;
}

u128 __udivti3(u128 n, u128 d)
{
    u64 hi = (u64)(n >> 64), d64 = (u64)d;

    BUG_ON(d >> 64 || !d64); /* nobody needs larger divisors */
    return (u128)(hi / d64) << 64 | divide(hi % d64, (u64)n, d64);
}
