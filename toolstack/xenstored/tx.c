/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions. See tx.h.
 *
 * A commit makes its changes on a second reference of the store's root: while it runs, the old tree
 * is whole, so that running out of memory or of quota in the middle leaves everything as it was.
 */
#include "tx.h"

#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "domain.h"
#include "record.h"
#include "store.h"

/* octets that unprivileged transactions may keep of the past */
#define PAST_LIMIT (4u << 20)
#define PAST_LIMIT_PRIV (128u << 20)   /* and all together */

/* Nodes that one transaction may change, for each that it may look at. */
#define CHANGES_PER_SEEN 2u

static void charge(struct tx *tx, ssize_t bytes)
{
    if (tx->conn->dom) {
        tx->conn->dom->mem += (size_t)bytes;
    }
    tx->bytes += (size_t)bytes;
}

static struct tx *new_tx(struct xsd *x, struct conn *c, uint32_t id)
{
    struct tx *tx = calloc(1, sizeof(*tx));

    if (!tx) {
        return NULL;
    }
    tx->id = id;
    tx->conn = c;
    tx->ops_tail = &tx->ops;
    list_append(&c->txs, &tx->by_conn);
    list_append(&x->txs, &tx->link);
    charge(tx, sizeof(*tx));
    if (c->dom) {
        c->dom->txs++;
    }
    return tx;
}

int tx_start(struct xsd *x, struct conn *c, struct tx **out)
{
    if (c->dom && over_quota(x, c->who, QUOTA_TRANSACTIONS, c->dom->txs + 1ul)) {
        return -ENOSPC;
    }
    while (!x->next_tx_id || tx_find(c, x->next_tx_id)) {
        x->next_tx_id++;
    }
    *out = new_tx(x, c, x->next_tx_id++);
    if (!*out) {
        return -ENOMEM;
    }
    (*out)->base = node_get(x->root);
    (*out)->root = node_get(x->root);
    return 0;
}

int tx_restore(struct xsd *x, struct conn *c, uint32_t id)
{
    if (x->next_tx_id <= id) {
        x->next_tx_id = id + 1;
    }
    return new_tx(x, c, id) ? 0 : -ENOMEM;
}

struct tx *tx_find(struct conn *c, uint32_t id)
{
    list_for(it, &c->txs) {
        struct tx *tx = list_entry(it, struct tx, by_conn);

        if (tx->id == id) {
            return tx;
        }
    }
    return NULL;
}

int tx_note_seen(struct xsd *x, struct tx *tx, const char *path, size_t len, unsigned int sees)
{
    uintptr_t old;
    size_t cost;

    if (!len) {
        path = "/";
        len = 1;
    }
    old = (uintptr_t)strmap_get(&tx->seen, path, len);
    if ((old | sees) == old) {
        return 0;
    }
    if (!old) {
        if (over_quota(x, tx->conn->who, QUOTA_TX_NODES, tx->seen.count + 1)) {
            return -ENOSPC;
        }
        cost = len + 1 + STRMAP_SLOT_BYTES + ALLOC_BYTES;
        if (tx->conn->dom &&
            over_quota(x, tx->conn->who, QUOTA_MEMORY, tx->conn->dom->mem + cost)) {
            return -ENOMEM;
        }
        charge(tx, (ssize_t)cost);
    }
    return strmap_set(&tx->seen, path, len, (void *)(old | sees));
}

int tx_note_op(struct xsd *x, struct tx *tx, int kind, size_t nodes, const char *path,
               const void *data, size_t len)
{
    size_t data_len = kind == TX_PERMS ? len * sizeof(struct xs_perm) : len;
    size_t path_len = strlen(path) + 1;
    size_t total = sizeof(struct tx_op) + data_len + path_len + ALLOC_BYTES;
    struct domain *dom = tx->conn->dom;
    struct tx_op *op;

    if (over_quota(x, tx->conn->who, QUOTA_TX_NODES,
                   (tx->nodes_changed + nodes) / CHANGES_PER_SEEN)) {
        return -ENOSPC;
    }
    if (dom && over_quota(x, tx->conn->who, QUOTA_MEMORY, dom->mem + total)) {
        return -ENOMEM;
    }
    op = malloc(total);
    if (!op) {
        return -ENOMEM;
    }
    op->next = NULL;
    op->kind = kind;
    op->len = len;
    op->path = (char *)op->data + data_len;
    if (data_len) {
        memcpy(op->data, data, data_len);
    }
    memcpy(op->path, path, path_len);
    *tx->ops_tail = op;
    tx->ops_tail = &op->next;
    charge(tx, (ssize_t)total);
    tx->nodes_changed += nodes;
    return 0;
}

int tx_view_changed(struct xsd *x, struct tx *tx, size_t before, int rc)
{
    size_t grown = node_bytes_total - before;    /* may be less than nothing, and wraps */
    struct domain *dom = tx->conn->dom;

    tx->view += grown;
    x->view_bytes += grown;
    charge(tx, (ssize_t)grown);
    if (!rc && dom && over_quota(x, tx->conn->who, QUOTA_MEMORY, dom->mem)) {
        rc = -ENOMEM;
    }
    if (rc) {
        tx_doom(x, tx);
    }
    return rc;
}

void tx_doom(struct xsd *x, struct tx *tx)
{
    struct tx_op *op;

    x->view_bytes -= tx->view;
    tx->view = 0;
    node_put(tx->base);
    node_put(tx->root);
    tx->base = tx->root = NULL;
    while ((op = tx->ops)) {
        tx->ops = op->next;
        free(op);
    }
    tx->ops_tail = &tx->ops;
    strmap_free(&tx->seen);
    charge(tx, (ssize_t)sizeof(*tx) - (ssize_t)tx->bytes);
}

static bool op_names(const struct tx_op *op, uint16_t domid)
{
    for (size_t i = 0; op->kind == TX_PERMS && i < op->len; i++) {
        if (op->data->perms[i].domid == domid) {
            return true;
        }
    }
    return false;
}

void tx_doom_naming(struct xsd *x, uint16_t domid)
{
    list_for(it, &x->txs) {
        struct tx *tx = list_entry(it, struct tx, link);
        const struct tx_op *op = tx->ops;

        while (op && !op_names(op, domid)) {
            op = op->next;
        }
        if (op) {
            tx_doom(x, tx);
        }
    }
}

static void tx_free(struct xsd *x, struct tx *tx)
{
    tx_doom(x, tx);
    charge(tx, -(ssize_t)tx->bytes);
    if (tx->conn->dom) {
        tx->conn->dom->txs--;
    }
    list_remove(&tx->by_conn);
    list_remove(&tx->link);
    free(tx);
}

void tx_drop_all(struct xsd *x, struct conn *c)
{
    list_for_safe(it, &c->txs) {
        record_tx_gone(&x->journal, c, list_entry(it, struct tx, by_conn)->id);
        tx_free(x, list_entry(it, struct tx, by_conn));
    }
}

/* Whether what was seen of path is the same in the store now; if not, *writer is who changed it. */
static bool unchanged(struct xsd *x, struct tx *tx, const char *path, uintptr_t sees,
                      uint16_t *writer)
{
    struct lookup then, now;

    tree_find(tx->base, path, &then);
    tree_find(x->root, path, &now);
    if (then.node == now.node) {
        return true;
    }
    *writer = now.node ? now.node->writer : now.above->writer;
    if (!then.node || !now.node || ((sees & SEES_NODE) && then.node->gen != now.node->gen)) {
        return false;
    }
    return !(sees & SEES_CHILDREN) || then.node->cgen == now.node->cgen;
}

static bool all_unchanged(struct xsd *x, struct tx *tx)
{
    uint16_t writer;

    if (tx->base == x->root) {
        return true;
    }
    for (size_t i = 0; i < tx->seen.size; i++) {
        const struct strmap_slot *s = &tx->seen.slots[i];

        if (s->key && !unchanged(x, tx, s->key, (uintptr_t)s->value, &writer)) {
            if (writer != tx->conn->who->domid) {
                domain_conflict(x, writer);
            }
            return false;
        }
    }
    return true;
}

static int carry_out(struct xsd *x, struct tx *tx)
{
    const struct actor *who = tx->conn->who;
    int rc = 0;

    for (const struct tx_op *op = tx->ops; op && !rc; op = op->next) {
        switch (op->kind) {
        case TX_WRITE:
            rc = apply_write(x, &x->root, who, op->path, op->data->value, op->len);
            break;
        case TX_RM:
            rc = apply_rm(x, &x->root, who, op->path);
            break;
        case TX_PERMS:
            rc = apply_perms(x, &x->root, who, op->path, op->data->perms, op->len);
            break;
        }
    }
    return rc;
}

static int commit(struct xsd *x, struct tx *tx)
{
    struct domain *dom = tx->conn->dom;
    size_t mark = journal_mark(&x->journal);
    struct node *before;
    int rc, added;

    if (tx_doomed(tx)) {
        return -EAGAIN;
    }
    if (!tx->changes) {
        return 0;    /* only looked, at one state of the store */
    }
    if (!all_unchanged(x, tx)) {
        return -EAGAIN;
    }
    before = node_get(x->root);
    account_begin(x);
    rc = carry_out(x, tx);
    added = account_nodes(x, tx->conn->who->domid);
    if (!rc && x->account_failed) {
        rc = -ENOMEM;
    }
    if (!rc && dom && added > 0 &&
        over_quota(x, tx->conn->who, QUOTA_NODES, dom->nodes + (size_t)added)) {
        rc = -ENOSPC;
    }
    if (!rc && !account_fits(x, tx->conn->who, tx->bytes)) {
        rc = -ENOMEM;
    }
    account_end(x, !rc);
    if (rc) {
        journal_rewind(&x->journal, mark);
        node_put(x->root);
        x->root = before;
    } else {
        node_put(before);
    }
    return rc;
}

int tx_end(struct xsd *x, struct tx *tx, bool do_commit)
{
    int rc;

    rc = do_commit ? commit(x, tx) : 0;
    record_tx_gone(&x->journal, tx->conn, tx->id);
    tx_free(x, tx);
    return rc;
}

void tx_bound_memory(struct xsd *x)
{
    list_for(it, &x->txs) {
        struct tx *tx = list_entry(it, struct tx, link);
        /* what views hold of their own is charged to their domains */
        size_t past = node_bytes_total - x->main_bytes - x->view_bytes;

        if (past <= PAST_LIMIT) {
            return;
        }
        if (!tx_doomed(tx) && (!tx->conn->who->priv || past > PAST_LIMIT_PRIV)) {
            tx_doom(x, tx);
        }
    }
}
