/* SPDX-License-Identifier: GPL-2.0-only */
/* Between cmd_create.c and cmd_save.c: how a guest is started. */
#ifndef HOSPES_XL_CREATE_OPTIONS_H
#define HOSPES_XL_CREATE_OPTIONS_H

#include <stdbool.h>

struct xl;
struct guest;

struct create_options {
    const char *file;
    bool paused, console, foreground, no_monitor, quiet, dry_run;
};

/*
 * Starts G, whose settings have been read, and stays with it as O says; prints the reason of a
 * failure. Returns the exit status.
 */
int create_guest(struct xl *xl, struct guest *g, const struct create_options *o);

#endif
