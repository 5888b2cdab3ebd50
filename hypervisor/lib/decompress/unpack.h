/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unpackers, one file per format. Those that use an algorithm of Linux'
 * lib/ include its source file, which the build takes from Debian's
 * linux-source package, on top of the headers in shim/.
 */
#ifndef HV_LIB_DECOMPRESS_UNPACK_H
#define HV_LIB_DECOMPRESS_UNPACK_H

#include "lib/decompress.h"

/* Each: see decompress(); the first bytes are known to be the format's. */
int unpack_gzip(struct decompress_job *job);
int unpack_bzip2(struct decompress_job *job);
int unpack_lzma(struct decompress_job *job);
int unpack_xz(struct decompress_job *job);
int unpack_lzo(struct decompress_job *job);
int unpack_lz4(struct decompress_job *job);
int unpack_zstd(struct decompress_job *job);

/* A piece of the job's scratch memory, 16-byte aligned; NULL: used up. */
void *unpack_alloc(size_t size);
/* What unpack_alloc() takes from until the next call of this. */
void unpack_arena_set(u8 *memory, size_t size);

/* Notes what is wrong. @return @error */
static inline int unpack_fail(struct decompress_job *job, int error, const char *why)
{
    job->why = why;
    return error;
}

static inline u32 unpack_le32(const u8 *p)
{
    return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static inline u32 unpack_be32(const u8 *p)
{
    return p[3] | (u32)p[2] << 8 | (u32)p[1] << 16 | (u32)p[0] << 24;
}

#endif
