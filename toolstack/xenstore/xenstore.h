/* SPDX-License-Identifier: GPL-2.0-only */
/* The xenstore-* commands: what they share. */
#ifndef XENSTORE_CMD_H
#define XENSTORE_CMD_H

#include "libxs/xs.h"

struct options {
    const char *command;    /* "read", "ls", ... */
    bool prefix;            /* -p */
    bool full;              /* -f */
    bool raw;               /* -R */
    bool tidy;              /* rm -t */
    bool recurse;           /* chmod -r */
    bool upto;              /* chmod -u */
    long count;             /* watch -n, -1: for ever */
};

/*
 * Each does its command in a transaction (or none); returns 0, a negative errno, or 1 after
 * printing why.
 */
int cmd_read(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_write(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_list(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_rm(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_exists(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_chmod(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_watch(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_control(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);
int cmd_ls(struct xs *xs, xs_tx_t tx, const struct options *opt, char **args, int count);

/* Prints "xenstore-COMMAND: WHAT PATH: why" for people; returns 1. */
int complain(const struct options *opt, const char *what, const char *path, int rc);

/*
 * Returns value as text with what cannot be printed as \n, \t, \\ or \xHH; malloc'd, NULL without
 * memory.
 */
char *escape(const char *value, size_t len);
/* The reverse, in place; returns the length. */
size_t unescape(char *text);

#endif
