/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore client of the toolstack: one connection, one thread, blocking requests, queued watch
 * events.
 *
 * Speaks xenstore.txt over xenstored's socket, or over the kernel's /dev/xen/xenbus where there is
 * no socket. Works with our xenstored and with Xen's. Every function returns 0 or a negative errno:
 * the daemon's own error, or -EIO / -ENOTCONN when the connection broke. Called by xl, xenconsoled,
 * the xenstore-* commands, hotplug helpers. Not safe for use by two threads at once: open one
 * connection for each.
 */
#ifndef LIBXS_XS_H
#define LIBXS_XS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct xs;
typedef uint32_t xs_tx_t;

#define XS_NO_TX ((xs_tx_t)0)
#define XS_SOCKET "/run/xenstored/socket"     /* overridden by $XENSTORED_PATH */
#define XS_KERNEL_DEV "/dev/xen/xenbus"

/*
 * Connects; *out is to be given to xs_close(). Errors: -ENOENT/-ECONNREFUSED (no xenstored runs),
 * -ENOMEM.
 */
int xs_open(struct xs **out);
/* As xs_open(), to one socket path only. */
int xs_open_socket(struct xs **out, const char *path);
void xs_close(struct xs *xs);

/*
 * The descriptor to poll for input; after it is readable call xs_poll_event() until it says
 * -EAGAIN.
 */
int xs_fd(const struct xs *xs);

/* ------------------------------------------------------------------ nodes */

/*
 * Reads a node. *value is malloc'd with a nul added that *len (may be NULL) does not count.
 * Errors: -ENOENT, -EACCES, -EINVAL (bad path).
 */
int xs_read(struct xs *xs, xs_tx_t tx, const char *path, char **value, size_t *len);
/* Reads "PATH" made by printf rules: for small keys under a directory. */
int xs_readf(struct xs *xs, xs_tx_t tx, char **value, const char *path_fmt, ...)
    __attribute__((format(printf, 4, 5)));
/*
 * Writes len octets; creates the node and its parents. len + path must fit in XENSTORE_PAYLOAD_MAX
 * (-E2BIG).
 */
int xs_write(struct xs *xs, xs_tx_t tx, const char *path, const void *value, size_t len);
/* Writes a printf-formatted value. */
int xs_writef(struct xs *xs, xs_tx_t tx, const char *path, const char *value_fmt, ...)
    __attribute__((format(printf, 4, 5)));
int xs_mkdir(struct xs *xs, xs_tx_t tx, const char *path);
/* Removes a node and all below; 0 as well if it was not there but its parent is. */
int xs_rm(struct xs *xs, xs_tx_t tx, const char *path);
/*
 * Lists the children. *names is one malloc'd block (array and strings): one free(). *count entries,
 * then a NULL. Long lists are read in parts; -EAGAIN never comes from that (it starts again when
 * the node changed).
 */
int xs_list(struct xs *xs, xs_tx_t tx, const char *path, char ***names, unsigned int *count);
/* *perms is malloc'd, *count entries, the first is the owner's. */
int xs_get_perms(struct xs *xs, xs_tx_t tx, const char *path, struct xs_perm **perms,
                 unsigned int *count);
int xs_set_perms(struct xs *xs, xs_tx_t tx, const char *path, const struct xs_perm *perms,
                 unsigned int count);

/* ------------------------------------------------------------------ transactions */

int xs_tx_start(struct xs *xs, xs_tx_t *tx);
/*
 * Ends a transaction. With commit, -EAGAIN means: another change came between, do the whole of it
 * again.
 */
int xs_tx_end(struct xs *xs, xs_tx_t tx, bool commit);

/* ------------------------------------------------------------------ watches */

int xs_watch(struct xs *xs, const char *path, const char *token);
int xs_unwatch(struct xs *xs, const char *path, const char *token);
/*
 * Takes the next event. *path and *token point into one malloc'd block: free(*path) frees both.
 * timeout_ms < 0 waits for ever. Errors: -EAGAIN (none in time), -EIO (connection lost).
 */
int xs_next_event(struct xs *xs, int timeout_ms, char **path, char **token);
/* xs_next_event() that never waits. */
int xs_poll_event(struct xs *xs, char **path, char **token);

/* ------------------------------------------------------------------ domains (Domain 0 only) */

int xs_introduce(struct xs *xs, unsigned int domid, uint64_t gfn, unsigned int port);
int xs_resume(struct xs *xs, unsigned int domid);
int xs_is_introduced(struct xs *xs, unsigned int domid, bool *introduced);
/* Sends CONTROL with count strings; *reply is malloc'd, nul-ended. */
int xs_control(struct xs *xs, const char *const *args, unsigned int count, char **reply);

#endif
