/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations on nodes: permissions, quotas, and whether it happens now or in a transaction. See
 * store.h.
 *
 * The order of every function: look up and check, then change. How a change is made is in apply.c.
 */
#include "store.h"

#include <string.h>

#include "domain.h"
#include "tx.h"

unsigned int perms_for(const struct actor *who, const struct xs_perm *perms, size_t count)
{
    if (who->priv || perms[0].domid == who->domid || perms[0].domid == who->target) {
        return XS_PERM_READ | XS_PERM_WRITE | XS_PERM_OWNER;
    }
    for (size_t i = 1; i < count; i++) {
        if (!(perms[i].flags & XS_PERM_STALE) &&
            (perms[i].domid == who->domid || perms[i].domid == who->target)) {
            return perms[i].access;
        }
    }
    return perms[0].access;
}

static bool allowed(const struct actor *who, const struct node *n, unsigned int need)
{
    return (perms_for(who, n->perms, n->nperms) & need) == need;
}

/* What somebody is told who looks there and needs that. */
static int judge(const struct actor *who, const struct lookup *l, unsigned int need)
{
    if (l->node && allowed(who, l->node, need)) {
        return 0;
    }
    return !l->node && perms_for(who, l->above->perms, l->above->nperms) & need ? -ENOENT : -EACCES;
}

int store_lookup(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                 unsigned int need,
                 unsigned int sees, struct node **node)
{
    struct lookup l;
    int rc, noted = 0;

    tree_find(tx && !tx_doomed(tx) ? tx->root : x->root, path, &l);
    *node = l.node;
    rc = judge(who, &l, need);
    if (tx && !tx_doomed(tx) && rc != -EACCES) {
        noted = tx_note_seen(x, tx, path, strlen(path), sees);
        if (!noted && !l.node) {
            noted = tx_note_seen(x, tx, path, l.above_len, SEES_NODE);
        }
    }
    return noted ? noted : rc;
}

/* The look before a change, even if nothing will have to be changed. */
static int lookup_to_change(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                            unsigned int need, struct node **node)
{
    if (tx) {
        tx->changes = true;
    }
    return store_lookup(x, who, tx, path, need, SEES_NODE, node);
}

/* ------------------------------------------------------------------ write, mkdir */

/*
 * Octets that a node counts for against the quota of its size: value, permissions, names of its
 * children.
 */
static size_t node_quota_size(const struct node *n)
{
    size_t size = 24 + n->value_len + n->nperms * sizeof(struct xs_perm);

    for (uint32_t i = 0; i < n->nchild; i++) {
        size += n->child[i]->name_len + 1u;
    }
    return size;
}

/*
 * Notes all nodes between above and path as absent: they would be made. Returns how many, path
 * included.
 */
static int count_missing(struct xsd *x, struct tx *tx, const char *path, size_t above_len)
{
    int count = 1;

    for (const char *p = strchr(path + above_len + 1, '/'); p; p = strchr(p + 1, '/')) {
        int rc = tx ? tx_note_seen(x, tx, path, (size_t)(p - path), SEES_NODE) : 0;

        if (rc) {
            return rc;
        }
        count++;
    }
    return count;
}

/*
 * Checks the quotas for making a node (node NULL) or for giving it len octets. Returns the nodes
 * made.
 */
static int check_write_quota(struct xsd *x, const struct actor *who, struct tx *tx,
                             const char *path,
                             const struct node *node, size_t len)
{
    /* who will be charged: the owner; a new node is its maker's */
    struct domain *dom = domain_find(x, node ? node->perms[0].domid : who->domid);
    size_t size = node ? node_quota_size(node) - node->value_len + len : 28 + len;
    size_t grows = node ? (len > node->value_len ? len - node->value_len : 0) : len;
    struct lookup l;
    size_t nodes;
    int made = 0;

    if (over_quota(x, who, QUOTA_NODE_SIZE, size)) {
        return -ENOSPC;
    }
    if (!node) {
        tree_find(tx ? tx->root : x->root, path, &l);
        made = count_missing(x, tx, path, l.above_len);
        if (made < 0) {
            return made;
        }
        nodes = dom ? dom->nodes + (size_t)made : 0;
        if (tx && tx->own_nodes > 0) {
            nodes += (size_t)tx->own_nodes;
        }
        if (over_quota(x, who, QUOTA_NODES, nodes)) {
            return -ENOSPC;
        }
        if (over_quota(x, who, QUOTA_NODE_SIZE,
                       node_quota_size(l.above) + strlen(path + l.above_len))) {
            return -ENOSPC;
        }
    }
    if (made) {
        grows += strlen(path + l.above_len) +
                 (size_t)made * (NODE_BYTES + l.above->nperms * sizeof(struct xs_perm));
    }
    if (grows && dom && dom->domid && over_quota(x, who, QUOTA_MEMORY, dom->mem + grows)) {
        return -ENOMEM;
    }
    return made;
}

static int do_write(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                    const struct node *node, const void *value, size_t len)
{
    size_t before;
    int made, rc;

    if (tx && tx_doomed(tx)) {
        return 0;    /* will never be carried out */
    }
    made = check_write_quota(x, who, tx, path, node, len);
    if (made < 0) {
        return made;
    }
    if (!tx) {
        return apply_write(x, &x->root, who, path, value, len);
    }
    rc = tx_note_op(x, tx, TX_WRITE, made ? (size_t)made : 1, path, value, len);
    if (rc) {
        return rc;
    }
    tx->own_nodes += who->priv ? 0 : made;
    before = node_bytes_total;
    rc = apply_write(x, &tx->root, who, path, value, len);
    return tx_view_changed(x, tx, before, rc);
}

int store_write(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                const void *value,
                size_t len)
{
    struct node *node;
    int rc = lookup_to_change(x, who, tx, path, XS_PERM_WRITE, &node);

    if (rc && rc != -ENOENT) {
        return rc;
    }
    return do_write(x, who, tx, path, node, value, len);
}

int store_mkdir(struct xsd *x, const struct actor *who, struct tx *tx, const char *path)
{
    struct node *node;
    int rc = lookup_to_change(x, who, tx, path, XS_PERM_WRITE, &node);

    return rc == -ENOENT ? do_write(x, who, tx, path, NULL, "", 0) : rc;
}

/* ------------------------------------------------------------------ rm */

/* Nodes in a subtree; in *own how many of them are the actor's. */
static size_t count_nodes(struct xsd *x, const struct actor *who, struct node *top,
                          const char *path, int *own)
{
    struct node *n, *parent;
    size_t count = 0;

    *own = 0;
    walk_start(x->walk, top, path);
    while ((n = walk_next(x->walk, &parent))) {
        *own += n->perms[0].domid == who->domid;
        count++;
    }
    return count;
}

int store_rm(struct xsd *x, const struct actor *who, struct tx *tx, const char *path)
{
    struct node *node;
    struct lookup l;
    int rc = lookup_to_change(x, who, tx, path, XS_PERM_WRITE, &node);
    size_t count, before;
    int own;

    if (rc == -ENOENT) {
        /* Fine if the parent is there. */
        tree_find(tx && !tx_doomed(tx) ? tx->root : x->root, path, &l);
        return l.above_len == path_parent_len(path) ? 0 : -ENOENT;
    }
    if (rc) {
        return rc;
    }
    if (path[1] == 0) {
        return -EINVAL;
    }
    if (!tx) {
        return apply_rm(x, &x->root, who, path);
    }
    if (tx_doomed(tx)) {
        return 0;
    }
    count = count_nodes(x, who, node, path, &own);
    rc = tx_note_op(x, tx, TX_RM, count, path, NULL, 0);
    if (rc) {
        return rc;
    }
    tx->own_nodes -= who->priv ? 0 : own;
    before = node_bytes_total;
    rc = apply_rm(x, &tx->root, who, path);
    return tx_view_changed(x, tx, before, rc);
}

/* ------------------------------------------------------------------ permissions */

/*
 * Makes the domains that the entries name known. The owner must exist; another that does not is
 * void.
 */
static int know_domains(struct xsd *x, struct xs_perm *perms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool exists = domain_exists(x, perms[i].domid);

        if (exists && !domain_need(x, perms[i].domid)) {
            return -ENOMEM;
        }
        if (!exists && !i) {
            return -ENOENT;
        }
        if (!exists) {
            perms[i].flags |= XS_PERM_STALE;
        }
    }
    return 0;
}

static int set_special_perms(struct xsd *x, const struct actor *who, const char *path,
                             const struct xs_perm *perms, size_t count)
{
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        struct node *n = x->special[i];

        if (strcmp(n->name, path)) {
            continue;
        }
        if (!allowed(who, n, XS_PERM_WRITE | XS_PERM_OWNER)) {
            return -EACCES;
        }
        if (!who->priv && perms[0].domid != n->perms[0].domid) {
            return -EPERM;
        }
        return apply_perms(x, &x->special[i], who, path, perms, count);
    }
    return who->priv ? -ENOENT : -EACCES;
}

int store_set_perms(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                    const struct xs_perm *given, size_t count)
{
    struct xs_perm perms[XENSTORE_PAYLOAD_MAX / 3];
    struct node *node;
    size_t before;
    int rc;

    if (count < 1 || count > sizeof(perms) / sizeof(perms[0])) {
        return -EINVAL;
    }
    if (over_quota(x, who, QUOTA_PERMS, count)) {
        return -ENOSPC;
    }
    memcpy(perms, given, count * sizeof(*perms));
    rc = know_domains(x, perms, count);
    if (rc || path[0] == '@') {
        return rc ? rc : set_special_perms(x, who, path, perms, count);
    }
    rc = lookup_to_change(x, who, tx, path, XS_PERM_WRITE | XS_PERM_OWNER, &node);
    if (rc) {
        return rc;
    }
    if (!who->priv && perms[0].domid != node->perms[0].domid) {
        return -EPERM;
    }
    if (!tx) {
        return apply_perms(x, &x->root, who, path, perms, count);
    }
    if (tx_doomed(tx)) {
        return 0;
    }
    rc = tx_note_op(x, tx, TX_PERMS, 1, path, perms, count);
    if (rc) {
        return rc;
    }
    before = node_bytes_total;
    rc = apply_perms(x, &tx->root, who, path, perms, count);
    return tx_view_changed(x, tx, before, rc);
}
