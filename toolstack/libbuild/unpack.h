/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What unpack.c and xz.c share: output memory that grows.
 */
#ifndef HOSPES_LIBBUILD_UNPACK_H
#define HOSPES_LIBBUILD_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink {
    uint8_t *buf;
    size_t size;      /* bytes written */
    size_t capacity;
};

/* Makes room for MAX bytes after what is written; the memory may move. -ENOMEM, -EFBIG. */
int sink_room(struct sink *out, size_t max);

/*
 * Unpacks an xz stream of the kind that kernels are packed in: LZMA2, with or without the x86 filter,
 * any number of blocks, whose checksums are verified. -EOPNOTSUPP: valid, but of another kind, nothing
 * is written; -EBADMSG: damaged.
 */
int xz_unpack(const uint8_t *src, size_t len, struct sink *out);

/* Whether DATA has the checksum at SUM; CHECK is .xz's number of its kind: CRC32, CRC64; of others nothing is known. */
bool unpack_check(unsigned int check, const uint8_t *data, size_t len, const uint8_t *sum);

#endif
