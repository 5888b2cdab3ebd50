/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debian's static libbz2 is built with fortified stdio and calls one function that musl does not
 * have. It is only reached by the compressor's debug output. Nothing else calls this.
 */
#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *stream, int flag, const char *fmt, ...);

int __fprintf_chk(FILE *stream, int flag, const char *fmt, ...)
{
    va_list ap;
    int n;

    (void)flag;
    va_start(ap, fmt);
    n = vfprintf(stream, fmt, ap);
    va_end(ap);
    return n;
}
