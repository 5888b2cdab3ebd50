/* SPDX-License-Identifier: GPL-2.0-only */
/* Searching in bit arrays a word at a time (include/bitmap.h). Any context; the caller locks if it must. */
#include "bitmap.h"

/* @flip: ~0 looks for clear bits, 0 for set ones. */
static unsigned find_next(const unsigned long *map, unsigned size, unsigned from, unsigned long flip)
{
    unsigned word, nr;
    unsigned long bits;

    if (from >= size)
        return size;
    word = from / BITS_PER_LONG;
    bits = (READ_ONCE(map[word]) ^ flip) & (~0UL << (from % BITS_PER_LONG));
    while (!bits) {
        if (++word >= BITS_TO_LONGS(size))
            return size;
        bits = READ_ONCE(map[word]) ^ flip;
    }
    nr = word * BITS_PER_LONG + (unsigned)__builtin_ctzl(bits);
    return nr < size ? nr : size;
}

unsigned find_next_bit(const unsigned long *map, unsigned size, unsigned from)
{
    return find_next(map, size, from, 0);
}

unsigned find_next_zero_bit(const unsigned long *map, unsigned size, unsigned from)
{
    return find_next(map, size, from, ~0UL);
}
