/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Formatted output into memory: the C standard's conversions without floating
 * point, wide characters and %n. Nothing of our own, so that gcc checks calls.
 */
#ifndef HV_LIB_PRINTF_H
#define HV_LIB_PRINTF_H

#include "types.h"

/*
 * Writes at most @size bytes including the terminating zero (nothing when
 * @size is 0). @return the length the whole text has or would have had.
 */
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);

#endif
