/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections: the order in which messages go in and out, and the queue of events. See conn.h.
 */
#include "conn.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain.h"
#include "record.h"
#include "request.h"
#include "rings.h"
#include "tx.h"
#include "watch.h"

#define EVENT_ROOM (64u << 10)          /* octets of queued events: unprivileged domains */
#define EVENT_ROOM_TOOL (1u << 20)      /* a program of Domain 0 */
#define EVENT_ROOM_KERNEL (16u << 20)   /* Domain 0's kernel, which must not lose a path */
#define SAME_EVENT_SEARCH 64            /* queued events that a new one is compared with */

/* ------------------------------------------------------------------ life */

/* A tool of Domain 0; a connection that is no more. */
static const struct actor tool = { .domid = 0, .target = DOMID_INVALID, .priv = true };
static const struct actor nobody = { .domid = DOMID_INVALID, .target = DOMID_INVALID };

static struct conn *new_conn(struct xsd *x)
{
    struct conn *c = calloc(1, sizeof(*c));

    if (!c) {
        return NULL;
    }
    c->id = x->next_conn_id++;
    c->fd = c->slot = -1;
    c->who = &tool;
    list_init(&c->events);
    list_init(&c->watches);
    list_init(&c->txs);
    list_append(&x->conns, &c->link);
    return c;
}

struct conn *conn_new_socket(struct xsd *x, int fd)
{
    struct conn *c = new_conn(x);

    if (!c) {
        return NULL;
    }
    c->area = calloc(1, sizeof(*c->area));
    if (!c->area) {
        conn_end(x, c);
        return NULL;
    }
    c->area->pending_pos = PENDING_NONE;
    c->fd = fd;
    c->transport = &socket_transport;
    return c;
}

struct conn *conn_new_ring(struct xsd *x, struct domain *dom)
{
    struct conn *c = new_conn(x);

    if (!c) {
        return NULL;
    }
    c->area = rings_take(x->rings, &c->slot);
    if (!c->area) {
        conn_end(x, c);
        return NULL;
    }
    c->area->pending_pos = PENDING_NONE;
    c->transport = &ring_transport;
    c->dom = dom;
    c->who = &dom->who;
    dom->conn = c;
    c->ready = c->moved = true;    /* the guest is told once: it may be waiting for us to come up */
    ring_attach(c, true);
    return c;
}

static void drop_events(const struct xsd *x, struct conn *c)
{
    list_for_safe(it, &c->events) {
        free(list_entry(it, struct event, link));
    }
    list_init(&c->events);
    if (c->dom) {
        c->dom->mem -= c->event_bytes;
    }
    c->event_bytes = c->event_count = 0;
    c->lost = 0;
    c->event_due = false;
    if (c->area && !x->replaying) {
        c->area->pending_pos = PENDING_NONE;
    }
}

static void drop_all(struct xsd *x, struct conn *c)
{
    tx_drop_all(x, c);
    watch_del_all(x, c);
    drop_events(x, c);
}

void conn_end(struct xsd *x, struct conn *c)
{
    drop_all(x, c);
    if (c->fd >= 0) {
        close(c->fd);
        c->fd = -1;
    }
    if (c->dom) {
        c->dom->conn = NULL;
        c->dom = NULL;
    }
    c->who = &nobody;
    c->ready = c->waits = false;
    c->dead = true;
}

static void conn_free(struct xsd *x, struct conn *c)
{
    if (c->slot >= 0) {
        rings_give(x->rings, c->slot, c->area);
    } else {
        free(c->area);
    }
    list_remove(&c->link);
    free(c);
}

void conns_reap(struct xsd *x)
{
    list_for_safe(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (c->dead) {
            conn_free(x, c);
        }
    }
}

void conn_reset_ring(struct xsd *x, struct conn *c)
{
    drop_all(x, c);
    c->ignored = false;
    ring_reset(x, c);
    record_ring(&x->journal, c);
}

struct conn *conn_find(struct xsd *x, uint32_t id)
{
    list_for(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (c->id == id && !c->dead) {
            return c;
        }
    }
    return NULL;
}

/* The client broke the protocol, or is gone. */
static void conn_break(struct xsd *x, struct conn *c, uint32_t ring_error)
{
    if (!c->dom) {
        conn_end(x, c);
        return;
    }
    xsd_note_about(x, c->dom, "connection stopped, error %u (xs_wire.h)", ring_error);
    drop_all(x, c);
    c->ignored = true;
    ring_report_error(c, ring_error);
    record_ring(&x->journal, c);
    journal_commit(&x->journal);
}

/* ------------------------------------------------------------------ events */

static size_t event_bytes(const struct event *ev)
{
    return sizeof(*ev) + ev->len + ALLOC_BYTES;
}

static struct event *make_event(const char *path, const char *token)
{
    size_t path_len = strlen(path) + 1, token_len = strlen(token) + 1;
    struct xsd_sockmsg hdr = { .type = XS_WATCH_EVENT, .len = (uint32_t)(path_len + token_len) };
    struct event *ev;

    if (hdr.len > XENSTORE_PAYLOAD_MAX) {
        return NULL;
    }
    ev = malloc(sizeof(*ev) + sizeof(hdr) + hdr.len);
    if (!ev) {
        return NULL;
    }
    ev->len = (uint32_t)sizeof(hdr) + hdr.len;
    memcpy(ev->msg, &hdr, sizeof(hdr));
    memcpy(ev->msg + sizeof(hdr), path, path_len);
    memcpy(ev->msg + sizeof(hdr) + path_len, token, token_len);
    return ev;
}

static bool already_queued(const struct conn *c, const struct event *ev)
{
    int looked = 0;

    for (struct list *it = c->events.prev; it != &c->events &&
         looked < SAME_EVENT_SEARCH; it = it->prev) {
        const struct event *other = list_entry(it, struct event, link);

        if (other->len == ev->len && !memcmp(other->msg, ev->msg, ev->len)) {
            return true;
        }
        looked++;
    }
    return false;
}

static void append_event(struct xsd *x, struct conn *c, struct event *ev)
{
    size_t bytes = event_bytes(ev);

    if (c->area->pending_pos == PENDING_NONE) {
        c->area->pending_pos = journal_position(&x->journal);
    }
    list_append(&c->events, &ev->link);
    c->event_bytes += bytes;
    c->event_count++;
    if (c->dom) {
        c->dom->mem += bytes;
    }
}

static bool has_events(const struct conn *c)
{
    return c->event_count || c->lost;
}

/* No room or memory for the event: the client will hear once of the watched path itself. */
static void lose_event(struct conn *c, struct watch *w)
{
    c->lost += !w->lost;
    w->lost = true;
}

void conn_queue_event(struct xsd *x, struct watch *w, const char *path)
{
    struct conn *c = w->conn;
    size_t room = !c->dom ? EVENT_ROOM_TOOL : c->who->priv ? EVENT_ROOM_KERNEL : EVENT_ROOM;
    struct event *ev;

    if (c->ignored || c->dead || x->quiet ||
        (x->replaying && x->replay_pos < c->area->pending_pos)) {
        return;
    }
    c->ready = true;
    if (path[0] == '/' && strlen(path) >= w->rel) {
        path += w->rel;
    }
    if (c->event_bytes > room) {
        lose_event(c, w);
        return;
    }
    ev = make_event(path, w->token);
    if (!ev) {
        lose_event(c, w);
    } else if (already_queued(c, ev)) {
        free(ev);
    } else {
        append_event(x, c, ev);
    }
}

int conn_queue_message(struct xsd *x, struct conn *c, const void *msg, size_t len)
{
    struct event *ev = malloc(sizeof(*ev) + len);

    if (!ev) {
        return -ENOMEM;
    }
    ev->len = (uint32_t)len;
    memcpy(ev->msg, msg, len);
    append_event(x, c, ev);
    return 0;
}

/* All single events are out: now those for watches that have lost some. */
static void requeue_lost(struct xsd *x, struct conn *c)
{
    c->lost = 0;
    list_for(it, &c->watches) {
        struct watch *w = list_entry(it, struct watch, by_conn);

        if (w->lost) {
            w->lost = false;
            conn_queue_event(x, w, w->point->path);
        }
    }
}

/* Makes the oldest event the message to be written. */
static void send_event(struct xsd *x, struct conn *c)
{
    struct event *ev;

    if (!c->event_count) {
        requeue_lost(x, c);
    }
    if (!c->event_count) {
        return;
    }
    ev = list_entry(c->events.next, struct event, link);
    memcpy(c->area->out, ev->msg, ev->len);
    conn_send(x, c, ev->len, false);
    list_remove(&ev->link);
    c->event_count--;
    c->event_bytes -= event_bytes(ev);
    if (c->dom) {
        c->dom->mem -= event_bytes(ev);
    }
    free(ev);
    if (!has_events(c)) {
        c->area->pending_pos = PENDING_NONE;
    }
}

/* ------------------------------------------------------------------ messages */

void conn_send(struct xsd *x, struct conn *c, size_t len, bool consume)
{
    struct area *a = c->area;
    uint64_t state = area_state(consume ? a->in_cons : area_in_start(a), (uint32_t)len);

    a->out_start = a->out_prod;
    if (consume && journal_mark(&x->journal)) {
        if (c->dom) {
            record_reply(&x->journal, c, area_in_start(a), state, a->out_start);
        }
        journal_commit(&x->journal);    /* without space: loop.c tells, and tries again */
    }
    __atomic_store_n(&a->state, state, __ATOMIC_RELEASE);
}

/* Writes what is left of the message. Returns 1: all out; 0: blocked; -1: connection lost. */
static int push_out(struct xsd *x, struct conn *c)
{
    struct area *a = c->area;

    while (area_out_len(a)) {
        uint32_t done = a->out_prod - a->out_start, left = area_out_len(a) - done;
        ssize_t n = left ? c->transport->write(x, c, a->out + done, left) : 0;

        if (n < 0) {
            conn_break(x, c, XENSTORE_ERROR_RINGIDX);
            return -1;
        }
        c->moved |= n > 0;
        if (left == (uint32_t)n) {
            __atomic_store_n(&a->state, area_state(area_in_start(a), 0), __ATOMIC_RELEASE);
        } else if (!n) {
            return 0;
        }
    }
    return 1;
}

/* Reads towards one whole message. Returns 1: there is one; 0: not yet; -1: connection lost. */
static int pull_in(struct xsd *x, struct conn *c)
{
    struct area *a = c->area;

    for (;;) {
        uint32_t have = a->in_cons - area_in_start(a), want = XS_HDR_SIZE;
        struct xsd_sockmsg hdr;
        ssize_t n;

        if (have >= XS_HDR_SIZE) {
            memcpy(&hdr, a->in, sizeof(hdr));
            if (hdr.len > XENSTORE_PAYLOAD_MAX) {
                conn_break(x, c, XENSTORE_ERROR_PROTO);
                return -1;
            }
            want += hdr.len;
            if (have == want) {
                return 1;
            }
        }
        n = c->transport->read(x, c, a->in + have, want - have);
        if (n < 0) {
            conn_break(x, c, XENSTORE_ERROR_RINGIDX);
            return -1;
        }
        c->moved |= n > 0;
        if (!n) {
            return 0;
        }
    }
}

static bool turn(struct xsd *x, struct conn *c)
{
    int64_t until;
    int rc = push_out(x, c);

    if (rc <= 0) {
        return false;
    }
    if (c->event_due && has_events(c)) {
        c->event_due = false;
        send_event(x, c);
        return push_out(x, c) > 0;
    }
    rc = c->dom && domain_blocked(x, c->dom, &until) ? 0 : pull_in(x, c);
    if (rc > 0) {
        c->event_due = true;
        conn_send(x, c, request_handle(x, c), true);
        return push_out(x, c) > 0;
    }
    if (!rc && has_events(c)) {
        send_event(x, c);
        return push_out(x, c) > 0;
    }
    return false;
}

bool conn_turn(struct xsd *x, struct conn *c)
{
    bool more;

    if (c->dead) {
        return false;
    }
    if (c->dom && ring_wants_reset(c)) {
        conn_reset_ring(x, c);
        journal_commit(&x->journal);
        c->moved = true;
    }
    more = !c->ignored && turn(x, c);
    if (c->moved && !c->dead) {
        c->moved = false;
        c->transport->flush(x, c);
    }
    return more;
}
