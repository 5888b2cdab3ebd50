/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore client: connection, request and reply, event queue. See xs.h.
 *
 * What the requests mean is in requests.c. A message that comes while a reply is awaited and is a
 * WATCH_EVENT goes to the event queue; anything else that does not match the request breaks the
 * connection. One thread for each struct xs; no locks.
 */
#include "xs_internal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int xs_new(struct xs **out, int fd)
{
    struct xs *xs = calloc(1, sizeof(*xs));

    if (!xs) {
        close(fd);
        return -ENOMEM;
    }
    xs->fd = fd;
    xs->event_tail = &xs->events;
    *out = xs;
    return 0;
}

int xs_open_socket(struct xs **out, const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd, err;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        return -ENAMETOOLONG;
    }
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        err = errno;
        close(fd);
        return -err;
    }
    return xs_new(out, fd);
}

int xs_open(struct xs **out)
{
    const char *path = getenv("XENSTORED_PATH");
    int rc = xs_open_socket(out, path ? path : XS_SOCKET);
    int fd;

    if (!rc || path) {
        return rc;
    }
    fd = open(XS_KERNEL_DEV, O_RDWR | O_CLOEXEC);
    return fd < 0 ? rc : xs_new(out, fd);
}

void xs_close(struct xs *xs)
{
    struct xs_event *ev;

    if (!xs) {
        return;
    }
    while ((ev = xs->events)) {
        xs->events = ev->next;
        free(ev);
    }
    close(xs->fd);
    free(xs);
}

int xs_fd(const struct xs *xs)
{
    return xs->fd;
}

static int broken(struct xs *xs, int rc)
{
    xs->broken = true;
    return rc;
}

static int write_all(struct xs *xs, const void *data, size_t len)
{
    const char *p = data;

    while (len) {
        ssize_t n = write(xs->fd, p, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return broken(xs, -EIO);
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int read_all(struct xs *xs, void *data, size_t len)
{
    char *p = data;

    while (len) {
        ssize_t n = read(xs->fd, p, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return broken(xs, -EIO);
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Reads one whole message; the payload goes to xs->in with a nul behind it. */
static int read_message(struct xs *xs)
{
    int rc = read_all(xs, &xs->hdr, sizeof(xs->hdr));

    if (rc) {
        return rc;
    }
    if (xs->hdr.len > XENSTORE_PAYLOAD_MAX) {
        return broken(xs, -EIO);
    }
    rc = read_all(xs, xs->in, xs->hdr.len);
    xs->in[rc ? 0 : xs->hdr.len] = 0;
    return rc;
}

/* Moves the event in xs->in to the queue. The payload is <path>|<token>|. */
static int queue_event(struct xs *xs)
{
    size_t len = xs->hdr.len, path_len = strnlen(xs->in, len);
    struct xs_event *ev;

    if (path_len + 1 >= len || xs->in[len - 1]) {
        return broken(xs, -EIO);
    }
    ev = malloc(sizeof(*ev) + len);
    if (!ev) {
        return -ENOMEM;
    }
    ev->next = NULL;
    ev->token = path_len + 1;
    ev->len = len;
    memcpy(ev->text, xs->in, len);
    *xs->event_tail = ev;
    xs->event_tail = &ev->next;
    return 0;
}

int xs_request(struct xs *xs, uint32_t type, xs_tx_t tx, const struct iovec *vec,
               unsigned int count)
{
    struct { struct xsd_sockmsg hdr; char body[XENSTORE_PAYLOAD_MAX]; } msg;
    size_t len = 0;
    int rc;

    if (xs->broken) {
        return -ENOTCONN;
    }
    for (unsigned int i = 0; i < count; i++) {
        if (vec[i].iov_len > XENSTORE_PAYLOAD_MAX - len) {
            return -E2BIG;
        }
        memcpy(msg.body + len, vec[i].iov_base, vec[i].iov_len);
        len += vec[i].iov_len;
    }
    msg.hdr = (struct xsd_sockmsg){ .type = type, .req_id = ++xs->req_id, .tx_id = tx,
                                    .len = (uint32_t)len };
    rc = write_all(xs, &msg, sizeof(msg.hdr) + len);
    while (!rc) {
        rc = read_message(xs);
        if (rc || xs->hdr.type != XS_WATCH_EVENT) {
            break;
        }
        rc = queue_event(xs);
    }
    if (rc) {
        return broken(xs, rc);
    }
    if (xs->hdr.type == XS_ERROR) {
        return -xs_errno_value(xs->in);
    }
    return xs->hdr.type == type ? 0 : broken(xs, -EIO);
}

int xs_next_event(struct xs *xs, int timeout_ms, char **path, char **token)
{
    struct xs_event *ev;
    int rc;

    while (!xs->events) {
        struct pollfd pfd = { .fd = xs->fd, .events = POLLIN };

        if (xs->broken) {
            return -EIO;
        }
        rc = poll(&pfd, 1, timeout_ms);
        if (rc < 0 && errno == EINTR) {
            return -EINTR;
        }
        if (rc == 0) {
            return -EAGAIN;
        }
        rc = read_message(xs);
        if (!rc && xs->hdr.type == XS_WATCH_EVENT) {
            rc = queue_event(xs);
        }
        if (rc) {
            return rc;
        }
    }
    ev = xs->events;
    *path = malloc(ev->len);
    if (!*path) {
        return -ENOMEM;
    }
    memcpy(*path, ev->text, ev->len);
    *token = *path + ev->token;
    xs->events = ev->next;
    if (!xs->events) {
        xs->event_tail = &xs->events;
    }
    free(ev);
    return 0;
}

int xs_poll_event(struct xs *xs, char **path, char **token)
{
    return xs_next_event(xs, 0, path, token);
}
