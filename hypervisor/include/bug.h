/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks of our own logic. BUG() is for our bugs alone, never for anything
 * that a guest, a tool, firmware or hardware can cause.
 */
#ifndef HV_BUG_H
#define HV_BUG_H

#include "types.h"

/* Reports file and line and stops the machine. lib/bug.c hands over to bug_handler, which the panic code sets. */
void bug(const char *file, int line, const char *what) __noreturn;
extern void (*bug_handler)(const char *file, int line, const char *what);

#define BUG() bug(__FILE__, __LINE__, "BUG")
#define BUG_ON(cond)                              \
    do {                                          \
        if (unlikely(cond))                       \
            bug(__FILE__, __LINE__, #cond);       \
    } while (0)

/* Free of cost in release builds (NDEBUG). */
#ifdef NDEBUG
#define ASSERT(cond) ((void)sizeof(!(cond)))
#else
#define ASSERT(cond) BUG_ON(!(cond))
#endif

#endif
