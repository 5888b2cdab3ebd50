/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lz4 in the legacy frame format that Linux uses (lz4 -l): a magic number,
 * then blocks with a 32-bit length before each; blocks unpack to 8 MiB, the
 * last to less. The block decoder is Linux' lib/lz4.
 */
#include "errno.h"
#include "lib/decompress/unpack.h"
#include "shim.h"

#define CONFIG_64BIT
#define STATIC static
#include "lz4/lz4_decompress.c"

#define BLOCK_MAX ((size_t)8 << 20)

int unpack_lz4(struct decompress_job *job)
{
    size_t in = 4;

    while (job->in_len - in >= 4) {
        u32 size = unpack_le32(job->in + in);
        size_t room = MIN(job->out_len - job->produced, BLOCK_MAX);
        int n;

        if (size > job->in_len - in - 4) {
            /* Something else follows the last block. */
            if (job->produced % BLOCK_MAX)
                break;
            return unpack_fail(job, -EINVAL, "it is cut off");
        }
        n = LZ4_decompress_safe((const char *)job->in + in + 4, (char *)job->out + job->produced, (int)size, (int)room);
        if (n < 0 && job->produced && job->produced % BLOCK_MAX)
            break;
        if (n < 0)
            return unpack_fail(job, -EINVAL, "its data is corrupt or larger than it claims");
        in += 4 + size;
        job->produced += (size_t)n;
        if ((size_t)n < BLOCK_MAX)
            break;
    }
    return job->produced ? 0 : unpack_fail(job, -EINVAL, "it is cut off");
}
