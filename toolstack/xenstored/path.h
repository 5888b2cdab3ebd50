/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths of xenstore: what is allowed, and how a relative one is completed. Pure functions. */
#ifndef XENSTORED_PATH_H
#define XENSTORED_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "libxs/wire.h"

typedef char path_t[XENSTORE_ABS_PATH_MAX + 1];

/*
 * Whether path is an absolute path (or "@..." if special) that xenstore.txt allows. max is the
 * quota on its length, from which the prefix /local/domain/N/ does not count.
 */
bool path_valid(const char *path, size_t max, bool special);

/*
 * Completes a path: relative ones go below base (/local/domain/N; for a socket that of Domain 0).
 * Returns 0, or -EINVAL if it does not fit. Validity is path_valid()'s matter.
 */
int path_complete(const char *given, const char *base, path_t out);

/* Length of the parent's path: 0 for a child of the root and for the root. */
size_t path_parent_len(const char *path);

/* Whether path is below or the same as top; top may be "/" . */
bool path_is_child(const char *path, const char *top);

/* Levels that path is below top (0: the same). path_is_child() must hold. */
unsigned int path_levels_below(const char *path, const char *top);

#endif
