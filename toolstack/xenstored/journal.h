/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory-backed file that lets the store outlive its daemon.
 *
 * The file (in /run, a RAM file system) holds the records of one complete state and of all changes
 * since, in the format of xenstore-migration.md with a few private record types. The records of one
 * request are staged and then become valid all at once, by one store to the length in the file's
 * header: a daemon that is killed at any instant leaves whole requests only. record.c makes the
 * records, restore.c reads them. A journal without a file (unit tests, no space left) accepts
 * everything and keeps nothing.
 */
#ifndef XENSTORED_JOURNAL_H
#define XENSTORED_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Growing octets. failed is set when memory ran out; then the content is not complete. */
struct buf {
    char *data;
    size_t len, cap;
    bool failed;
};
void buf_add(struct buf *b, const void *data, size_t len);
void buf_free(struct buf *b);

#define JOURNAL_MAGIC "HospesXS"
struct journal_header {
    char magic[8];
    uint64_t version;
    uint64_t base;         /* position of the first octet of this file in the sequence of all */
    uint64_t committed;    /* valid octets behind the header */
    uint64_t snapshot_len; /* of these, how many are the complete state at the start */
    uint64_t rings;        /* the number of the file of message buffers that goes with it */
    char boot_id[40];      /* of the running system: a file of an earlier one is worthless */
};
#define JOURNAL_DATA 4096u    /* where the records start */
#define JOURNAL_VERSION 1u

struct journal {
    bool active;                    /* there is a file, and it says how things are */
    bool muted;                     /* one record, to come, tells what these would */
    uint64_t end;                   /* without a file: the position that the last one reached */
    int fd;
    char *dir;
    struct journal_header *map;     /* the file, mapped whole */
    size_t size;                    /* of the mapping */
    struct buf staged;
};

/*
 * Opens DIR/state for reading what is there: *data and *len; base and snapshot_len are in j->map.
 * Returns 0, -ENOENT if there is none or it is of another boot or version, -errno.
 */
int journal_open(struct journal *j, const char *dir, const char **data, size_t *len);
/*
 * Replaces the file by one that starts with the octets of state and goes with the given file of
 * message buffers. Returns 0 or -errno: then the former file goes on to be used, if there is one
 * and it was never given up.
 */
int journal_replace(struct journal *j, const char *dir, const struct buf *state, uint32_t rings);
void journal_close(struct journal *j);

/* Whether a record is to be staged. */
static inline bool journal_wants(const struct journal *j)
{
    return j->active && !j->muted;
}
/* What has been staged so far, to be able to take it back. */
static inline size_t journal_mark(const struct journal *j)
{
    return j->staged.len;
}
void journal_rewind(struct journal *j, size_t mark);
/* Makes the staged records valid. Returns 0, or -errno: the file is given up and removed. */
int journal_commit(struct journal *j);
/* The position after the last valid record. */
uint64_t journal_position(const struct journal *j);
/* Whether a new complete state would save much. */
bool journal_is_long(const struct journal *j);

#endif
