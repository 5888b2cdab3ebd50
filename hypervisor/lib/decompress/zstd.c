/* SPDX-License-Identifier: GPL-2.0-only */
/* zstd, by Linux' lib/zstd in one call; the frame's own checksum (xxhash) is verified by it. */
#include "errno.h"
#include "lib/decompress/unpack.h"
#include "shim.h"

#define STATIC static
#include "xxhash.c"
#include "zstd/decompress_sources.h"

int unpack_zstd(struct decompress_job *job)
{
    size_t work_size = zstd_dctx_workspace_bound();
    void *work = unpack_alloc(work_size);
    zstd_dctx *ctx = zstd_init_dctx(work, work_size);
    size_t frame, n;

    if (!ctx)
        return unpack_fail(job, -ENOMEM, "not enough working memory");
    frame = zstd_find_frame_compressed_size(job->in, job->in_len);
    if (zstd_is_error(frame))
        return unpack_fail(job, -EINVAL, "it is cut off or corrupt");
    n = zstd_decompress_dctx(ctx, job->out, job->out_len, job->in, frame);
    if (!zstd_is_error(n)) {
        job->produced = n;
        return 0;
    }
    if (zstd_get_error_code(n) == ZSTD_error_dstSize_tooSmall)
        return unpack_fail(job, -ENOSPC, "it is larger than it claims");
    return unpack_fail(job, -EINVAL, "its data is corrupt");
}
