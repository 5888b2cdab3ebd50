/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers and sizes in command lines. */
#ifndef HV_LIB_PARSE_H
#define HV_LIB_PARSE_H

#include "types.h"

/*
 * A number as in C (decimal, 0x, leading 0 octal) at *@s; *@s is moved behind
 * it. @base 0: by prefix. @return 0, -EINVAL (no digit, *@s unchanged),
 * -EOVERFLOW.
 */
int parse_u64(const char **s, unsigned base, u64 *value);

/*
 * A size at *@s: a number with an optional suffix B K M G T (either case);
 * without one it counts in units of @unit bytes. @return as parse_u64.
 */
int parse_size(const char **s, u64 unit, u64 *bytes);

/* Truth value: 1 for yes on true enable 1, 0 for no off false disable 0 (whole of the @len bytes), else -EINVAL. */
int parse_bool(const char *s, size_t len);

#endif
