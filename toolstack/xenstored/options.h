/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line of xenstored: the options of Xen's daemon, so that init scripts need no change.
 */
#ifndef XENSTORED_OPTIONS_H
#define XENSTORED_OPTIONS_H

#include "xsd.h"

struct options {
    const char *dir;             /* run directory: socket, state */
    const char *pid_file, *trace_file;
    bool use_hypervisor, fork, print_pid, fresh;
    int live_fd;                 /* -1: an ordinary start */
    unsigned int quota[QUOTA_COUNT];
};

/* Returns 0; -1 after printing the help; 2 after printing what is wrong. */
int parse_options(int argc, char **argv, struct options *opt);

#endif
