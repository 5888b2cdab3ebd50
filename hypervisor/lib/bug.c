/* SPDX-License-Identifier: GPL-2.0-only */
/* Where failed checks of our own logic end: in the handler that machine/panic.c installs, else in a loop. */
#include "bug.h"

void (*bug_handler)(const char *file, int line, const char *what);

void bug(const char *file, int line, const char *what)
{
    if (bug_handler)
        bug_handler(file, line, what);
    for (;;)
        ;
}
