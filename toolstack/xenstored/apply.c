/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of the tree, already allowed: the store's own (with accounts, journal and watches) or
 * that of a transaction's view. See store.h. What can fail is done first, so that a failure has
 * changed nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "record.h"
#include "store.h"
#include "watch.h"

static bool is_live(const struct xsd *x, struct node *const *root)
{
    return root == &x->root;
}

/* A change of the set of children. */
static void touch_children(struct xsd *x, struct node *n, const struct actor *who)
{
    n->cgen = ++x->gen;
    n->writer = who->domid;
}

static void touch(struct xsd *x, struct node *n, const struct actor *who)
{
    n->gen = ++x->gen;
    n->writer = who->domid;
}

/* ------------------------------------------------------------------ write */

static int write_existing(struct xsd *x, struct node **root, const struct actor *who,
                          const char *path,
                          const void *value, size_t len)
{
    struct node *n = tree_own(root, path, strlen(path));
    ssize_t grows;

    if (!n) {
        return -ENOMEM;
    }
    grows = (ssize_t)len - (ssize_t)n->value_len;
    if (node_set_value(n, value, len)) {
        return -ENOMEM;
    }
    touch(x, n, who);
    if (is_live(x, root)) {
        account_add(x, n->perms[0].domid, 0, grows);
    }
    return 0;
}

/* One new node: its permissions are the parent's, but an unprivileged maker owns it. */
static struct node *make_node(struct xsd *x, const struct actor *who, const struct node *parent,
                              const char *name, size_t len)
{
    struct node *n = node_new(name, len);

    if (!n || node_set_perms(n, parent->perms, parent->nperms)) {
        node_put(n);
        return NULL;
    }
    if (!who->priv) {
        n->perms[0].domid = who->domid;
    }
    touch(x, n, who);
    n->cgen = x->gen;
    return n;
}

/*
 * Makes the nodes that rest ("/a/b/c") names, one below the other, not yet in any tree. Returns the
 * topmost.
 */
static struct node *make_chain(struct xsd *x, const struct actor *who, const struct node *parent,
                               const char *rest, const void *value, size_t len)
{
    struct node *top = NULL, *last = NULL;

    while (*rest) {
        size_t el = strcspn(rest + 1, "/");
        struct node *n = make_node(x, who, last ? last : parent, rest + 1, el);

        if (!n || (last && node_reserve_child(last))) {
            node_put(n);
            node_put(top);
            return NULL;
        }
        if (last) {
            node_add_child(last, n);
        } else {
            top = n;
        }
        last = n;
        rest += 1 + el;
    }
    if (!last || node_set_value(last, value, len)) {
        node_put(top);
        return NULL;
    }
    return top;
}

static void account_chain(struct xsd *x, struct node *n, const char *path, size_t above_len)
{
    size_t len = above_len;
    path_t part;

    while (n) {
        account_add(x, n->perms[0].domid, 1, (ssize_t)node_bytes(n));
        len += 1u + n->name_len;
        memcpy(part, path, len);
        part[len] = 0;
        record_node(&x->journal, part, n);
        n = n->nchild ? n->child[0] : NULL;
    }
}

static int write_new(struct xsd *x, struct node **root, const struct actor *who, const char *path,
                     const struct lookup *l, const void *value, size_t len)
{
    struct node *top, *above;

    top = make_chain(x, who, l->above, path + l->above_len, value, len);
    if (!top) {
        return -ENOMEM;
    }
    above = tree_own(root, path, l->above_len);
    if (!above || node_reserve_child(above)) {
        node_put(top);
        return -ENOMEM;
    }
    node_add_child(above, top);
    touch_children(x, above, who);
    if (is_live(x, root)) {
        account_chain(x, top, path, l->above_len);
    }
    return 0;
}

int apply_write(struct xsd *x, struct node **root, const struct actor *who, const char *path,
                const void *value, size_t len)
{
    struct lookup l;
    int rc;

    tree_find(*root, path, &l);
    if (l.node) {
        rc = write_existing(x, root, who, path, value, len);
    } else {
        if (l.above_len == 0 && path[1] == 0) {
            return -EINVAL;
        }
        rc = write_new(x, root, who, path, &l, value, len);
    }
    if (!rc && is_live(x, root)) {
        bool existed = l.node != NULL;

        tree_find(*root, path, &l);
        if (existed) {
            record_node(&x->journal, path, l.node);
        }
        watch_fire(x, &(struct change){ .path = path, .node = l.node, .parent = l.above });
    }
    return rc;
}

/* ------------------------------------------------------------------ rm */

/* Takes a subtree out of the accounts and tells the watches on what is below its top. */
static void unaccount(struct xsd *x, struct node *top, const struct node *above, const char *path)
{
    struct node *n, *parent;

    walk_start(x->walk, top, path);
    while ((n = walk_next(x->walk, &parent))) {
        account_add(x, n->perms[0].domid, -1, -(ssize_t)node_bytes(n));
        watch_fire(x,
                   &(struct change){ .path = x->walk->path, .node = n,
                                     .parent = parent ? parent : above,
                                        .exact = parent != NULL });
    }
}

int apply_rm(struct xsd *x, struct node **root, const struct actor *who, const char *path)
{
    size_t above_len = path_parent_len(path);
    const char *name = path + above_len + 1;
    struct node *above = tree_own(root, path, above_len), *gone;

    if (!above) {
        return -ENOMEM;
    }
    gone = node_take_child(above, name, strlen(name));
    if (!gone) {
        return 0;
    }
    touch_children(x, above, who);
    if (is_live(x, root)) {
        unaccount(x, gone, above, path);
        record_node_gone(&x->journal, path);
    }
    node_put(gone);
    return 0;
}

/* ------------------------------------------------------------------ permissions */

int apply_perms(struct xsd *x, struct node **root, const struct actor *who, const char *path,
                const struct xs_perm *perms, size_t count)
{
    bool special = path[0] == '@';
    struct node *n = tree_own(root, path, special ? 0 : strlen(path));
    struct xs_perm *old;
    size_t nold, old_bytes;
    struct lookup l;

    if (!n) {
        return -ENOMEM;
    }
    nold = n->nperms;
    old = malloc(nold * sizeof(*old));
    if (!old) {
        return -ENOMEM;
    }
    memcpy(old, n->perms, nold * sizeof(*old));
    old_bytes = node_bytes(n);
    if (node_set_perms(n, perms, count)) {
        free(old);
        return -ENOMEM;
    }
    touch(x, n, who);
    if (special) {
        record_node(&x->journal, path, n);
    } else if (is_live(x, root)) {
        account_add(x, old[0].domid, -1, -(ssize_t)old_bytes);
        account_add(x, perms[0].domid, 1, (ssize_t)node_bytes(n));
        record_node(&x->journal, path, n);
        tree_find(*root, path, &l);
        watch_fire(x, &(struct change){ .path = path, .node = n, .parent = l.above, .old = old,
                                        .nold = nold });
    }
    free(old);
    return 0;
}
