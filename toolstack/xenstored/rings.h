/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message buffers of ring connections, in a file that outlives the daemon: one slot for each
 * connection. Without a file (NULL) the buffers are ordinary memory. See conn.h for what a slot
 * means.
 */
#ifndef XENSTORED_RINGS_H
#define XENSTORED_RINGS_H

#include "conn.h"

#define RINGS_MAX 4096

struct ringfile {
    int fd;
    struct area *area;    /* RINGS_MAX slots mapped; only those taken have memory */
};

/* Opens or makes DIR/rings; fresh empties it. Returns 0 or -errno. */
int rings_open(struct ringfile *rf, const char *dir, bool fresh);
void rings_close(struct ringfile *rf);
/* Takes a free slot, zeroed; NULL when there is none or no memory. */
struct area *rings_take(struct ringfile *rf, int *slot);
/* The slot of a former daemon's connection; NULL if it was not in use. */
struct area *rings_reuse(struct ringfile *rf, int slot);
void rings_give(struct ringfile *rf, int slot, struct area *area);

#endif
