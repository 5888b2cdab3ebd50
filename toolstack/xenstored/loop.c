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

void loop_pass(struct loop *l)
{
    int timeout = loop_turns(l->x);
    nfds_t n;

    if (l->dir && journal_is_long(&l->x->journal) && save_journal(l->x, l->dir)) {
        xsd_note(l->x, "the state file is lost: a crash of xenstored would lose the store");
    }
    n = fill_poll(l);
    if (n && poll(l->set, n, timeout) > 0) {
        take_events(l);
    }
}
