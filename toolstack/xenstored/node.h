/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree of nodes, copied on write.
 *
 * A node is counted; two trees may share it (the store and the view of an open transaction).
 * Whoever changes a node first makes the way to it his own with tree_own(), which copies only what
 * is shared: a change costs a transaction nothing, and a transaction costs the store one copied
 * path. Children keep the order in which they were made, as Xen's daemon lists them, and get a hash
 * index when there are many. No recursion, no permissions, no quotas: those are store.c's. No
 * locks.
 */
#ifndef XENSTORED_NODE_H
#define XENSTORED_NODE_H

#include <stdbool.h>

#include "libxs/wire.h"

struct node {
    uint32_t refs;
    uint32_t value_len;
    uint16_t name_len, nperms;
    uint16_t writer;         /* domain that changed it last */
    uint32_t nchild, cap;
    uint32_t index_size;     /* 0: no index */
    uint64_t gen;            /* changes with value and permissions */
    uint64_t cgen;           /* changes with the set of children */
    char *value;
    struct xs_perm *perms;   /* nperms entries, the first is the owner's */
    struct node **child;
    uint32_t *index;         /* open addressing: place in child + 1, 0 free */
    struct node *next_free;  /* used while a tree is given back */
    char name[];             /* nul-ended */
};

#define NODE_CAP_MIN 4u      /* the least room in a list of children */

/*
 * What a node takes beside its texts and permissions: itself, its place in its parent's list and
 * index (up to four of each, of eight octets), the least that its own list takes, and what the
 * allocator adds to five pieces.
 */
#define NODE_BYTES (sizeof(struct node) + 1 + 4 * 16 + NODE_CAP_MIN * 8 + 5 * 16)

/* Octets of all nodes there are, whatever tree holds them. */
extern size_t node_bytes_total;

/* A node with one reference and neither value, permissions nor children; NULL without memory. */
struct node *node_new(const char *name, size_t len);
static inline struct node *node_get(struct node *n)
{
    n->refs++;
    return n;
}
/* Drops a reference; the last one frees the node and drops its children's. NULL is allowed. */
void node_put(struct node *n);

/* What the node takes, in octets, and a little more; children are not included. */
size_t node_bytes(const struct node *n);
/* Both copy; return 0 or -ENOMEM and change nothing on failure. */
int node_set_value(struct node *n, const void *value, size_t len);
int node_set_perms(struct node *n, const struct xs_perm *perms, size_t count);

struct node *node_child(const struct node *n, const char *name, size_t len);
/* Makes sure that the next node_add_child() cannot fail. Returns 0 or -ENOMEM. */
int node_reserve_child(struct node *n);
/* Appends a child and takes over its reference. Call node_reserve_child() first. */
void node_add_child(struct node *n, struct node *child);
/* Takes a child out and hands its reference to the caller. */
struct node *node_take_child(struct node *n, const char *name, size_t len);

/* Where a path leads. */
struct lookup {
    struct node *node;       /* NULL: does not exist */
    struct node *above;      /* its parent, or the nearest ancestor that exists; "/" is its own */
    size_t above_len;        /* how much of the path names above; 0 for the root */
};

/* path: absolute and valid. */
void tree_find(struct node *root, const char *path, struct lookup *l);
/*
 * Makes the nodes along the first len octets of path (which exist) this tree's own, copying what is
 * shared. Returns the last of them, or NULL without memory: then the tree still says the same as
 * before.
 */
struct node *tree_own(struct node **root, const char *path, size_t len);

/* A walk over a subtree in depth-first order, parents first. The tree must not change meanwhile. */
struct walk_level {
    struct node *node;
    uint32_t next;
    uint32_t path_len;
};
#define WALK_LEVELS (XENSTORE_ABS_PATH_MAX / 2 + 2)
struct walk {
    unsigned int depth;
    char path[XENSTORE_ABS_PATH_MAX + 1];
    struct walk_level level[WALK_LEVELS];
};
/* Starts at a node named path ("/" for the root). */
void walk_start(struct walk *w, struct node *node, const char *path);
/* Next node; its path is w->path, its parent *parent (NULL for the first). NULL at the end. */
struct node *walk_next(struct walk *w, struct node **parent);
/* Does not go below the node that walk_next() gave last. */
void walk_skip(struct walk *w);

#endif
