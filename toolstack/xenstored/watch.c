/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches. See watch.h; the rules are in xenstore.txt, "Watches".
 */
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "domain.h"
#include "record.h"
#include "store.h"

size_t watch_bytes(const struct watch *w)
{
    /* the path is in the point and in the table of them */
    return sizeof(*w) + strlen(w->token) + 1 + sizeof(*w->point) + 2 * strlen(w->point->path) + 2 +
           STRMAP_SLOT_BYTES + 4 * ALLOC_BYTES;
}

struct watch *watch_find(struct xsd *x, struct conn *c, const char *path, const char *token)
{
    struct watchpoint *p = strmap_get(&x->watched, path, strlen(path));

    if (!p) {
        return NULL;
    }
    list_for(it, &p->watches) {
        struct watch *w = list_entry(it, struct watch, by_point);

        if (w->conn == c && !strcmp(w->token, token)) {
            return w;
        }
    }
    return NULL;
}

static struct watchpoint *need_point(struct xsd *x, const char *path)
{
    size_t len = strlen(path);
    struct watchpoint *p = strmap_get(&x->watched, path, len);

    if (p) {
        return p;
    }
    p = malloc(sizeof(*p) + len + 1);
    if (!p) {
        return NULL;
    }
    list_init(&p->watches);
    memcpy(p->path, path, len + 1);
    if (strmap_set(&x->watched, path, len, p)) {
        free(p);
        return NULL;
    }
    return p;
}

static void drop_point_if_unused(struct xsd *x, struct watchpoint *p)
{
    if (list_empty(&p->watches)) {
        strmap_del(&x->watched, p->path, strlen(p->path));
        free(p);
    }
}

int watch_add(struct xsd *x, struct conn *c, const char *path, size_t rel, const char *token,
              unsigned int depth, struct watch **out)
{
    struct watchpoint *p;
    struct watch *w;

    if (watch_find(x, c, path, token)) {
        return -EEXIST;
    }
    if (c->dom && over_quota(x, c->who, QUOTA_WATCHES, c->dom->watches + 1ul)) {
        return -E2BIG;
    }
    w = calloc(1, sizeof(*w));
    p = w ? need_point(x, path) : NULL;
    if (!p) {
        free(w);
        return -ENOMEM;
    }
    w->token = strdup(token);
    w->point = p;
    if (!w->token ||
        (c->dom && over_quota(x, c->who, QUOTA_MEMORY, c->dom->mem + watch_bytes(w)))) {
        drop_point_if_unused(x, p);
        free(w->token);
        free(w);
        return -ENOMEM;
    }
    w->conn = c;
    w->rel = rel;
    w->depth = depth;
    list_append(&c->watches, &w->by_conn);
    list_append(&p->watches, &w->by_point);
    if (c->dom) {
        c->dom->watches++;
        c->dom->mem += watch_bytes(w);
    }
    *out = w;
    return 0;
}

void watch_del(struct xsd *x, struct watch *w)
{
    if (w->conn->dom) {
        w->conn->dom->watches--;
        w->conn->dom->mem -= watch_bytes(w);
    }
    list_remove(&w->by_conn);
    list_remove(&w->by_point);
    drop_point_if_unused(x, w->point);
    free(w->token);
    free(w);
}

void watch_del_all(struct xsd *x, struct conn *c)
{
    list_for_safe(it, &c->watches) {
        watch_del(x, list_entry(it, struct watch, by_conn));
    }
}

/* ------------------------------------------------------------------ events */

static bool may_hear(const struct conn *c, const struct change *ch)
{
    const struct actor *who = c->who;

    if (who->priv) {
        return true;
    }
    if (ch->old && (perms_for(who, ch->old, ch->nold) & XS_PERM_READ)) {
        return true;
    }
    if (ch->node && (perms_for(who, ch->node->perms, ch->node->nperms) & XS_PERM_READ)) {
        return true;
    }
    return ch->parent && (perms_for(who, ch->parent->perms, ch->parent->nperms) & XS_PERM_READ);
}

static void fire_point(struct xsd *x, const char *point, size_t len, unsigned int levels,
                       const struct change *ch)
{
    struct watchpoint *p = strmap_get(&x->watched, point, len);

    if (!p) {
        return;
    }
    list_for(it, &p->watches) {
        struct watch *w = list_entry(it, struct watch, by_point);

        if ((w->depth == WATCH_ANY_DEPTH || levels <= w->depth) && may_hear(w->conn, ch)) {
            conn_queue_event(x, w, ch->path);
        }
    }
}

void watch_fire(struct xsd *x, const struct change *ch)
{
    size_t len = strlen(ch->path);
    unsigned int levels = 0;

    if (!x->watched.count) {
        return;
    }
    fire_point(x, ch->path, len, levels, ch);
    while (!ch->exact && len > 1) {
        do {
            len--;
        } while (ch->path[len] != '/');
        fire_point(x, len ? ch->path : "/", len ? len : 1, ++levels, ch);
        if (!len) {
            break;
        }
    }
}

void watch_fire_special(struct xsd *x, int which, uint16_t domid)
{
    const struct node *node = x->special[which];
    char full[40];
    struct change ch = { .node = node, .exact = true };
    struct watchpoint *p = strmap_get(&x->watched, node->name, node->name_len);

    record_special(&x->journal, which, domid);
    snprintf(full, sizeof(full), "%s/%u", node->name, domid);
    ch.path = full;
    watch_fire(x, &ch);
    if (!p) {
        return;
    }
    list_for(it, &p->watches) {
        struct watch *w = list_entry(it, struct watch, by_point);

        if (may_hear(w->conn, &ch)) {
            conn_queue_event(x, w, w->depth == 1 ? full : node->name);
        }
    }
}
