/* SPDX-License-Identifier: GPL-2.0-only */
/* The CRC-32 of IEEE 802.3 (polynomial 0x04c11db7, reflected), as gzip, xz and GPT use it. */
#ifndef HV_LIB_CRC32_H
#define HV_LIB_CRC32_H

#include "types.h"

/*
 * Continues a CRC over @len bytes without the inversions at start and end:
 * the customary checksum of a buffer is ~crc32_update(~0u, buf, len).
 */
u32 crc32_update(u32 crc, const void *buf, size_t len);

#endif
