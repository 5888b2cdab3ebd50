/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text in JSON output: quotes and escapes. Called by xl and xentop. No locks.
 */
#include <stdio.h>

#include "json.h"

void json_text(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < 32)
            printf("\\u%04x", (unsigned char)*s);
        else
            putchar(*s);
    }
    putchar('"');
}
