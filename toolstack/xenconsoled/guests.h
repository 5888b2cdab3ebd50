/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guests that xenconsoled serves: found through xenstore, mapped, bound, logged, given a pty.
 */
#ifndef XENCONSOLED_GUESTS_H
#define XENCONSOLED_GUESTS_H

#include "console.h"
#include "libhv/hv.h"
#include "libxs/xs.h"
#include "log.h"
#include "pty.h"

struct guest {
    struct guest *next;
    unsigned int domid;
    struct console con;
    struct pty pty;
    struct logfile log;
    void *page;              /* the ring, as it was mapped */
    bool granted;            /* by grant, not by frame number */
    unsigned int remote_port;
    int local_port;          /* -1: not bound */
    long long ring_ref;
    int64_t period;          /* output is counted in periods of 100 ms */
    size_t in_period;
    bool paused;             /* said too much in this period */
    bool pending;            /* an event came, or something is left to do */
    int poll_at;             /* place in the poll set, -1: none */
};

struct daemon {
    struct hv hv;
    struct xs *xs;           /* NULL while xenstored is away */
    int evtchn, gntdev, inotify;
    struct guest *guests;
    int64_t now_ms;
    const char *log_dir;     /* NULL: guests are not logged */
    size_t log_limit;
    bool stamp, replace_escape;
};

/* Connects to xenstored and watches for domains. Returns 0 or -errno. */
int guests_connect(struct daemon *d);
/*
 * Takes the watch events there are. Returns 0, or -errno when the connection broke (then it is
 * closed).
 */
int guests_take_events(struct daemon *d);
/* Compares with the domains that the hypervisor has: drops the dead, finds the new. */
void guests_refresh(struct daemon *d);
struct guest *guest_of_port(struct daemon *d, unsigned int port);

/* Moves output and input of one guest. */
void guest_work(struct daemon *d, struct guest *g);
/* The pty can be read or written, or its client has left. */
void guest_pty_event(struct daemon *d, struct guest *g, short revents);
/* Somebody may have opened the pty. */
void guest_check_client(struct guest *g);

#endif
