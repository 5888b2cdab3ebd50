/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main loop, apart from the process around it (main.c), so that tests drive the same one.
 */
#ifndef XENSTORED_LOOP_H
#define XENSTORED_LOOP_H

#include <poll.h>

#include "xsd.h"

struct loop {
    struct xsd *x;
    int listen_fd, event_fd;    /* new clients; the hypervisor's events. -1: none */
    const char *dir;            /* where the state file is kept; NULL: there is none */
    bool lost;                  /* no state file, and it was told */
    int64_t backoff, retry_at;  /* ms: when it is tried again */
    int64_t saved_at;
    struct pollfd *set;
    nfds_t room;
};

/*
 * One turn for each connection that is worth it; those that ended meanwhile are freed at the end.
 * Returns how long the loop may sleep, in ms; -1: for ever.
 */
int loop_turns(struct xsd *x);
/*
 * One pass: turns for all, upkeep of the state file, then a sleep until something happens, which is
 * taken note of. xsd.now_ms is the caller's to set.
 */
void loop_pass(struct loop *l);

#endif
