/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree of nodes, copied on write. See node.h.
 */
#include "node.h"

#include <stdlib.h>
#include <string.h>

#include "strmap.h"

#define INDEX_FROM 12    /* children; below, looking at each is quicker */

size_t node_bytes_total;

struct node *node_new(const char *name, size_t len)
{
    struct node *n = calloc(1, sizeof(*n) + len + 1);

    if (!n) {
        return NULL;
    }
    n->refs = 1;
    n->name_len = (uint16_t)len;
    memcpy(n->name, name, len);
    node_bytes_total += node_bytes(n);
    return n;
}

size_t node_bytes(const struct node *n)
{
    return NODE_BYTES + n->name_len + n->value_len + n->nperms * sizeof(struct xs_perm);
}

static void node_free(struct node *n)
{
    node_bytes_total -= node_bytes(n);
    free(n->value);
    free(n->perms);
    free(n->child);
    free(n->index);
    free(n);
}

void node_put(struct node *n)
{
    struct node *todo = NULL;

    if (!n || --n->refs) {
        return;
    }
    n->next_free = NULL;
    for (todo = n; todo; ) {
        n = todo;
        todo = n->next_free;
        for (uint32_t i = 0; i < n->nchild; i++) {
            struct node *c = n->child[i];

            if (!--c->refs) {
                c->next_free = todo;
                todo = c;
            }
        }
        node_free(n);
    }
}

/* Returns a copy of len octets; for len 0 a NULL that is no failure (*ok stays true). */
static void *copy_of(const void *data, size_t len, bool *ok)
{
    void *p = len ? malloc(len) : NULL;

    if (p) {
        memcpy(p, data, len);
    } else if (len) {
        *ok = false;
    }
    return p;
}

int node_set_value(struct node *n, const void *value, size_t len)
{
    bool ok = true;
    char *copy = copy_of(value, len, &ok);

    if (!ok) {
        return -ENOMEM;
    }
    node_bytes_total += len - n->value_len;
    free(n->value);
    n->value = copy;
    n->value_len = (uint32_t)len;
    return 0;
}

int node_set_perms(struct node *n, const struct xs_perm *perms, size_t count)
{
    bool ok = true;
    struct xs_perm *copy = copy_of(perms, count * sizeof(*perms), &ok);

    if (!ok) {
        return -ENOMEM;
    }
    node_bytes_total += (count - n->nperms) * sizeof(*perms);
    free(n->perms);
    n->perms = copy;
    n->nperms = (uint16_t)count;
    return 0;
}

/* ------------------------------------------------------------------ children */

static void index_insert(struct node *n, uint32_t place)
{
    const struct node *c = n->child[place];
    uint32_t i = (uint32_t)str_hash(c->name, c->name_len) & (n->index_size - 1);

    while (n->index[i]) {
        i = (i + 1) & (n->index_size - 1);
    }
    n->index[i] = place + 1;
}

static void index_rebuild(struct node *n)
{
    memset(n->index, 0, n->index_size * sizeof(*n->index));
    for (uint32_t i = 0; i < n->nchild; i++) {
        index_insert(n, i);
    }
}

static bool is_named(const struct node *n, const char *name, size_t len)
{
    return n->name_len == len && !memcmp(n->name, name, len);
}

/* Returns the place of a child in n->child, or -1. */
static int64_t child_place(const struct node *n, const char *name, size_t len)
{
    if (!n->index_size) {
        for (uint32_t i = 0; i < n->nchild; i++) {
            if (is_named(n->child[i], name, len)) {
                return i;
            }
        }
        return -1;
    }
    for (uint32_t i = (uint32_t)str_hash(name, len) & (n->index_size - 1); n->index[i];
         i = (i + 1) & (n->index_size - 1)) {
        if (is_named(n->child[n->index[i] - 1], name, len)) {
            return n->index[i] - 1;
        }
    }
    return -1;
}

struct node *node_child(const struct node *n, const char *name, size_t len)
{
    int64_t place = child_place(n, name, len);

    return place < 0 ? NULL : n->child[place];
}

int node_reserve_child(struct node *n)
{
    uint32_t cap = n->cap ? n->cap * 2 : NODE_CAP_MIN;
    struct node **child;
    uint32_t *index;

    if (n->nchild < n->cap) {
        return 0;
    }
    child = realloc(n->child, cap * sizeof(*child));
    if (!child) {
        return -ENOMEM;
    }
    n->child = child;
    if (cap > INDEX_FROM) {
        index = realloc(n->index, 2 * cap * sizeof(*index));
        if (!index) {
            return -ENOMEM;
        }
        n->index = index;
        n->index_size = 2 * cap;
        index_rebuild(n);
    }
    n->cap = cap;
    return 0;
}

void node_add_child(struct node *n, struct node *child)
{
    n->child[n->nchild++] = child;
    if (n->index_size) {
        index_insert(n, n->nchild - 1);
    }
}

/* Few are left of many: the room for the others is given back. Without memory it stays. */
static void shrink(struct node *n)
{
    uint32_t cap = n->cap / 2;
    struct node **child;

    if (n->nchild > n->cap / 4 || cap < NODE_CAP_MIN) {
        return;
    }
    child = realloc(n->child, cap * sizeof(*child));
    if (!child) {
        return;
    }
    n->child = child;
    n->cap = cap;
    if (cap > INDEX_FROM) {
        uint32_t *index = realloc(n->index, 2 * cap * sizeof(*index));

        n->index = index ? index : n->index;
        n->index_size = 2 * cap;
    } else {
        free(n->index);
        n->index = NULL;
        n->index_size = 0;
    }
}

struct node *node_take_child(struct node *n, const char *name, size_t len)
{
    int64_t place = child_place(n, name, len);
    struct node *c;

    if (place < 0) {
        return NULL;
    }
    c = n->child[place];
    n->nchild--;
    memmove(n->child + place, n->child + place + 1,
            (n->nchild - (size_t)place) * sizeof(*n->child));
    shrink(n);
    if (n->index_size) {
        index_rebuild(n);
    }
    return c;
}

/* ------------------------------------------------------------------ trees */

/* A copy that shares the children; NULL without memory. */
static struct node *node_clone(const struct node *n)
{
    struct node *c = node_new(n->name, n->name_len);
    bool ok = true;

    if (!c) {
        return NULL;
    }
    if (node_set_value(c, n->value, n->value_len) || node_set_perms(c, n->perms, n->nperms)) {
        node_put(c);
        return NULL;
    }
    c->child = copy_of(n->child, n->cap * sizeof(*n->child), &ok);
    c->index = copy_of(n->index, n->index_size * sizeof(*n->index), &ok);
    if (!ok) {
        node_put(c);
        return NULL;
    }
    c->cap = n->cap;
    c->index_size = n->index_size;
    c->nchild = n->nchild;
    for (uint32_t i = 0; i < c->nchild; i++) {
        node_get(c->child[i]);
    }
    c->writer = n->writer;
    c->gen = n->gen;
    c->cgen = n->cgen;
    return c;
}

/* Length of the path element that starts at p (behind its slash). */
static size_t element_len(const char *p)
{
    return strcspn(p, "/");
}

void tree_find(struct node *root, const char *path, struct lookup *l)
{
    const char *p = path;

    *l = (struct lookup){ .node = root, .above = root };
    while (l->node && p[0] && p[1]) {
        size_t len = element_len(p + 1);

        l->above = l->node;
        l->above_len = (size_t)(p - path);
        l->node = node_child(l->above, p + 1, len);
        p += 1 + len;
    }
}

struct node *tree_own(struct node **root, const char *path, size_t len)
{
    const char *p = path;
    struct node **link = root;

    for (;;) {
        struct node *n = *link;
        size_t el;

        if (n->refs > 1) {
            struct node *copy = node_clone(n);

            if (!copy) {
                return NULL;
            }
            n->refs--;
            *link = n = copy;
        }
        if ((size_t)(p - path) >= len || !p[1]) {
            return n;
        }
        el = element_len(p + 1);
        link = &n->child[child_place(n, p + 1, el)];
        p += 1 + el;
    }
}

void walk_start(struct walk *w, struct node *node, const char *path)
{
    size_t len = strlen(path);

    w->depth = 0;
    memcpy(w->path, path, len + 1);
    w->level[0] = (struct walk_level){ .node = node, .next = UINT32_MAX,
                                       .path_len = len == 1 ? 0 : (uint32_t)len };
}

struct node *walk_next(struct walk *w, struct node **parent)
{
    for (;;) {
        struct walk_level *l = &w->level[w->depth], *below;

        if (l->next == UINT32_MAX) {
            l->next = 0;    /* the start itself */
            *parent = NULL;
            return l->node;
        }
        if (l->next < l->node->nchild && w->depth + 1 < WALK_LEVELS) {
            struct node *c = l->node->child[l->next++];

            if (l->path_len + 1 + c->name_len > XENSTORE_ABS_PATH_MAX) {
                continue;
            }
            below = &w->level[++w->depth];
            *below = (struct walk_level){ .node = c,
                                          .path_len = l->path_len + 1 + c->name_len };
            w->path[l->path_len] = '/';
            memcpy(w->path + l->path_len + 1, c->name, (size_t)c->name_len + 1);
            *parent = l->node;
            return c;
        }
        if (!w->depth) {
            return NULL;
        }
        w->depth--;
    }
}

void walk_skip(struct walk *w)
{
    w->level[w->depth].next = w->level[w->depth].node->nchild;
}
