/* SPDX-License-Identifier: GPL-2.0-only */
/* What xs.c and requests.c of libxs share; nobody else includes it. */
#ifndef LIBXS_INTERNAL_H
#define LIBXS_INTERNAL_H

#include <sys/uio.h>

#include "xs.h"

struct xs_event {
    struct xs_event *next;
    size_t token;    /* offset of the token in text */
    size_t len;
    char text[];     /* path, nul, token, nul */
};

struct xs {
    int fd;
    bool broken;                     /* a stream error happened: nothing can be trusted any more */
    uint32_t req_id;
    struct xs_event *events, **event_tail;
    struct xsd_sockmsg hdr;          /* the last message read */
    char in[XENSTORE_PAYLOAD_MAX + 1];
};

/*
 * Sends a request of count pieces and waits for its reply, which is then in xs->hdr and xs->in.
 * Returns 0, the daemon's error, -E2BIG, -EIO or -ENOTCONN.
 */
int xs_request(struct xs *xs, uint32_t type, xs_tx_t tx, const struct iovec *vec,
               unsigned int count);

#endif
