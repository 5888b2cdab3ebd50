/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unpacking of compressed kernels: gzip, bzip2, lzma, xz, lzop, lz4 (the
 * legacy frames that Linux uses) and zstd, recognised by their first bytes.
 */
#ifndef HV_LIB_DECOMPRESS_H
#define HV_LIB_DECOMPRESS_H

#include "types.h"

enum decompress_format {
    DECOMPRESS_NONE, /* nothing that is known here */
    DECOMPRESS_GZIP,
    DECOMPRESS_BZIP2,
    DECOMPRESS_LZMA,
    DECOMPRESS_XZ,
    DECOMPRESS_LZO,
    DECOMPRESS_LZ4,
    DECOMPRESS_ZSTD,
};

enum decompress_format decompress_recognise(const void *in, size_t len);
const char *decompress_name(enum decompress_format format); /* "gzip", ...; for messages */

/* Bytes of scratch memory that decompress() needs for @format. */
size_t decompress_scratch_size(enum decompress_format format);

struct decompress_job {
    const u8 *in;       /* compressed data, at least one whole stream */
    size_t in_len;
    u8 *out;
    size_t out_len;     /* room; nothing is written behind it */
    u8 *scratch;        /* 16-byte aligned working memory, contents arbitrary */
    size_t scratch_len;
    size_t produced;    /* result: bytes written */
    const char *why;    /* result on failure: what is wrong, a few words */
};

/*
 * Unpacks the one stream at job->in. Input is read and output written within
 * the given bounds, whatever the data. Bytes behind the end of the stream are
 * ignored. Not reentrant (boot only).
 * @return 0; -EINVAL: unknown format or corrupt data; -ENOSPC: @out is too
 * small; -ENOMEM: @scratch is too small. job->why is set on failure.
 */
int decompress(struct decompress_job *job);

#endif
