/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRC-32 eight bytes at a time ("slicing by 8"): table k holds the CRC of a
 * byte followed by k zero bytes. The tables are made at the first call, which
 * happens while booting on one CPU; called for checksums of kernels only.
 */
#include "lib/crc32.h"

#define POLY 0xedb88320u /* bit-reflected */

static u32 table[8][256];

static void make_tables(void)
{
    for (u32 i = 0; i < 256; i++) {
        u32 c = i;

        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? POLY : 0);
        table[0][i] = c;
    }
    for (u32 i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

static u32 update8(u32 crc, u64 v)
{
    v ^= crc;
    return table[7][v & 0xff] ^ table[6][v >> 8 & 0xff] ^ table[5][v >> 16 & 0xff] ^ table[4][v >> 24 & 0xff] ^
           table[3][v >> 32 & 0xff] ^ table[2][v >> 40 & 0xff] ^ table[1][v >> 48 & 0xff] ^ table[0][v >> 56];
}

u32 crc32_update(u32 crc, const void *buf, size_t len)
{
    const u8 *p = buf;
    u64 v;

    if (!table[0][1])
        make_tables();
    for (; len >= 8; len -= 8, p += 8) {
        __builtin_memcpy(&v, p, 8);
        crc = update8(crc, v);
    }
    for (; len; len--)
        crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
    return crc;
}
