/* SPDX-License-Identifier: GPL-2.0-only */
/* What is printed: failures, which end the program where a debugger sees them, and the hypervisor's log. */
#include "shared/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bug.h"
#include "machine/console.h"

bool sim_verbose;

static void __noreturn end(const char *what, const char *fmt, va_list args)
{
    printf("FAIL %s", what);
    vprintf(fmt, args);
    printf("\n");
    sim_report_position();
    fflush(stdout);
    abort();
}

void sim_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    end("", fmt, args);
}

void panic(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    end("panic: ", fmt, args);
}

void bug(const char *file, int line, const char *what)
{
    sim_fail("%s:%d: %s", file, line, what);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (!sim_verbose)
        return;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
}

void guest_printk(enum log_level level, const char *fmt, ...)
{
}
