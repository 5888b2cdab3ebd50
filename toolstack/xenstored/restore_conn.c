/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the records of connections, and maps their rings again when all is read. See record.h and
 * restore.c.
 */
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "domain.h"
#include "restore.h"
#include "rings.h"
#include "tx.h"
#include "watch.h"

static struct conn *bare_ring(struct xsd *x, struct domain *dom, uint32_t id, struct area *area,
                              int slot)
{
    struct conn *c = calloc(1, sizeof(*c));

    if (!c) {
        return NULL;
    }
    c->id = id;
    c->fd = -1;
    c->slot = slot;
    c->area = area;
    c->transport = &ring_transport;
    c->dom = dom;
    c->who = &dom->who;
    list_init(&c->events);
    list_init(&c->watches);
    list_init(&c->txs);
    list_append(&x->conns, &c->link);
    dom->conn = c;
    return c;
}

static void use_id(struct xsd *x, uint32_t id)
{
    if (x->next_conn_id <= id) {
        x->next_conn_id = id + 1;
    }
}

/* A ring connection of the journal starts, or starts anew. */
int restore_ring(struct restore *r, struct body *b)
{
    struct rec_ring rec;
    struct domain *dom;
    struct area *area;

    if (!rec_take_struct(b, &rec, sizeof(rec)) || !rec.conn_id) {
        return -EINVAL;
    }
    dom = domain_find(r->x, rec.domid);
    if (!dom) {
        return -EINVAL;
    }
    if (dom->conn) {
        if (dom->conn->id != rec.conn_id) {
            return -EINVAL;
        }
        watch_del_all(r->x, dom->conn);
        tx_drop_all(r->x, dom->conn);
        dom->conn->has_reply = false;
        return 0;
    }
    area = rings_reuse(r->x->rings, rec.slot);
    if (!area) {
        return -EINVAL;
    }
    use_id(r->x, rec.conn_id);
    return bare_ring(r->x, dom, rec.conn_id, area, rec.slot) ? 0 : -ENOMEM;
}

static int end_ring(struct restore *r, struct conn *c)
{
    if (c) {
        /* The next record may give the slot to another; what is in it belongs to the last one. */
        rings_give(r->x->rings, c->slot, c->area);
        c->slot = -1;
        c->area = calloc(1, sizeof(*c->area));
        if (!c->area) {
            return -ENOMEM;
        }
        conn_end(r->x, c);
    }
    return 0;
}

int restore_conn_gone(struct restore *r, struct body *b)
{
    uint32_t id;

    return rec_take_struct(b, &id, sizeof(id)) ? end_ring(r, conn_find(r->x, id)) : -EINVAL;
}

int restore_domain_gone(struct restore *r, struct body *b)
{
    struct domain *dom;
    uint32_t domid;
    int rc;

    if (!rec_take_struct(b, &domid, sizeof(domid)) || !domid) {
        return -EINVAL;
    }
    dom = domain_find(r->x, domid);
    if (!dom) {
        return 0;
    }
    rc = end_ring(r, dom->conn);
    if (!rc) {
        domain_forget(r->x, dom);
    }
    return rc;
}

int restore_reply(struct restore *r, struct body *b)
{
    struct rec_reply rec;
    struct conn *c;

    if (!rec_take_struct(b, &rec, sizeof(rec))) {
        return -EINVAL;
    }
    c = conn_find(r->x, rec.conn_id);
    if (c) {
        c->has_reply = true;
        c->reply_prev = rec.prev_in_start;
        c->reply_state = rec.state;
        c->reply_out_start = rec.out_start;
    }
    return 0;
}

/* Sets a connection's buffers from what was read and not handled, and what was not written. */
static int restore_pending(struct xsd *x, struct conn *c, const struct rec_conn *rec,
                           struct body *b)
{
    const char *in = rec_take(b, rec->in_len), *out = rec_take(b, rec->out_len);
    size_t left = rec->out_len, first = rec->out_resp_len;

    if (!in || !out || rec->in_len > XS_MSG_MAX || first > left || first > XS_MSG_MAX) {
        return -EINVAL;
    }
    memcpy(c->area->in, in, rec->in_len);
    c->area->in_cons = rec->in_len;
    while (left) {
        struct xsd_sockmsg hdr;
        size_t len = first;

        if (!first) {
            if (left < sizeof(hdr)) {
                return -EINVAL;
            }
            memcpy(&hdr, out, sizeof(hdr));
            len = sizeof(hdr) + hdr.len;
        }
        if (len > left || len > XS_MSG_MAX || conn_queue_message(x, c, out, len)) {
            return -EINVAL;
        }
        out += len;
        left -= len;
        first = 0;
    }
    return 0;
}

/* A ring connection of a planned restart; *c is NULL without memory. */
static int restore_ring_conn(struct xsd *x, const struct rec_conn *rec, struct conn **c)
{
    uint16_t domid = rec->spec.ring.domid;
    struct domain *dom = domain_need(x, domid);
    struct area *area;
    int slot;

    if (domid >= DOMID_FIRST_RESERVED || (dom && dom->conn)) {
        return -EINVAL;
    }
    area = dom ? rings_take(x->rings, &slot) : NULL;
    if (!area) {
        return -ENOMEM;
    }
    area->pending_pos = PENDING_NONE;
    dom->who.target = rec->spec.ring.tdomid;
    dom->local_port = rec->spec.ring.evtchn;
    *c = bare_ring(x, dom, rec->conn_id, area, slot);
    if (!*c) {
        rings_give(x->rings, slot, area);
    }
    return *c ? 0 : -ENOMEM;
}

int restore_connection(struct restore *r, struct body *b)
{
    struct conn *c = NULL;
    struct rec_conn rec;
    int rc = -EINVAL;

    if (!rec_take_struct(b, &rec, sizeof(rec)) || !rec.conn_id || conn_find(r->x, rec.conn_id)) {
        return -EINVAL;
    }
    if (rec.type == CONN_SOCKET) {
        c = conn_new_socket(r->x, rec.spec.socket.fd);
        rc = c ? 0 : -ENOMEM;
    } else if (rec.type == CONN_RING) {
        rc = restore_ring_conn(r->x, &rec, &c);
    }
    if (rc) {
        return rc;
    }
    c->id = rec.conn_id;
    use_id(r->x, rec.conn_id);
    return restore_pending(r->x, c, &rec, b);
}

/* Brings the area to where the journal says that the last request was done. */
static void settle(struct conn *c)
{
    struct area *a = c->area;

    if (c->has_reply && area_in_start(a) == c->reply_prev) {
        a->out_start = c->reply_out_start;
        a->state = c->reply_state;
    }
    c->has_reply = false;
    if (a->in_cons - area_in_start(a) > XS_MSG_MAX || area_out_len(a) > XS_MSG_MAX ||
        (area_out_len(a) && a->out_prod - a->out_start > area_out_len(a))) {
        c->ignored = true;
    }
}

/*
 * After a planned restart the ring's own indices are right; the octets read before are in the area.
 */
static void take_indices(struct conn *c)
{
    struct xenstore_domain_interface *ring = c->dom->ring;
    uint32_t have = c->area->in_cons;

    c->area->in_cons = __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE);
    c->area->out_prod = c->area->out_start = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE);
    c->area->state = area_state(c->area->in_cons - have, 0);
}

void restore_rings(struct xsd *x, bool live)
{
    list_for(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        c->ready = c->event_due = !c->dead;
        if (!c->dom) {
            continue;
        }
        if (x->ops->ring_open(x->ops_arg, c->dom)) {
            xsd_note(x, "domain %u: its ring cannot be mapped again", c->dom->domid);
            conn_end(x, c);
            continue;
        }
        if (live) {
            take_indices(c);
        } else {
            settle(c);
        }
        ring_attach(c, false);
        c->moved = true;
    }
}
