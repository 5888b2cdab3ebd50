/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log files of bounded size: FILE holds the end, FILE.1 what was before; together at most twice the
 * limit.
 */
#ifndef XENCONSOLED_LOG_H
#define XENCONSOLED_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct logfile {
    int fd;            /* -1: none */
    char *path;
    size_t size, limit;
    bool stamp;        /* a time in front of each line */
    bool line_start;
    bool replace_escape;
};

/* Opens DIR/NAME for appending. Slashes in name become underscores. Returns 0 or -errno. */
int log_open(struct logfile *l, const char *dir, const char *name, size_t limit, bool stamp,
             bool replace_escape);
void log_close(struct logfile *l);
/* Another limit; what is longer loses its start. */
void log_set_limit(struct logfile *l, size_t limit);
/*
 * Removes the oldest files guest-* of dir, those in use (a name is asked about) excepted, until the
 * others have at most total octets together.
 */
void log_prune(const char *dir, size_t total, bool (*in_use)(void *arg, const char *name),
               void *arg);
void log_write(struct logfile *l, const char *data, size_t len);
/* Reads up to max octets from the end of the log. Returns how many. */
size_t log_tail(const struct logfile *l, char *buf, size_t max);
/* Opens the file again by name: somebody has moved it away. */
void log_reopen(struct logfile *l);

#endif
