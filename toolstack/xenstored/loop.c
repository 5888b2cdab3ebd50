/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main loop. See loop.h.
 *
 * Every connection in turn may have one request done, so that none keeps the others waiting. A
 * request may end any other connection, also the one whose turn is next: one that has ended stays
 * in the list, marked dead, until all have had their turn.
 */
#include "loop.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "domain.h"
#include "record.h"
#include "rings.h"

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000

static int sooner(int64_t a, int64_t b)
{
    return (int)(a < 0 || (b >= 0 && b < a) ? b : a);
}

int loop_turns(struct xsd *x)
{
    int64_t until;
    int sleep = -1;

    list_for(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (c->ready) {
            c->ready = false;
            c->ready |= conn_turn(x, c);
        }
        if (c->dom && domain_blocked(x, c->dom, &until)) {
            sleep = sooner(sleep, until - x->now_ms);
            c->waits = true;
        } else if (c->waits) {
            c->waits = false;
            c->ready = true;
        }
    }
    conns_reap(x);
    list_for(it, &x->conns) {
        if (list_entry(it, struct conn, link)->ready) {
            return 0;
        }
    }
    return sleep;
}

static void accept_all(struct loop *l)
{
    for (;;) {
        int fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct conn *c;

        if (fd < 0) {
            return;
        }
        c = conn_new_socket(l->x, fd);
        if (!c) {
            close(fd);
            return;
        }
        c->ready = true;
    }
}

/*
 * Fills the poll set: the listening socket, the event channels, then the sockets in the order of
 * xsd.conns.
 */
static nfds_t fill_poll(struct loop *l)
{
    nfds_t n = 2;

    list_for(it, &l->x->conns) {
        n += list_entry(it, struct conn, link)->fd >= 0;
    }
    if (n > l->room) {
        struct pollfd *grown = realloc(l->set, n * 2 * sizeof(*l->set));

        if (!grown) {
            return 0;
        }
        l->set = grown;
        l->room = n * 2;
    }
    l->set[0] = (struct pollfd){ .fd = l->listen_fd, .events = POLLIN };
    l->set[1] = (struct pollfd){ .fd = l->event_fd, .events = POLLIN };
    n = 2;
    list_for(it, &l->x->conns) {
        const struct conn *c = list_entry(it, struct conn, link);

        if (c->fd >= 0) {
            l->set[n++] = (struct pollfd){ .fd = c->fd,
                                           .events = c->wants_write ? POLLOUT : POLLIN };
        }
    }
    return n;
}

static void take_events(struct loop *l)
{
    struct xsd *x = l->x;
    nfds_t n = 2;

    list_for(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (c->fd >= 0) {
            c->ready |= l->set[n++].revents != 0;
        }
    }
    if (l->set[1].revents && x->ops->events(x->ops_arg)) {
        domain_check_all(x);
        journal_commit(&x->journal);
    }
    if (l->set[0].revents) {
        accept_all(l);
    }
}

/* Whether the state file has gone: without space it cannot grow. Told at once, not at each retry. */
static void look_for_loss(struct loop *l)
{
    struct xsd *x = l->x;

    if (x->journal.active || l->lost) {
        return;
    }
    l->lost = true;
    if (x->now_ms - l->saved_at > RETRY_MAX_MS) {
        l->backoff = 0;
    }
    l->retry_at = x->now_ms + l->backoff;
    xsd_note(x, "no state file in %s (no space?): a crash of xenstored would lose the store",
             l->dir);
}

static void state_saved(struct loop *l)
{
    if (l->lost) {
        xsd_note(l->x, "the state file is there again");
        if (l->x->rings) {
            rings_clean(l->x->rings, l->dir);
        }
    } else {
        l->backoff = 0;
    }
    l->lost = false;
    l->saved_at = l->x->now_ms;
}

/*
 * Sees to it that there is a state file and that it is no longer than it should be. What fails is
 * tried again, after 1, 2, 4 ... 60 s, for as long as it takes; meanwhile a file that is only too
 * long goes on to be used. Returns how long the loop may sleep.
 */
static int keep_state(struct loop *l)
{
    struct xsd *x = l->x;

    if (!l->dir) {
        return -1;
    }
    look_for_loss(l);
    if (!l->lost && !journal_is_long(&x->journal)) {
        return -1;
    }
    if (x->now_ms >= l->retry_at) {
        if (!save_journal(x, l->dir)) {
            state_saved(l);
            return -1;
        }
        l->backoff = !l->backoff ? RETRY_MIN_MS : l->backoff * 2;
        l->backoff = l->backoff > RETRY_MAX_MS ? RETRY_MAX_MS : l->backoff;
        l->retry_at = x->now_ms + l->backoff;
    }
    return (int)(l->retry_at - x->now_ms);
}

void loop_pass(struct loop *l)
{
    int timeout = loop_turns(l->x);
    nfds_t n;

    timeout = sooner(timeout, keep_state(l));
    n = fill_poll(l);
    if (n && poll(l->set, n, timeout) > 0) {
        take_events(l);
    }
}
