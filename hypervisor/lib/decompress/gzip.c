/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gzip (RFC 1952): header, one deflate stream unpacked by Linux' zlib_inflate,
 * and a trailer whose checksum and length are compared.
 */
#include "errno.h"
#include "lib/crc32.h"
#include "lib/decompress/unpack.h"
#include "shim.h"

#include "zlib_inflate/inftrees.c"
#include "zlib_inflate/inffast.c"
#include "zlib_inflate/inflate.c"

#define GZIP_FHCRC 0x02
#define GZIP_FEXTRA 0x04
#define GZIP_FNAME 0x08
#define GZIP_FCOMMENT 0x10
#define GZIP_HEADER 10
#define GZIP_TRAILER 8

/* Offset behind the zero-terminated string at @pos, or @len when there is no end. */
static size_t skip_string(const u8 *in, size_t len, size_t pos)
{
    const u8 *end = pos < len ? memchr(in + pos, 0, len - pos) : NULL;

    return end ? (size_t)(end - in) + 1 : len;
}

/* @return offset of the deflate data, 0: the header is cut off. */
static size_t header_size(const u8 *in, size_t len)
{
    size_t pos = GZIP_HEADER;
    u8 flags;

    if (len < GZIP_HEADER + GZIP_TRAILER)
        return 0;
    flags = in[3];
    if (flags & GZIP_FEXTRA)
        pos += 2 + (in[pos] | (size_t)in[pos + 1] << 8);
    if (flags & GZIP_FNAME)
        pos = skip_string(in, len, pos);
    if (flags & GZIP_FCOMMENT)
        pos = skip_string(in, len, pos);
    if (flags & GZIP_FHCRC)
        pos += 2;
    return pos < len ? pos : 0;
}

static int check_trailer(struct decompress_job *job, const u8 *trailer)
{
    if (trailer + GZIP_TRAILER > job->in + job->in_len)
        return unpack_fail(job, -EINVAL, "it is cut off");
    if (unpack_le32(trailer) != ~crc32_update(~0u, job->out, job->produced) ||
        unpack_le32(trailer + 4) != (u32)job->produced)
        return unpack_fail(job, -EINVAL, "its checksum is wrong");
    return 0;
}

int unpack_gzip(struct decompress_job *job)
{
    struct z_stream_s s = { .workspace = unpack_alloc(zlib_inflate_workspacesize()) };
    size_t start = header_size(job->in, job->in_len);
    int rc;

    if (!start || job->in_len - start > UINT32_MAX)
        return unpack_fail(job, -EINVAL, "its header is cut off");
    if (!s.workspace)
        return unpack_fail(job, -ENOMEM, "not enough working memory");
    zlib_inflateInit2(&s, -MAX_WBITS);
    s.next_in = job->in + start;
    s.avail_in = job->in_len - start;
    s.next_out = job->out;
    s.avail_out = MIN(job->out_len, (size_t)UINT32_MAX);
    rc = zlib_inflate(&s, Z_FINISH);
    job->produced = s.total_out;
    if (rc == Z_STREAM_END)
        return check_trailer(job, s.next_in);
    if (rc == Z_DATA_ERROR)
        return unpack_fail(job, -EINVAL, "its data is corrupt");
    if (!s.avail_out)
        return unpack_fail(job, -ENOSPC, "it is larger than it claims");
    return unpack_fail(job, -EINVAL, "it is cut off");
}
