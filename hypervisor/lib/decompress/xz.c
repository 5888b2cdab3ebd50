/* SPDX-License-Identifier: GPL-2.0-only */
/* xz with LZMA2 and the x86 filter, by Linux' lib/xz in single-call mode; checksums by lib/crc32.c. */
#include "errno.h"
#include "lib/decompress/unpack.h"
#include "shim.h"

#define STATIC static
#define XZ_EXTERN static
#define XZ_PREBOOT
#define XZ_INTERNAL_CRC32 0
#define XZ_DEC_X86
#define XZ_DEC_SINGLE
#define memeq(a, b, n) (memcmp(a, b, n) == 0)
#define memzero(p, n) memset(p, 0, n)
#include "xz/xz_private.h"
#include "xz/xz_dec_stream.c"
#include "xz/xz_dec_lzma2.c"
#include "xz/xz_dec_bcj.c"

int unpack_xz(struct decompress_job *job)
{
    struct xz_buf b = { .in = job->in, .in_size = job->in_len, .out = job->out, .out_size = job->out_len };
    struct xz_dec *s = xz_dec_init(XZ_SINGLE, 0);
    enum xz_ret rc;

    if (!s)
        return unpack_fail(job, -ENOMEM, "not enough working memory");
    rc = xz_dec_run(s, &b);
    xz_dec_end(s);
    job->produced = b.out_pos;
    switch (rc) {
    case XZ_STREAM_END:
        return 0;
    case XZ_OPTIONS_ERROR:
    case XZ_UNSUPPORTED_CHECK:
        return unpack_fail(job, -EINVAL, "it uses options that are not supported (use --check=crc32)");
    case XZ_BUF_ERROR:
        return unpack_fail(job, -EINVAL, "it is cut off or larger than it claims");
    default:
        return unpack_fail(job, -EINVAL, "its data is corrupt");
    }
}
