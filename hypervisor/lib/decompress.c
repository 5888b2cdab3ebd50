/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recognises a compressed stream and calls its unpacker in lib/decompress/.
 * Called by control/dom0_kernel.c while booting, on one CPU; no locks.
 */
#include "lib/decompress.h"

#include "errno.h"
#include "lib/decompress/unpack.h"
#include "lib/string.h"

static const struct format {
    const char *name;
    u8 magic[4];
    u8 magic_len;
    size_t scratch;
    int (*unpack)(struct decompress_job *job);
} formats[] = {
    [DECOMPRESS_NONE] = { .name = "unknown" },
    [DECOMPRESS_GZIP] = { "gzip", { 0x1f, 0x8b, 0x08 }, 3, KB(64), unpack_gzip },
    [DECOMPRESS_BZIP2] = { "bzip2", { 'B', 'Z', 'h' }, 3, MB(4), unpack_bzip2 },
    [DECOMPRESS_LZMA] = { "lzma", { 0x5d, 0x00, 0x00 }, 3, KB(64), unpack_lzma },
    [DECOMPRESS_XZ] = { "xz", { 0xfd, '7', 'z', 'X' }, 4, KB(64), unpack_xz },
    [DECOMPRESS_LZO] = { "lzo", { 0x89, 'L', 'Z', 'O' }, 4, 0, unpack_lzo },
    [DECOMPRESS_LZ4] = { "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, 0, unpack_lz4 },
    [DECOMPRESS_ZSTD] = { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, KB(256), unpack_zstd },
};

enum decompress_format decompress_recognise(const void *in, size_t len)
{
    for (unsigned i = DECOMPRESS_GZIP; i < ARRAY_SIZE(formats); i++)
        if (len >= formats[i].magic_len && !memcmp(in, formats[i].magic, formats[i].magic_len))
            return (enum decompress_format)i;
    return DECOMPRESS_NONE;
}

const char *decompress_name(enum decompress_format format)
{
    return formats[format].name;
}

size_t decompress_scratch_size(enum decompress_format format)
{
    return formats[format].scratch;
}

int decompress(struct decompress_job *job)
{
    const struct format *f = &formats[decompress_recognise(job->in, job->in_len)];

    job->produced = 0;
    job->why = NULL;
    if (!f->unpack) {
        job->why = "unknown compression format";
        return -EINVAL;
    }
    if (job->scratch_len < f->scratch) {
        job->why = "not enough working memory";
        return -ENOMEM;
    }
    unpack_arena_set(job->scratch, job->scratch_len);
    return f->unpack(job);
}
