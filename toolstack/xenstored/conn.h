/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections: one message in, one message out, and the events that wait.
 *
 * A connection takes its next request only when the answer to the last one has been handed over, so
 * a client that does not read costs nothing but its queue of events. That queue is bounded: above
 * the bound, single events of a watch give way to one for the watched path itself. The message
 * buffers are a struct area; those of ring connections live in a file that outlives the daemon
 * (rings.c), so their fields follow strict rules (below). How octets come and go is the
 * transport's: ring.c or socket.c.
 */
#ifndef XENSTORED_CONN_H
#define XENSTORED_CONN_H

#include "xsd.h"

/*
 * Octets in both directions are counted by 32-bit numbers that wrap; for a ring they are the ring's
 * own indices.
 *
 *   message being read:    in[0 .. in_cons - in_start)
 *   message being written: out[0 .. out_len), of which out_prod - out_start octets are in the ring
 *
 * state holds in_start (low half) and out_len (next 16 bits), because "request done" and "answer
 * begun" must become true in one store: that store is the commit of a request that changes nothing.
 * One that changes the store is committed by the journal, whose REPLY record repeats the new state.
 * in_cons and out_prod are each written before the ring's own index, and are right when the two
 * differ.
 */
struct area {
    uint64_t state;
    /* journal position of the oldest event not yet handed over; PENDING_NONE */
    uint64_t pending_pos;
    uint32_t in_cons, out_prod, out_start;
    uint32_t pad;
    char in[XS_MSG_MAX], out[XS_MSG_MAX];
};

#define PENDING_NONE UINT64_MAX

struct transport {
    /*
     * Both move up to len octets and return how many (0: not now) or a negative errno: the
     * connection is over.
     */
    ssize_t (*read)(struct xsd *x, struct conn *c, void *data, size_t len);
    ssize_t (*write)(struct xsd *x, struct conn *c, const void *data, size_t len);
    /* Called at most once a turn, after octets were moved. */
    void (*flush)(struct xsd *x, struct conn *c);
};

struct event {
    struct list link;
    uint32_t len;
    char msg[];            /* a whole message with its header */
};

struct conn {
    struct list link;      /* xsd.conns */
    uint32_t id;
    const struct actor *who;
    struct domain *dom;    /* NULL: a socket, or dead */
    int fd;                /* of the socket, or -1 */
    int slot;              /* of the area in xsd.rings, or -1: area is malloc'd */
    struct area *area;
    const struct transport *transport;
    struct list events, watches, txs;
    size_t event_bytes, event_count;
    unsigned int lost;     /* watches with events lost */
    bool event_due;        /* an event goes out before the next request comes in */
    bool moved;            /* octets were moved since the last flush */
    bool ready;            /* worth a turn */
    bool waits;            /* its domain is being slowed down */
    bool dead;             /* has ended; in the list until conns_reap() */
    bool ignored;          /* broke the protocol; a ring waits for the guest to reset it */
    bool wants_write;      /* socket: blocked on output */
    bool has_reply;        /* restoring: the last REPLY record, see restore_rings() */
    uint32_t reply_prev, reply_out_start;
    uint64_t reply_state;
};

static inline uint32_t area_in_start(const struct area *a)
{
    return (uint32_t)a->state;
}
static inline uint32_t area_out_len(const struct area *a)
{
    return (uint32_t)(a->state >> 32) & 0xffff;
}
static inline uint64_t area_state(uint32_t in_start, uint32_t out_len)
{
    return in_start | (uint64_t)out_len << 32;
}

struct conn *conn_new_socket(struct xsd *x, int fd);
/* For a domain whose ring is mapped. NULL without memory. */
struct conn *conn_new_ring(struct xsd *x, struct domain *dom);
/*
 * It is over: watches, transactions and events go, a socket is closed, a ring is not touched. The
 * connection itself stays in xsd.conns, dead and of no domain, since somebody may be walking there:
 * only conns_reap() takes it out and frees it, called when nobody does.
 */
void conn_end(struct xsd *x, struct conn *c);
void conns_reap(struct xsd *x);
/*
 * The connection starts anew: no message, event, watch or transaction is left, the ring's indices
 * are zero.
 */
void conn_reset_ring(struct xsd *x, struct conn *c);
/* Returns the living connection of that number, or NULL. */
struct conn *conn_find(struct xsd *x, uint32_t id);

/*
 * One turn: writes what can be written, then reads and handles at most one request. Returns whether
 * it moved on.
 */
bool conn_turn(struct xsd *x, struct conn *c);

/* Queues an event of a watch; path is absolute, the watch says what of it the client sees. */
void conn_queue_event(struct xsd *x, struct watch *w, const char *path);
/* Queues a whole message (restored). Returns 0 or -ENOMEM. */
int conn_queue_message(struct xsd *x, struct conn *c, const void *msg, size_t len);

/*
 * Makes the len octets in area->out the message to be written; consume: the request in area->in is
 * done.
 */
void conn_send(struct xsd *x, struct conn *c, size_t len, bool consume);

extern const struct transport ring_transport, socket_transport;

/* The ring page of a guest: features offered, and its reset if the guest asks for one. */
void ring_attach(struct conn *c, bool fresh);
bool ring_wants_reset(const struct conn *c);
void ring_reset(struct xsd *x, struct conn *c);
void ring_report_error(struct conn *c, uint32_t error);

#endif
