/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations on nodes, with permissions and quotas, on the store itself or in a transaction.
 *
 * path is always absolute and valid. With tx NULL the change is made at once, recorded in the
 * journal and told to the watches; in a transaction it is noted and made when that is committed. An
 * error has changed nothing.
 */
#ifndef XENSTORED_STORE_H
#define XENSTORED_STORE_H

#include "xsd.h"

/*
 * What the actor may do with a node of these permissions: XS_PERM_* (4.17: owner and target all,
 * Domain 0 all).
 */
unsigned int perms_for(const struct actor *who, const struct xs_perm *perms, size_t count);

/*
 * What an operation learns about a node, so that a transaction can tell whether that has changed.
 */
#define SEES_NODE 1u        /* existence, value, permissions */
#define SEES_CHILDREN 2u

/*
 * Finds a node and checks that the actor has all of need. Errors: -ENOENT, -EACCES (also in place
 * of -ENOENT when the actor has not even need on the nearest node above), -ENOSPC (too much in one
 * transaction), -ENOMEM.
 */
int store_lookup(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                 unsigned int need,
                 unsigned int sees, struct node **node);
int store_write(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                const void *value,
                size_t len);
int store_mkdir(struct xsd *x, const struct actor *who, struct tx *tx, const char *path);
int store_rm(struct xsd *x, const struct actor *who, struct tx *tx, const char *path);
/*
 * path may be special. Errors beside those of lookup: -EPERM (another owner), -ENOSPC (too many).
 */
int store_set_perms(struct xsd *x, const struct actor *who, struct tx *tx, const char *path,
                    const struct xs_perm *perms, size_t count);

/* A domain is gone: its nodes go with all below, and entries that name it no longer count. */
void store_purge_domain(struct xsd *x, uint16_t domid);

/*
 * Looks for what cannot be: wrong accounts, dead owners. Returns the number of faults, each noted.
 */
unsigned int store_check(struct xsd *x);

/* --------------------------------------------------------- the changes themselves: apply.c
 *
 * root is &xsd.root (then accounts, watches and journal are served) or a transaction's own. No
 * checks but memory: 0 or -ENOMEM.
 */
int apply_write(struct xsd *x, struct node **root, const struct actor *who, const char *path,
                const void *value, size_t len);
int apply_rm(struct xsd *x, struct node **root, const struct actor *who, const char *path);
int apply_perms(struct xsd *x, struct node **root, const struct actor *who, const char *path,
                const struct xs_perm *perms, size_t count);

#endif
