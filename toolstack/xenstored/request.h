/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests: takes one message apart, does it, writes the answer. The table of types is in
 * request.c, the functions are in request.c (nodes, watches, transactions), req_domain.c (Domain
 * 0's own) and req_control.c.
 */
#ifndef XENSTORED_REQUEST_H
#define XENSTORED_REQUEST_H

#include "conn.h"

struct request {
    struct xsd *x;
    struct conn *c;
    const struct actor *who;
    struct tx *tx;         /* NULL: none, or the type takes none */
    const char *in;        /* payload, with a nul added */
    size_t len;
    char *out;             /* room for XENSTORE_PAYLOAD_MAX */
    size_t out_len;
    bool answered;         /* out holds the answer; else it is OK */
};

/*
 * Handles the message in c->area->in; the answer is in c->area->out. Returns its length with the
 * header.
 */
size_t request_handle(struct xsd *x, struct conn *c);

/* Adds to the answer. Returns 0, or -E2BIG. */
int answer_add(struct request *r, const void *data, size_t len);
/* Adds a string with its nul. */
int answer_str(struct request *r, const char *text);

/*
 * Splits the payload into nul-ended strings. Returns how many there are, of which max at most are
 * in args.
 */
unsigned int request_args(const struct request *r, const char **args, unsigned int max);
/* Reads a domain number: decimal digits. Returns 0 or -EINVAL. */
int parse_domid(const char *text, uint16_t *domid);

int req_introduce(struct request *r);
int req_release(struct request *r);
int req_resume(struct request *r);
int req_set_target(struct request *r);
int req_is_introduced(struct request *r);
int req_domain_path(struct request *r);
int req_control(struct request *r);

#endif
