/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket transport: programs of Domain 0, all privileged (the socket's mode lets only root in).
 */
#include <sys/socket.h>

#include "conn.h"

static ssize_t socket_read(struct xsd *x, struct conn *c, void *data, size_t len)
{
    ssize_t n = recv(c->fd, data, len, MSG_DONTWAIT);

    (void)x;
    if (n > 0) {
        c->area->in_cons += (uint32_t)n;
        return n;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EPIPE;
}

static ssize_t socket_write(struct xsd *x, struct conn *c, const void *data, size_t len)
{
    ssize_t n = send(c->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    (void)x;
    c->wants_write = n >= 0 ? (size_t)n < len : errno == EAGAIN;
    if (n >= 0) {
        c->area->out_prod += (uint32_t)n;
        return n;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
}

static void socket_flush(struct xsd *x, struct conn *c)
{
    (void)x;
    (void)c;
}

const struct transport socket_transport = { .read = socket_read, .write = socket_write,
                                            .flush = socket_flush };
