/* SPDX-License-Identifier: GPL-2.0-only */
/* Bits in arrays of unsigned long. Plain versions need the caller's lock; the atomic_ ones do not. */
#ifndef HV_BITMAP_H
#define HV_BITMAP_H

#include "atomic.h"

#define BITS_PER_LONG 64
#define BITS_TO_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)

static inline bool test_bit(unsigned nr, const unsigned long *map)
{
    return READ_ONCE(map[nr / BITS_PER_LONG]) >> (nr % BITS_PER_LONG) & 1;
}

static inline void set_bit(unsigned nr, unsigned long *map)
{
    map[nr / BITS_PER_LONG] |= BIT(nr % BITS_PER_LONG);
}

static inline void clear_bit(unsigned nr, unsigned long *map)
{
    map[nr / BITS_PER_LONG] &= ~BIT(nr % BITS_PER_LONG);
}

/* Each returns the bit's old value. */
static inline bool atomic_test_and_set_bit(unsigned nr, unsigned long *map)
{
    unsigned long bit = BIT(nr % BITS_PER_LONG);

    return atomic_or(&map[nr / BITS_PER_LONG], bit) & bit;
}

static inline bool atomic_test_and_clear_bit(unsigned nr, unsigned long *map)
{
    unsigned long bit = BIT(nr % BITS_PER_LONG);

    return atomic_and(&map[nr / BITS_PER_LONG], ~bit) & bit;
}

/* Number of the lowest set (clear) bit at or above @from; @size when there is none. */
unsigned find_next_bit(const unsigned long *map, unsigned size, unsigned from);
unsigned find_next_zero_bit(const unsigned long *map, unsigned size, unsigned from);

#define for_each_set_bit(nr, map, size) \
    for (nr = find_next_bit(map, size, 0); nr < (size); nr = find_next_bit(map, size, nr + 1))

#endif
