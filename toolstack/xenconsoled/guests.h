/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guests that xenconsoled serves: found through xenstore, mapped, bound, logged, given a pty.
 */
#ifndef XENCONSOLED_GUESTS_H
#define XENCONSOLED_GUESTS_H

#include "console.h"
#include "libdaemon/limit.h"
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
    xen_domain_handle_t handle;    /* with the next: tells it from another of that number */
    uint64_t shared_info;
    int64_t period;          /* output and events are counted in periods of 100 ms */
    size_t in_period;
    unsigned int events;
    bool paused;             /* said too much in this period */
    bool held;               /* sent too many events: its port stays masked until the next period */
    bool look;               /* its nodes have changed */
    int64_t looked_at;       /* ms */
    struct limit notes;
    int64_t gone_at;         /* ms; it is dead, and a client still reads; 0: alive */
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
    size_t log_limit, log_total;    /* octets of one log and of all */
    size_t log_share;        /* of one log, with as many guests as there are */
    bool refresh;            /* domains have come or gone */
    struct limit notes;      /* messages that guests cause */
    bool stamp, replace_escape;
};

/* Connects to xenstored and watches for domains. Returns 0 or -errno. */
int guests_connect(struct daemon *d);
/*
 * Takes watch events, a bounded number, and acts on them. Returns 0, or -errno when the connection
 * broke (then it is closed).
 */
int guests_take_events(struct daemon *d);
/* An event of the guest's port. Returns whether the port may be unmasked at once. */
bool guest_port_event(struct guest *g);
/*
 * What is to be done for all guests: a new period begins, octets are moved, the dead go when their
 * client has read. Returns for how long to sleep at most, in ms; -1: for ever.
 */
int guests_work(struct daemon *d);
/* Compares with the domains that the hypervisor has: drops the dead, finds the new. */
void guests_refresh(struct daemon *d);
struct guest *guest_of_port(struct daemon *d, unsigned int port);

/* ------------------------------------------------------------------ one guest: guest.c */

#define PERIOD_MS 100    /* no guest gets more than its share of one */

/* A domain has come: watches its console directory. */
void guest_new(struct daemon *d, const struct xen_domctl_getdomaininfo *info);
/*
 * The domain is dead or dying. What its ring still holds is taken; a client gets the time to read
 * it, since the terminal takes what is unread with it. Then guest_free().
 */
void guest_drop(struct daemon *d, struct guest *g);
void guest_free(struct daemon *d, struct guest *g);
void guest_watch(struct daemon *d, unsigned int domid, bool on);
/* Looks at a domain's console directory, and starts to serve it if it is there and ours. */
void guest_look(struct daemon *d, struct guest *g);
/* Moves output and input. */
void guest_work(struct daemon *d, struct guest *g);

/* The pty can be read or written, or its client has left. */
void guest_pty_event(struct daemon *d, struct guest *g, short revents);
/* Somebody may have opened the pty. */
void guest_check_client(struct guest *g);

#endif
