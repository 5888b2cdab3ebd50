/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore wire format: what client and daemon must agree on.
 *
 * Error names, permission strings and message limits of xen/io/xs_wire.h and xenstore.txt. Pure
 * functions, no I/O, no locks. Called by libxs (client), xenstored (daemon) and the xenstore-*
 * commands.
 */
#ifndef LIBXS_WIRE_H
#define LIBXS_WIRE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xs_wire.h>

#define XS_HDR_SIZE sizeof(struct xsd_sockmsg)
#define XS_MSG_MAX (XS_HDR_SIZE + XENSTORE_PAYLOAD_MAX)

/*
 * WATCH takes a depth: bit 2 of the server feature bitmap (xenstore-ring.txt). 4.17's header lacks
 * the name.
 */
#define XS_FEATURE_WATCH_DEPTH 4u

/* What a permission entry grants; OWNER is never in an entry, it comes with being the first one. */
#define XS_PERM_NONE 0u
#define XS_PERM_READ 1u
#define XS_PERM_WRITE 2u
#define XS_PERM_OWNER 4u

/*
 * xs_perm.flags: the domain meant by the entry is gone, ignore it (xenstore-migration.md,
 * NODE_DATA).
 */
#define XS_PERM_STALE 1u

/* One permission entry. The first of a node names its owner and what everybody else may do. */
struct xs_perm {
    uint16_t domid;
    uint8_t access;    /* XS_PERM_READ | XS_PERM_WRITE */
    uint8_t flags;     /* XS_PERM_STALE */
};

#define XS_PERM_STRLEN 8    /* "b65535" with its nul, rounded up */

/* Returns the wire name of a positive errno; EINVAL's for one that the protocol has no name for. */
const char *xs_errno_name(int err);

/* Returns the positive errno of a wire name, EIO for one that is not known. */
int xs_errno_value(const char *name);

/* Returns the letter of an access mask: n, r, w or b. */
char xs_perm_letter(unsigned int access);

/* Reads "b12" into *perm. Returns 0, or -EINVAL for anything but a letter of nrwb and 0..65535. */
int xs_perm_parse(const char *text, struct xs_perm *perm);

/*
 * Writes "b12" and a nul to text (at least XS_PERM_STRLEN bytes); returns the length without the
 * nul.
 */
size_t xs_perm_format(const struct xs_perm *perm, char *text);

#endif
