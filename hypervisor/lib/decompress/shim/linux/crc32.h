/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for Linux' header of this name. */
#include "lib/crc32.h"
#define crc32_le(crc, buf, len) crc32_update(crc, buf, len)
