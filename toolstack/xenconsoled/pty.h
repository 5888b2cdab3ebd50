/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pseudo terminals whose client comes and goes. The master sees a hang-up while nobody has the
 * slave open, so it is polled only while somebody has; inotify tells when that may have changed.
 */
#ifndef XENCONSOLED_PTY_H
#define XENCONSOLED_PTY_H

#include <stdbool.h>

struct pty {
    int master;        /* -1: none */
    int watch;         /* inotify's, -1: none */
    char name[64];     /* of the slave */
};

/*
 * Makes a pair in raw mode and has inotify (a descriptor, or -1) watch its slave. Returns 0 or
 * -errno.
 */
int pty_open(struct pty *p, int inotify);
void pty_close(struct pty *p, int inotify);
/* The slave's openings are no longer told of. */
void pty_unwatch(struct pty *p, int inotify);
/* Whether all that was written has been read; asks by opening the slave. */
bool pty_drained(const struct pty *p);
/* Whether somebody has the slave open. */
bool pty_in_use(const struct pty *p);

#endif
