/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message buffers of ring connections, in a file that outlives the daemon: one slot for each
 * connection. Without a file (NULL) the buffers are ordinary memory. See conn.h for what a slot
 * means.
 *
 * The file is DIR/rings.N. The journal says which N belongs to it: a planned restart makes a file
 * of its own, so that until its journal is there a crash still finds the old pair. A slot is given
 * to nobody else before the request that gave it up is committed, since one request never does
 * both.
 */
#ifndef XENSTORED_RINGS_H
#define XENSTORED_RINGS_H

#include "conn.h"

#define RINGS_MAX 4096

struct ringfile {
    int fd;
    uint32_t number;         /* N */
    struct area *area;       /* RINGS_MAX slots mapped; only those taken have memory */
    bool taken[RINGS_MAX];
};

/* Makes a file with a number that is free. Returns 0 or -errno. */
int rings_create(struct ringfile *rf, const char *dir);
/* Opens the file of a former daemon. Returns 0 or -errno. */
int rings_open(struct ringfile *rf, const char *dir, uint32_t number);
void rings_close(struct ringfile *rf);
/* Removes all files but this one: the journal that names it is in place. */
void rings_clean(const struct ringfile *rf, const char *dir);

/* Takes a free slot, zeroed; NULL when there is none or no memory. */
struct area *rings_take(struct ringfile *rf, int *slot);
/* Takes the slot of a former daemon's connection as it is; NULL if that cannot be. */
struct area *rings_reuse(struct ringfile *rf, int slot);
void rings_give(struct ringfile *rf, int slot, struct area *area);

#endif
