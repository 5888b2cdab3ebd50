/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parsing of numbers, sizes and truth values, for boot/cmdline.c and for the
 * options that control/ interprets itself. Pure functions, no locks.
 */
#include "lib/parse.h"

#include "errno.h"
#include "lib/string.h"

static unsigned digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 99;
}

int parse_u64(const char **s, unsigned base, u64 *value)
{
    const char *p = *s;
    u64 v = 0;

    if (base == 0) {
        base = *p == '0' ? 8 : 10;
        if (p[0] == '0' && (p[1] | 0x20) == 'x' && digit(p[2]) < 16) {
            base = 16;
            p += 2;
        }
    }
    if (digit(*p) >= base)
        return -EINVAL;
    for (; digit(*p) < base; p++)
        if (__builtin_mul_overflow(v, (u64)base, &v) || __builtin_add_overflow(v, (u64)digit(*p), &v))
            return -EOVERFLOW;
    *s = p;
    *value = v;
    return 0;
}

/* Bytes that the suffix letter @c stands for, 0 if it is none. */
static u64 suffix(char c)
{
    switch (c) {
    case 'b':
    case 'B':
        return 1;
    case 'k':
    case 'K':
        return KB(1);
    case 'm':
    case 'M':
        return MB(1);
    case 'g':
    case 'G':
        return GB(1);
    case 't':
    case 'T':
        return GB(1024);
    }
    return 0;
}

int parse_size(const char **s, u64 unit, u64 *bytes)
{
    const char *p = *s;
    u64 v;
    int rc = parse_u64(&p, 0, &v);

    if (rc)
        return rc;
    if (suffix(*p))
        unit = suffix(*p++);
    if (__builtin_mul_overflow(v, unit, &v))
        return -EOVERFLOW;
    *s = p;
    *bytes = v;
    return 0;
}

int parse_bool(const char *s, size_t len)
{
    static const char *const words[2][5] = {
        { "no", "off", "false", "disable", "0" },
        { "yes", "on", "true", "enable", "1" },
    };

    for (int v = 0; v < 2; v++)
        for (unsigned i = 0; i < ARRAY_SIZE(words[v]); i++)
            if (strlen(words[v][i]) == len && !memcmp(words[v][i], s, len))
                return v;
    return -EINVAL;
}
