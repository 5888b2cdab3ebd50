/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Upkeep of the whole store: what dead domains leave behind, and the check of the accounts. See
 * store.h.
 */
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "store.h"

static const struct actor dom0 = { .domid = 0, .target = DOMID_INVALID, .priv = true };

/* Gathers the paths of the topmost nodes that the domain owns, one string after the other. */
static void find_owned(struct xsd *x, uint16_t domid, struct buf *paths)
{
    struct node *n, *parent;

    walk_start(x->walk, x->root, "/");
    while ((n = walk_next(x->walk, &parent))) {
        if (parent && n->perms[0].domid == domid) {
            buf_add(paths, x->walk->path, strlen(x->walk->path) + 1);
            walk_skip(x->walk);
        }
    }
}

/*
 * Marks the entries of one node that name the domain. The walk goes on: only entries change, not
 * the tree.
 */
static void mark_stale(struct node *n, uint16_t domid)
{
    n->writer = n->writer == domid ? 0 : n->writer;    /* nobody pays for its conflicts */
    for (unsigned int i = 0; i < n->nperms; i++) {
        if (n->perms[i].domid == domid) {
            n->perms[i].flags |= XS_PERM_STALE;
        }
    }
}

static void mark_all_stale(struct xsd *x, uint16_t domid)
{
    struct node *n, *parent;

    walk_start(x->walk, x->root, "/");
    while ((n = walk_next(x->walk, &parent))) {
        mark_stale(n, domid);
    }
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        mark_stale(x->special[i], domid);
    }
}

void store_purge_domain(struct xsd *x, uint16_t domid)
{
    struct buf paths = { 0 };
    int rc = 0;

    x->journal.muted = true;    /* one record tells all of it: REC_DOMAIN_GONE */
    find_owned(x, domid, &paths);
    for (size_t at = 0; at < paths.len && !rc; at += strlen(paths.data + at) + 1) {
        rc = apply_rm(x, &x->root, &dom0, paths.data + at);
    }
    if (rc || paths.failed) {
        xsd_note(x, "no memory to remove what domain %u left in the store", domid);
    }
    buf_free(&paths);
    mark_all_stale(x, domid);
    x->journal.muted = false;
}

static unsigned int check_node(struct xsd *x, const struct node *n, unsigned int *nodes)
{
    unsigned int faults = 0;

    if (!n->nperms || !domain_find(x, n->perms[0].domid)) {
        xsd_note(x, "check: %s is owned by an unknown domain", x->walk->path);
        return 1;
    }
    nodes[n->perms[0].domid]++;
    for (uint32_t i = 0; i < n->nchild; i++) {
        if (node_child(n, n->child[i]->name, n->child[i]->name_len) != n->child[i]) {
            xsd_note(x, "check: child %s of %s is not found", n->child[i]->name, x->walk->path);
            faults++;
        }
    }
    return faults;
}

unsigned int store_check(struct xsd *x)
{
    unsigned int *nodes = calloc(DOMID_FIRST_RESERVED, sizeof(*nodes)), faults = 0;
    struct node *n, *parent;

    if (!nodes) {
        return 1;
    }
    walk_start(x->walk, x->root, "/");
    while ((n = walk_next(x->walk, &parent))) {
        faults += check_node(x, n, nodes);
    }
    list_for(it, &x->domains) {
        struct domain *d = list_entry(it, struct domain, link);

        if (d->nodes != nodes[d->domid]) {
            xsd_note(x, "check: domain %u has %u nodes but is charged for %u", d->domid,
                     nodes[d->domid],
                     d->nodes);
            faults++;
        }
    }
    free(nodes);
    return faults;
}
