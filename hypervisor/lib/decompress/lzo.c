/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lzop files: a header, then blocks with unpacked length, packed length and a
 * checksum before each, ended by a length of 0. The block decoder is Linux' lib/lzo.
 */
#include "errno.h"
#include "lib/decompress/unpack.h"
#include "shim.h"

#include "lzo/lzo1x_decompress_safe.c"

#define LZOP_MAGIC 9
#define LZOP_HAS_FILTER 0x00000800u
#define LZOP_ADLER_D 0x00000001u
#define LZOP_ADLER_C 0x00000002u
#define LZOP_CRC_D 0x00000100u
#define LZOP_CRC_C 0x00000200u

/* @return offset of the first block and *@flags; 0: the header is cut off. */
static size_t header_size(const u8 *in, size_t len, u32 *flags)
{
    size_t pos = LZOP_MAGIC;
    unsigned version;

    if (len < 64)
        return 0;
    version = (unsigned)in[pos] << 8 | in[pos + 1];
    pos += 2 + 2 + (version >= 0x0940 ? 2 : 0) + 1; /* version, library, needed version, method */
    pos += version >= 0x0940 ? 1 : 0;               /* level */
    *flags = unpack_be32(in + pos);
    pos += *flags & LZOP_HAS_FILTER ? 8 : 4;
    pos += version >= 0x0940 ? 12 : 8;              /* mode, times */
    pos += 1 + (size_t)in[pos] + 4;                 /* name and checksum */
    return pos < len ? pos : 0;
}

/* Bytes between the lengths and the data of a block. */
static size_t checksum_bytes(u32 flags, bool stored)
{
    size_t n = 0;

    n += flags & LZOP_ADLER_D ? 4 : 0;
    n += flags & LZOP_CRC_D ? 4 : 0;
    if (!stored) {
        n += flags & LZOP_ADLER_C ? 4 : 0;
        n += flags & LZOP_CRC_C ? 4 : 0;
    }
    return n;
}

static int unpack_block(struct decompress_job *job, const u8 *data, u32 packed, u32 unpacked)
{
    size_t n = unpacked;
    u8 *out = job->out + job->produced;

    if (unpacked > job->out_len - job->produced)
        return unpack_fail(job, -ENOSPC, "it is larger than it claims");
    if (packed == unpacked)
        memcpy(out, data, packed);
    else if (lzo1x_decompress_safe(data, packed, out, &n) != LZO_E_OK || n != unpacked)
        return unpack_fail(job, -EINVAL, "its data is corrupt");
    job->produced += unpacked;
    return 0;
}

int unpack_lzo(struct decompress_job *job)
{
    u32 flags;
    size_t pos = header_size(job->in, job->in_len, &flags);

    if (!pos)
        return unpack_fail(job, -EINVAL, "its header is cut off");
    for (;;) {
        size_t left = job->in_len - pos;
        u32 unpacked, packed;
        size_t sums;
        int rc;

        if (left < 4)
            return unpack_fail(job, -EINVAL, "it is cut off");
        unpacked = unpack_be32(job->in + pos);
        if (!unpacked)
            return 0;
        packed = left >= 8 ? unpack_be32(job->in + pos + 4) : UINT32_MAX;
        sums = checksum_bytes(flags, packed == unpacked);
        if (packed > unpacked || left < 8 + sums || packed > left - 8 - sums)
            return unpack_fail(job, -EINVAL, "it is cut off or corrupt");
        rc = unpack_block(job, job->in + pos + 8 + sums, packed, unpacked);
        if (rc)
            return rc;
        pos += 8 + sums + packed;
    }
}
