/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's command line: words NAME, NAME=VALUE and no-NAME, looked up in the table of
 * include/option.h.
 */
#ifndef HV_BOOT_CMDLINE_H
#define HV_BOOT_CMDLINE_H

#include "option.h"

#define CMDLINE_MAX 2048

/* Called once for each word that is unknown or has a bad value; the console is not there yet. */
typedef void (*cmdline_complaint)(const char *word, const char *why);

/*
 * Sets the options of [@table, @end) from @line, up to a word "--". Values may be quoted with ".
 * @return place behind "--", "" when there is none
 */
const char *cmdline_parse(const char *line, const struct option *table, const struct option *end,
                          cmdline_complaint complain);

#endif
