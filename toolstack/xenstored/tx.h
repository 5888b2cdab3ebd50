/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions: a private view of the store, and a list of changes that is carried out at the end
 * if nothing that was looked at has changed meanwhile.
 *
 * The view shares the store's nodes (node.h). What open transactions keep alive of the past is
 * bounded: above a limit the oldest of an unprivileged domain is doomed, which means that it lives
 * on without a view of its own and its end says EAGAIN. So are those that were open when a daemon
 * died.
 */
#ifndef XENSTORED_TX_H
#define XENSTORED_TX_H

#include "xsd.h"

struct tx_op {
    struct tx_op *next;
    enum { TX_WRITE, TX_RM, TX_PERMS } kind;
    size_t len;               /* octets of value, or permission entries */
    char *path;               /* points behind data */
    union {
        char value[1];
        struct xs_perm perms[1];
    } data[];
};

struct tx {
    struct list by_conn;      /* conn.txs */
    struct list link;         /* xsd.txs, oldest first */
    struct conn *conn;
    uint32_t id;
    struct node *base, *root; /* the store as it was; this view of it. NULL when doomed */
    struct strmap seen;       /* path -> SEES_* as pointer */
    struct tx_op *ops, **ops_tail;
    bool changes;             /* it was asked to change something, be it in vain */
    int own_nodes;            /* nodes that the domain itself made here, less those removed */
    size_t nodes_changed;     /* made, written or removed: what carrying it out will cost */
    size_t view;              /* octets of nodes that are in its view alone */
    size_t bytes;             /* charged to the domain, view included */
};

/* Starts one. Errors: -ENOSPC (quota), -ENOMEM. */
int tx_start(struct xsd *x, struct conn *c, struct tx **out);
/*
 * A transaction of a former daemon: only its number is known, its end will be EAGAIN. Returns 0 or
 * -ENOMEM.
 */
int tx_restore(struct xsd *x, struct conn *c, uint32_t id);
struct tx *tx_find(struct conn *c, uint32_t id);

static inline bool tx_doomed(const struct tx *tx)
{
    return !tx->root;
}

/* Gives up its view: it can no longer be carried out. */
void tx_doom(struct xsd *x, struct tx *tx);

/*
 * Dooms the transactions that would give rights to a domain which is no more: when they are carried
 * out, another may have its number.
 */
void tx_doom_naming(struct xsd *x, uint16_t domid);

/*
 * Notes that path was looked at, which must have been allowed. Returns 0, -ENOSPC (too many) or
 * -ENOMEM (the domain's quota, too).
 */
int tx_note_seen(struct xsd *x, struct tx *tx, const char *path, size_t len, unsigned int sees);
/*
 * Notes a change, of so many nodes, to be made at commit. Returns 0, -ENOSPC (more than one
 * transaction may change) or -ENOMEM.
 */
int tx_note_op(struct xsd *x, struct tx *tx, int kind, size_t nodes, const char *path,
               const void *data, size_t len);
/*
 * The view was changed with the result rc, when all nodes had taken so many octets before: charges
 * the difference. Passes on rc, or -ENOMEM when that was too much. A change that is noted but not
 * made makes the view useless: it is doomed.
 */
int tx_view_changed(struct xsd *x, struct tx *tx, size_t before, int rc);

/*
 * Ends it, with or without carrying it out. Errors: -EAGAIN, -ENOSPC, -ENOMEM; the transaction is
 * gone anyway.
 */
int tx_end(struct xsd *x, struct tx *tx, bool commit);
void tx_drop_all(struct xsd *x, struct conn *c);

/*
 * Dooms transactions until what they keep of the past is within bounds. Called after each request.
 */
void tx_bound_memory(struct xsd *x);

#endif
