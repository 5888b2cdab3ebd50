/* SPDX-License-Identifier: GPL-2.0-only */
/* strlcpy: apart from string.c because the host's C library (sim build) has none. Any context, no locks. */
#include "lib/string.h"

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src);
    size_t n = len < size ? len : size - 1;

    memcpy(dst, src, n);
    dst[n] = '\0';
    return len;
}
