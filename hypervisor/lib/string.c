/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comparing and searching functions of the C library. Copying and filling are
 * in string_x86.S. Called by everybody, in any context; no locks. The sim build
 * uses the host's C library instead of this file.
 */
#include "lib/string.h"

int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *p = a, *q = b;
    u64 x, y;

    for (; n >= 8; n -= 8, p += 8, q += 8) {
        __builtin_memcpy(&x, p, 8);
        __builtin_memcpy(&y, q, 8);
        if (x != y)
            break;
    }
    for (; n && *p == *q; n--, p++, q++)
        if (n == 1)
            return 0;
    return n ? *p - *q : 0;
}

void *memchr(const void *s, int c, size_t n)
{
    const u8 *p = s;

    for (; n; n--, p++)
        if (*p == (u8)c)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

size_t strlen(const char *s)
{
    const char *p = s;

    while (*p)
        p++;
    return (size_t)(p - s);
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (u8)*a - (u8)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, (size_t)-1);
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (!*s)
            return NULL;
    return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
    const char *last = NULL;

    do {
        if (*s == (char)c)
            last = s;
    } while (*s++);
    return (char *)(uintptr_t)last;
}

char *strstr(const char *s, const char *part)
{
    size_t n = strlen(part);

    for (;; s++) {
        if (!strncmp(s, part, n))
            return (char *)(uintptr_t)s;
        if (!*s)
            return NULL;
    }
}
