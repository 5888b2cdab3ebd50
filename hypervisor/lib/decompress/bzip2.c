/* SPDX-License-Identifier: GPL-2.0-only */
/* bzip2, by Linux' lib/decompress_bunzip2.c, whose checksums are verified. */
#include "errno.h"
#include "lib/decompress/unpack.h"
#include "shim.h"

#define STATIC static __maybe_unused
#include "decompress_bunzip2.c"

#define CHUNK KB(64)

static bool starved; /* the decoder wants more than there is */

/*
 * Called at the end of the input. The decoder would read on behind it after a
 * refusal, so it gets the first byte over and over until unpack_bzip2() looks.
 */
static long end_of_input(void *buf, unsigned long len)
{
    starved = true;
    return 1;
}

static int failure(struct decompress_job *job, int rc)
{
    switch (rc) {
    case RETVAL_OUT_OF_MEMORY:
        return unpack_fail(job, -ENOMEM, "not enough working memory");
    case RETVAL_UNEXPECTED_INPUT_EOF:
        return unpack_fail(job, -EINVAL, "it is cut off");
    default:
        return unpack_fail(job, -EINVAL, "its data is corrupt");
    }
}

int unpack_bzip2(struct decompress_job *job)
{
    struct bunzip_data *bd;
    u8 extra;
    int rc;

    starved = false;
    rc = start_bunzip(&bd, (void *)(uintptr_t)job->in, (long)job->in_len, end_of_input);
    if (rc)
        return failure(job, rc);
    do {
        size_t room = MIN(job->out_len - job->produced, CHUNK);

        rc = room ? read_bunzip(bd, (char *)job->out + job->produced, (int)room) :
                    read_bunzip(bd, (char *)&extra, 1);
        if (rc > 0 && !room)
            return unpack_fail(job, -ENOSPC, "it is larger than it claims");
        if (rc > 0)
            job->produced += (size_t)rc;
        if (starved)
            return failure(job, RETVAL_UNEXPECTED_INPUT_EOF);
    } while (rc > 0);
    if (rc != RETVAL_LAST_BLOCK)
        return failure(job, rc);
    return bd->headerCRC == bd->totalCRC ? 0 : unpack_fail(job, -EINVAL, "its checksum is wrong");
}
