/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes records: single ones to the journal, all of them for a complete state. See record.h.
 */
#include "record.h"

#include <string.h>
#include <unistd.h>

#include "conn.h"
#include "domain.h"
#include "rings.h"
#include "tx.h"
#include "watch.h"

/* ------------------------------------------------------------------ one record */

/* The pieces of a record's body. */
struct piece {
    const void *data;
    size_t len;
};

static void put(struct buf *b, uint32_t type, const struct piece *pieces, size_t count)
{
    static const char zeros[8];
    struct rec_header hdr = { .type = type };

    for (size_t i = 0; i < count; i++) {
        hdr.len += (uint32_t)pieces[i].len;
    }
    buf_add(b, &hdr, sizeof(hdr));
    for (size_t i = 0; i < count; i++) {
        buf_add(b, pieces[i].data, pieces[i].len);
    }
    buf_add(b, zeros, (8 - hdr.len % 8) % 8);
}

#define PUT(b, type, ...) \
    put(b, (uint32_t)(type), (const struct piece[]){ __VA_ARGS__ }, \
        sizeof((const struct piece[]){ __VA_ARGS__ }) / sizeof(struct piece))
#define STRUCT(s) { &(s), sizeof(s) }

static void put_node(struct buf *b, const char *path, const struct node *n)
{
    struct rec_node r = { .path_len = (uint16_t)(strlen(path) + 1) };
    struct rec_perm perms[XENSTORE_PAYLOAD_MAX / 3];

    if (n) {
        r.value_len = (uint16_t)n->value_len;
        r.nperms = n->nperms;
        for (unsigned int i = 0; i < n->nperms; i++) {
            perms[i] = (struct rec_perm){ .letter = (uint8_t)xs_perm_letter(n->perms[i].access),
                                          .flags = n->perms[i].flags, .domid = n->perms[i].domid };
        }
    }
    PUT(b, REC_NODE_DATA, STRUCT(r), { perms, r.nperms * sizeof(perms[0]) }, { path, r.path_len },
        { n ? n->value : "", r.value_len });
}

static void put_watch(struct buf *b, const struct watch *w)
{
    const char *path = w->point->path + w->rel;
    struct rec_watch_ext r = { .w = { .conn_id = w->conn->id,
                                      .path_len = (uint16_t)(strlen(path) + 1),
                                      .token_len = (uint16_t)(strlen(w->token) + 1) },
                               .depth = (uint16_t)w->depth };

    PUT(b, REC_WATCH_DATA_EXTENDED, STRUCT(r), { path, r.w.path_len }, { w->token, r.w.token_len });
}

static void put_tx(struct buf *b, uint32_t type, uint32_t conn_id, uint32_t id)
{
    struct rec_tx r = { .conn_id = conn_id, .tx_id = id };

    PUT(b, type, STRUCT(r));
}

static void put_domain(struct buf *b, const struct domain *dom)
{
    struct rec_domain_state r = { .domid = dom->domid, .target = dom->who.target,
                                  .shutdown = dom->shutdown,
                                  .remote_port = dom->remote_port, .gfn = dom->gfn };

    PUT(b, REC_DOMAIN_STATE, STRUCT(r));
}

static void put_ring(struct buf *b, const struct conn *c)
{
    struct rec_ring r = { .conn_id = c->id, .domid = c->dom->domid, .slot = c->slot };

    put_domain(b, c->dom);
    PUT(b, REC_RING, STRUCT(r));
}

static void put_event(struct buf *b, uint32_t conn_id, const struct event *ev)
{
    PUT(b, REC_EVENT, STRUCT(conn_id), { ev->msg, ev->len });
}

static void put_quotas(struct buf *b, const struct xsd *x)
{
    struct rec_quota r = { .per_domain = QUOTA_COUNT };
    struct buf names = { 0 };

    for (int q = 0; q < QUOTA_COUNT; q++) {
        buf_add(&names, quota_defs[q].name, strlen(quota_defs[q].name) + 1);
    }
    b->failed |= names.failed;
    PUT(b, REC_GLOBAL_QUOTA_DATA, STRUCT(r), { x->quota, sizeof(x->quota) },
        { names.data, names.len });
    buf_free(&names);
}

/* ------------------------------------------------------------------ the journal */

void record_node(struct journal *j, const char *path, const struct node *n)
{
    if (journal_wants(j)) {
        put_node(&j->staged, path, n);
    }
}

void record_node_gone(struct journal *j, const char *path)
{
    if (journal_wants(j)) {
        put_node(&j->staged, path, NULL);
    }
}

void record_watch(struct journal *j, const struct watch *w)
{
    if (journal_wants(j) && w->conn->dom) {
        put_watch(&j->staged, w);
    }
}

void record_unwatch(struct journal *j, const struct watch *w)
{
    const char *path = w->point->path + w->rel;
    struct rec_watch r = { .conn_id = w->conn->id, .path_len = (uint16_t)(strlen(path) + 1),
                           .token_len = (uint16_t)(strlen(w->token) + 1) };

    if (journal_wants(j) && w->conn->dom) {
        PUT(&j->staged, REC_UNWATCH, STRUCT(r), { path, r.path_len }, { w->token, r.token_len });
    }
}

void record_ring(struct journal *j, const struct conn *c)
{
    if (journal_wants(j)) {
        put_ring(&j->staged, c);
    }
}

void record_conn_gone(struct journal *j, uint32_t conn_id)
{
    if (journal_wants(j)) {
        PUT(&j->staged, REC_CONN_GONE, STRUCT(conn_id));
    }
}

void record_domain(struct journal *j, const struct domain *dom)
{
    if (journal_wants(j)) {
        put_domain(&j->staged, dom);
    }
}

void record_domain_gone(struct journal *j, uint16_t domid)
{
    uint32_t number = domid;

    if (journal_wants(j)) {
        PUT(&j->staged, REC_DOMAIN_GONE, STRUCT(number));
    }
}

void record_tx(struct journal *j, const struct conn *c, uint32_t id)
{
    if (journal_wants(j) && c->dom) {
        put_tx(&j->staged, REC_TRANSACTION_DATA, c->id, id);
    }
}

void record_tx_gone(struct journal *j, const struct conn *c, uint32_t id)
{
    if (journal_wants(j) && c->dom) {
        put_tx(&j->staged, (uint32_t)REC_TX_GONE, c->id, id);
    }
}

void record_reply(struct journal *j, const struct conn *c, uint32_t prev_in_start, uint64_t state,
                  uint32_t out_start)
{
    struct rec_reply r = { .conn_id = c->id, .prev_in_start = prev_in_start, .state = state,
                           .out_start = out_start };

    if (journal_wants(j)) {
        PUT(&j->staged, REC_REPLY, STRUCT(r));
    }
}

void record_special(struct journal *j, int which, uint16_t domid)
{
    struct rec_special r = { .which = (uint16_t)which, .domid = domid };

    if (journal_wants(j)) {
        PUT(&j->staged, REC_SPECIAL, STRUCT(r));
    }
}

void record_quotas(struct journal *j, const struct xsd *x)
{
    if (journal_wants(j)) {
        put_quotas(&j->staged, x);
    }
}

/* ------------------------------------------------------------------ the whole state */

/* What is still to be sent: the rest of the message under way, then the events. */
static void gather_output(struct xsd *x, struct conn *c, struct buf *out, size_t *partial)
{
    struct area *a = c->area;
    uint32_t len = area_out_len(a), done = len ? a->out_prod - a->out_start : 0;

    (void)x;
    buf_add(out, a->out + done, len - done);
    *partial = done ? out->len : 0;
    list_for(it, &c->events) {
        const struct event *ev = list_entry(it, struct event, link);

        buf_add(out, ev->msg, ev->len);
    }
}

static void save_connection(struct xsd *x, struct buf *b, struct conn *c)
{
    struct rec_conn r = { .conn_id = c->id, .type = c->dom ? CONN_RING : CONN_SOCKET };
    struct buf out = { 0 };
    size_t partial;

    gather_output(x, c, &out, &partial);
    b->failed |= out.failed;
    if (c->dom) {
        r.spec.ring.domid = c->dom->domid;
        r.spec.ring.tdomid = c->dom->who.target;
        r.spec.ring.evtchn = c->dom->local_port;
    } else {
        r.spec.socket.fd = c->fd;
    }
    r.in_len = (uint16_t)(c->area->in_cons - area_in_start(c->area));
    r.out_resp_len = (uint16_t)partial;
    r.out_len = (uint32_t)out.len;
    PUT(b, REC_CONNECTION_DATA, STRUCT(r), { c->area->in, r.in_len }, { out.data, out.len });
    buf_free(&out);
}

static void save_connections(struct xsd *x, struct buf *b, bool live)
{
    list_for(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (live && !c->dead) {
            if (c->dom) {
                put_domain(b, c->dom);
            }
            save_connection(x, b, c);
        } else if (!live && c->dom) {
            put_ring(b, c);
        }
    }
}

static void save_of_connections(struct xsd *x, struct buf *b, bool live)
{
    list_for(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (c->dead || (!live && !c->dom)) {
            continue;
        }
        list_for(w, &c->watches) {
            put_watch(b, list_entry(w, struct watch, by_conn));
        }
        list_for(t, &c->txs) {
            put_tx(b, REC_TRANSACTION_DATA, c->id, list_entry(t, struct tx, by_conn)->id);
        }
        if (!live) {
            list_for(e, &c->events) {
                put_event(b, c->id, list_entry(e, struct event, link));
            }
        }
    }
}

static void save_nodes(struct xsd *x, struct buf *b)
{
    struct node *n, *parent;

    for (int i = 0; i < SPECIAL_COUNT; i++) {
        put_node(b, x->special[i]->name, x->special[i]);
    }
    walk_start(x->walk, x->root, "/");
    while ((n = walk_next(x->walk, &parent))) {
        put_node(b, x->walk->path, n);
    }
}

void save_state(struct xsd *x, struct buf *b, bool live, int socket_fd, int evtchn_fd)
{
    struct rec_stream hdr = { .ident = STREAM_IDENT,
                              .version_be = __builtin_bswap32(STREAM_VERSION) };
    struct rec_global global = { .socket_fd = socket_fd, .evtchn_fd = evtchn_fd };

    buf_add(b, &hdr, sizeof(hdr));
    if (live) {
        PUT(b, REC_GLOBAL_DATA, STRUCT(global));
    }
    put_quotas(b, x);
    save_connections(x, b, live);
    save_nodes(x, b);
    save_of_connections(x, b, live);
    if (live) {
        put(b, REC_END, NULL, 0);
    }
}

int save_journal(struct xsd *x, const char *dir)
{
    struct buf b = { 0 };
    int rc;

    save_state(x, &b, false, -1, -1);
    rc = journal_replace(&x->journal, dir, &b, x->rings ? x->rings->number : 0);
    buf_free(&b);
    if (rc) {
        return rc;
    }
    list_for(it, &x->conns) {
        struct conn *c = list_entry(it, struct conn, link);

        if (c->area->pending_pos != PENDING_NONE) {
            c->area->pending_pos = journal_position(&x->journal);
        }
    }
    return 0;
}
