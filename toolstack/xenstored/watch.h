/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches: who wants to hear about which path. Matching is by hash of the changed path and its
 * parents, so that it does not depend on the number of watches. Delivery is conn.c's.
 */
#ifndef XENSTORED_WATCH_H
#define XENSTORED_WATCH_H

#include "xsd.h"

#define WATCH_ANY_DEPTH 0xffffu    /* as in WATCH_DATA_EXTENDED */

struct watch {
    struct list by_conn;         /* conn.watches */
    struct list by_point;        /* watchpoint.watches */
    struct watchpoint *point;
    struct conn *conn;
    size_t rel;                  /* leading octets left out of event paths: relative watch */
    unsigned int depth;
    bool lost;                   /* events were dropped; one for the watched path itself is due */
    char *token;
};

struct watchpoint {
    struct list watches;
    char path[];                 /* absolute, or special */
};

/*
 * Adds a watch on an absolute path. No event is sent. Errors: -EEXIST (same path and token), -E2BIG
 * (quota), -ENOMEM.
 */
int watch_add(struct xsd *x, struct conn *c, const char *path, size_t rel, const char *token,
              unsigned int depth, struct watch **out);
struct watch *watch_find(struct xsd *x, struct conn *c, const char *path, const char *token);
void watch_del(struct xsd *x, struct watch *w);
void watch_del_all(struct xsd *x, struct conn *c);

/* The octets that a watch costs its domain. */
size_t watch_bytes(const struct watch *w);

/*
 * A node has changed: queues events for all watches on it and above. node and parent are those of
 * after the change (of before, for a removal), old the permissions before if they changed (else
 * NULL): an unprivileged connection hears of it if one of the three lets it read. With exact only
 * watches on this very path count (a node that went away with its parent).
 */
struct change {
    const char *path;
    const struct node *node, *parent;
    const struct xs_perm *old;
    size_t nold;
    bool exact;
};
void watch_fire(struct xsd *x, const struct change *ch);

/*
 * Fires @introduceDomain or @releaseDomain (SPECIAL_*), for the watches of depth 1 with the domain.
 */
void watch_fire_special(struct xsd *x, int which, uint16_t domid);

#endif
