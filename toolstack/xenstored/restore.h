/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What restore.c (streams, nodes, watches) and restore_conn.c (connections) share; nobody else
 * includes it.
 */
#ifndef XENSTORED_RESTORE_H
#define XENSTORED_RESTORE_H

#include "record.h"

/* What is left of a record's body. */
struct body {
    const char *p;
    size_t left;
};

struct restore {
    struct xsd *x;
    bool live, ended;
    uint64_t base;
    size_t snapshot_len, at;
    struct restored *out;
};

/*
 * Take octets, a structure, or a string of len octets with its nul, off a body; NULL or false if it
 * has fewer.
 */
const void *rec_take(struct body *b, size_t len);
bool rec_take_struct(struct body *b, void *out, size_t len);
const char *rec_take_string(struct body *b, size_t len);

/* One record each: 0, -EINVAL or -ENOMEM. */
int restore_ring(struct restore *r, struct body *b);
int restore_conn_gone(struct restore *r, struct body *b);
int restore_domain_gone(struct restore *r, struct body *b);
int restore_reply(struct restore *r, struct body *b);
int restore_connection(struct restore *r, struct body *b);

#endif
