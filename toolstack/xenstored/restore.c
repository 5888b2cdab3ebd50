/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads records: the stream of a planned restart, or the journal of a daemon that died. See
 * record.h.
 *
 * A stream is checked like input from outside: every length against what is there, every path,
 * every number. While a journal is replayed, changes fire the events that the dead daemon may not
 * have delivered: those from a connection's area.pending_pos on. An event may so come twice, which
 * xenstore.txt allows, but none is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "domain.h"
#include "record.h"
#include "restore.h"
#include "store.h"
#include "tx.h"
#include "watch.h"

static const struct actor dom0 = { .domid = 0, .target = DOMID_INVALID, .priv = true };

/* Takes len octets off the body, NULL if there are fewer. */
const void *rec_take(struct body *b, size_t len)
{
    const char *p = b->p;

    if (len > b->left) {
        return NULL;
    }
    b->p += len;
    b->left -= len;
    return p;
}

bool rec_take_struct(struct body *b, void *out, size_t len)
{
    const void *p = rec_take(b, len);

    if (p) {
        memcpy(out, p, len);
    }
    return p;
}

/* Takes a string of len octets that ends with its only nul. */
const char *rec_take_string(struct body *b, size_t len)
{
    const char *s = rec_take(b, len);

    return s && len && strnlen(s, len) == len - 1 ? s : NULL;
}

/* ------------------------------------------------------------------ globals */

static int restore_global(struct restore *r, struct body *b)
{
    struct rec_global g;

    if (!rec_take_struct(b, &g, sizeof(g))) {
        return -EINVAL;
    }
    r->out->socket_fd = g.socket_fd;
    r->out->evtchn_fd = g.evtchn_fd;
    return 0;
}

static int restore_quotas(struct restore *r, struct body *b)
{
    struct rec_quota q;
    const uint32_t *values;
    size_t count;

    if (!rec_take_struct(b, &q, sizeof(q))) {
        return -EINVAL;
    }
    count = (size_t)q.per_domain + q.global;
    values = rec_take(b, count * sizeof(*values));
    for (size_t i = 0; values && i < count; i++) {
        const char *name = rec_take_string(b, strnlen(b->p, b->left) + 1);
        uint32_t value;

        if (!name) {
            return -EINVAL;
        }
        memcpy(&value, (const char *)values + i * sizeof(value), sizeof(value));
        for (int k = 0; k < QUOTA_COUNT; k++) {
            if (!strcmp(name, quota_defs[k].name)) {
                r->x->quota[k] = value;
            }
        }
    }
    return values ? 0 : -EINVAL;
}

static int restore_domain(struct restore *r, struct body *b)
{
    struct rec_domain_state s;
    struct domain *dom;

    if (!rec_take_struct(b, &s, sizeof(s)) || s.domid >= DOMID_FIRST_RESERVED) {
        return -EINVAL;
    }
    dom = domain_need(r->x, s.domid);
    if (!dom) {
        return -ENOMEM;
    }
    dom->who.target = s.target;
    dom->shutdown = s.shutdown;
    dom->remote_port = s.remote_port;
    dom->gfn = s.gfn;
    return 0;
}

/* ---------------------------------------------------------- watches, transactions, events */

static int restore_watch(struct restore *r, struct body *b, bool extended, bool del)
{
    struct rec_watch_ext rec = { .depth = WATCH_ANY_DEPTH };
    const char *path, *token;
    struct watch *w;
    struct conn *c;
    path_t full;
    char base[24] = "";
    size_t rel = 0;
    int rc;

    if (!rec_take_struct(b, &rec, extended ? sizeof(rec) : sizeof(rec.w))) {
        return -EINVAL;
    }
    path = rec_take_string(b, rec.w.path_len);
    token = rec_take_string(b, rec.w.token_len);
    c = conn_find(r->x, rec.w.conn_id);
    if (!path || !token || !c) {
        return -EINVAL;
    }
    if (path[0] != '/' && path[0] != '@') {
        snprintf(base, sizeof(base), "/local/domain/%u", c->who->domid);
        rel = strlen(base) + 1;
    }
    if (path_complete(path, base, full) ||
        (full[0] == '/' && !path_valid(full, XENSTORE_ABS_PATH_MAX, false))) {
        return -EINVAL;
    }
    if (del) {
        w = watch_find(r->x, c, full, token);
        if (w) {
            watch_del(r->x, w);
        }
        return 0;
    }
    rc = watch_add(r->x, c, full, rel, token, rec.depth, &w);
    if (!rc) {
        conn_queue_event(r->x, w, full);
    }
    return rc == -E2BIG ? 0 : rc;    /* a quota lowered meanwhile */
}

static int restore_tx(struct restore *r, struct body *b, bool gone)
{
    struct rec_tx rec;
    struct conn *c;
    struct tx *tx;

    if (!rec_take_struct(b, &rec, sizeof(rec)) || !(c = conn_find(r->x, rec.conn_id))) {
        return -EINVAL;
    }
    tx = tx_find(c, rec.tx_id);
    if (gone) {
        return tx ? tx_end(r->x, tx, false) : 0;
    }
    return tx || !rec.tx_id ? -EINVAL : tx_restore(r->x, c, rec.tx_id);
}

static int restore_special(struct restore *r, struct body *b)
{
    struct rec_special rec;

    if (!rec_take_struct(b, &rec, sizeof(rec)) || rec.which >= SPECIAL_COUNT) {
        return -EINVAL;
    }
    watch_fire_special(r->x, rec.which, rec.domid);
    return 0;
}

/* An event that waited when the complete state was written. */
static int restore_event(struct restore *r, struct body *b)
{
    struct conn *c;
    uint32_t id;

    if (!rec_take_struct(b, &id, sizeof(id)) || b->left < XS_HDR_SIZE || b->left > XS_MSG_MAX) {
        return -EINVAL;
    }
    c = conn_find(r->x, id);
    if (!c || c->area->pending_pos > r->base + r->snapshot_len) {
        return 0;
    }
    return conn_queue_message(r->x, c, b->p, b->left);
}

/* ------------------------------------------------------------------ nodes */

static int read_perms(struct body *b, size_t count, struct xs_perm *perms)
{
    for (size_t i = 0; i < count; i++) {
        struct rec_perm rec;
        char text[2];

        if (!rec_take_struct(b, &rec, sizeof(rec))) {
            return -EINVAL;
        }
        text[0] = (char)rec.letter;
        text[1] = 0;
        if (!text[0] || !strchr("nrwb", text[0])) {
            return -EINVAL;
        }
        perms[i] = (struct xs_perm){ .domid = rec.domid, .flags = rec.flags & XS_PERM_STALE,
                                     .access = (uint8_t)(strchr("nrwb", text[0]) - "nrwb") };
    }
    return 0;
}

/* Writes a node with its permissions, and then tells of it once. */
static int put_node(struct restore *r, const char *path, const struct xs_perm *perms, size_t nperms,
                    const void *value, size_t len)
{
    struct xsd *x = r->x;
    bool quiet = x->quiet;
    struct lookup l;
    int rc;

    if (path[0] == '@') {
        for (int i = 0; i < SPECIAL_COUNT; i++) {
            if (!strcmp(path, x->special[i]->name)) {
                return node_set_perms(x->special[i], perms, nperms);
            }
        }
        return 0;
    }
    if (perms[0].domid >= DOMID_FIRST_RESERVED || !domain_need(x, perms[0].domid)) {
        return -EINVAL;
    }
    x->quiet = true;
    rc = apply_write(x, &x->root, &dom0, path, value, len);
    if (!rc) {
        rc = apply_perms(x, &x->root, &dom0, path, perms, nperms);
    }
    x->quiet = quiet;
    if (!rc) {
        tree_find(x->root, path, &l);
        watch_fire(x, &(struct change){ .path = path, .node = l.node, .parent = l.above });
    }
    return rc;
}

static int restore_node(struct restore *r, struct body *b)
{
    struct xs_perm perms[XENSTORE_PAYLOAD_MAX / 3];
    const char *path, *value;
    struct rec_node rec;
    struct lookup l;

    if (!rec_take_struct(b, &rec, sizeof(rec)) || rec.nperms > sizeof(perms) / sizeof(perms[0]) ||
        read_perms(b, rec.nperms, perms)) {
        return -EINVAL;
    }
    path = rec_take_string(b, rec.path_len);
    value = rec_take(b, rec.value_len);
    if (!path || !value || !path_valid(path, XENSTORE_ABS_PATH_MAX, true)) {
        return -EINVAL;
    }
    if (rec.conn_id) {
        return 0;    /* of a transaction, which is not carried on */
    }
    if (rec.nperms) {
        return put_node(r, path, perms, rec.nperms, value, rec.value_len);
    }
    tree_find(r->x->root, path, &l);
    return l.node && path[0] == '/' && path[1] ? apply_rm(r->x, &r->x->root, &dom0, path) : 0;
}

/* ------------------------------------------------------------------ the stream */

static int restore_record(struct restore *r, uint32_t type, struct body *b)
{
    switch (type) {
    case REC_END:
        r->ended = true;
        return 0;
    case REC_GLOBAL_DATA:
        return restore_global(r, b);
    case REC_CONNECTION_DATA:
        return r->live ? restore_connection(r, b) : -EINVAL;
    case REC_WATCH_DATA:
        return restore_watch(r, b, false, false);
    case REC_WATCH_DATA_EXTENDED:
        return restore_watch(r, b, true, false);
    case REC_TRANSACTION_DATA:
        return restore_tx(r, b, false);
    case REC_NODE_DATA:
        return restore_node(r, b);
    case REC_GLOBAL_QUOTA_DATA:
        return restore_quotas(r, b);
    case REC_DOMAIN_DATA:
        return 0;    /* no quota of its own, no features to choose */
    case (uint32_t)REC_DOMAIN_STATE:
        return restore_domain(r, b);
    default:
        break;
    }
    if (r->live) {
        return -EINVAL;
    }
    switch (type) {
    case (uint32_t)REC_RING:
        return restore_ring(r, b);
    case (uint32_t)REC_CONN_GONE:
        return restore_conn_gone(r, b);
    case (uint32_t)REC_DOMAIN_GONE:
        return restore_domain_gone(r, b);
    case (uint32_t)REC_UNWATCH:
        return restore_watch(r, b, false, true);
    case (uint32_t)REC_TX_GONE:
        return restore_tx(r, b, true);
    case (uint32_t)REC_REPLY:
        return restore_reply(r, b);
    case (uint32_t)REC_SPECIAL:
        return restore_special(r, b);
    case (uint32_t)REC_EVENT:
        return restore_event(r, b);
    default:
        return -EINVAL;
    }
}

static int restore_next(struct restore *r, struct body *all)
{
    struct rec_header hdr;
    struct body b;
    size_t padded;

    if (!rec_take_struct(all, &hdr, sizeof(hdr))) {
        return -EINVAL;
    }
    padded = ((size_t)hdr.len + 7) & ~(size_t)7;
    b.p = rec_take(all, padded);
    b.left = hdr.len;
    if (!b.p) {
        return -EINVAL;
    }
    r->x->quiet = r->live || r->at < r->snapshot_len;
    r->x->replay_pos = r->base + r->at;
    r->at += sizeof(hdr) + padded;
    return restore_record(r, hdr.type, &b);
}

int restore_stream(struct xsd *x, const char *data, size_t len, bool live, uint64_t base,
                   size_t snapshot_len,
                   struct restored *out, const char **what)
{
    struct restore r = { .x = x, .live = live, .base = base, .snapshot_len = snapshot_len,
                         .out = out };
    struct body all = { .p = data, .left = len };
    struct rec_stream hdr;
    int rc = 0;

    *out = (struct restored){ .socket_fd = -1, .evtchn_fd = -1 };
    *what = "the header";
    if (!rec_take_struct(&all, &hdr, sizeof(hdr)) ||
        memcmp(hdr.ident, STREAM_IDENT, sizeof(hdr.ident)) ||
        !hdr.version_be || __builtin_bswap32(hdr.version_be) > STREAM_VERSION || hdr.flags_be) {
        return -EINVAL;
    }
    r.at = sizeof(hdr);
    x->replaying = true;
    *what = "a record";
    while (!rc && !r.ended && all.left) {
        rc = restore_next(&r, &all);
    }
    x->replaying = x->quiet = false;
    if (!rc && live && !r.ended) {
        *what = "the end";
        return -EINVAL;
    }
    return rc;
}
