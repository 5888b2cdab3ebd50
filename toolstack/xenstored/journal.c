/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory-backed file. See journal.h.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROW (256u << 10)
#define LONG_MIN (1u << 20)
#define STAGED_KEPT (64u << 10)    /* the room for a large request is given back */

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (b->failed) {
        return;
    }
    if (len > b->cap - b->len) {
        size_t cap = b->cap * 2 > b->len + len ? b->cap * 2 : b->len + len + 1024;
        char *grown = realloc(b->data, cap);

        if (!grown) {
            b->failed = true;
            return;
        }
        b->data = grown;
        b->cap = cap;
    }
    if (len) {
        memcpy(b->data + b->len, data, len);
        b->len += len;
    }
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){ 0 };
}

static void read_boot_id(char id[40])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    memset(id, 0, 40);
    if (fd >= 0) {
        if (read(fd, id, 36) != 36) {
            id[0] = 0;
        }
        close(fd);
    }
}

static void unmap(struct journal *j)
{
    j->end = journal_position(j);
    if (j->map) {
        munmap(j->map, j->size);
        close(j->fd);
        j->map = NULL;
    }
}

/*
 * Gives the file size octets, really there (a hole could fail later, with a signal), and maps it.
 */
static int map_file(struct journal *j, int fd, size_t size)
{
    int err = posix_fallocate(fd, 0, (off_t)size);
    void *map;

    if (err) {
        return -err;
    }
    map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return -errno;
    }
    unmap(j);
    j->map = map;
    j->size = size;
    j->fd = fd;
    return 0;
}

static bool usable(const struct journal *j)
{
    char id[40];

    read_boot_id(id);
    return !memcmp(j->map->magic, JOURNAL_MAGIC, 8) && j->map->version == JOURNAL_VERSION &&
           !memcmp(j->map->boot_id, id, sizeof(id)) &&
           j->map->committed <= j->size - JOURNAL_DATA &&
           j->map->snapshot_len <= j->map->committed;
}

int journal_open(struct journal *j, const char *dir, const char **data, size_t *len)
{
    struct stat st;
    char *path;
    int fd, rc;

    if (asprintf(&path, "%s/state", dir) < 0) {
        return -ENOMEM;
    }
    fd = open(path, O_RDWR | O_CLOEXEC);
    free(path);
    if (fd < 0) {
        return -errno;
    }
    if (fstat(fd, &st) < 0 || st.st_size <= (off_t)JOURNAL_DATA) {
        close(fd);
        return -ENOENT;
    }
    rc = map_file(j, fd, (size_t)st.st_size);
    if (rc) {
        close(fd);
        return rc;
    }
    if (!usable(j)) {
        unmap(j);
        return -ENOENT;
    }
    *data = (char *)j->map + JOURNAL_DATA;
    *len = j->map->committed;
    return 0;
}

/* Writes a whole new file under a temporary name, so that there is always one valid file. */
static int write_new_file(struct journal *j, const char *path, const struct buf *state,
                          uint64_t base, uint32_t rings)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc;

    if (fd < 0) {
        return -errno;
    }
    rc = map_file(j, fd, JOURNAL_DATA + state->len + GROW);
    if (rc) {
        close(fd);
        unlink(path);
        return rc;
    }
    memcpy(j->map->magic, JOURNAL_MAGIC, 8);
    j->map->version = JOURNAL_VERSION;
    j->map->base = base;
    j->map->rings = rings;
    read_boot_id(j->map->boot_id);
    memcpy((char *)j->map + JOURNAL_DATA, state->data, state->len);
    j->map->snapshot_len = state->len;
    j->map->committed = state->len;
    return 0;
}

int journal_replace(struct journal *j, const char *dir, const struct buf *state, uint32_t rings)
{
    uint64_t base = journal_position(j);
    char *path = NULL, *tmp = NULL, *kept = strdup(dir);
    struct journal fresh = { .fd = -1 };
    int rc = -ENOMEM;

    if (!kept || asprintf(&path, "%s/state", dir) < 0 || asprintf(&tmp, "%s/state.new", dir) < 0) {
        goto out;
    }
    rc = state->failed ? -ENOMEM : write_new_file(&fresh, tmp, state, base, rings);
    if (!rc && rename(tmp, path) < 0) {
        rc = -errno;
        unmap(&fresh);
        unlink(tmp);
    }
    if (rc && !j->map) {
        unlink(path);    /* of a time before: to go on from it would be wrong */
    }
    if (!rc) {
        unmap(j);
        j->map = fresh.map;
        j->size = fresh.size;
        j->fd = fresh.fd;
        j->staged.len = 0;
    }
    free(j->dir);
    j->dir = kept;
    kept = NULL;
    j->active = j->map;
out:
    free(kept);
    free(path);
    free(tmp);
    return rc;
}

void journal_close(struct journal *j)
{
    unmap(j);
    buf_free(&j->staged);
    free(j->dir);
    *j = (struct journal){ 0 };
}

void journal_rewind(struct journal *j, size_t mark)
{
    j->staged.len = mark;
}

static int grow(struct journal *j, size_t need)
{
    size_t size = j->size + (need > GROW ? need : GROW) + j->size / 4;
    int err = posix_fallocate(j->fd, 0, (off_t)size);
    void *map;

    if (err) {
        return -err;
    }
    map = mremap(j->map, j->size, size, MREMAP_MAYMOVE);
    if (map == MAP_FAILED) {
        return -errno;
    }
    j->map = map;
    j->size = size;
    return 0;
}

/* The file can no longer be kept right: without one, a restart is at least not wrong. */
static int give_up(struct journal *j, int rc)
{
    char *path;

    if (asprintf(&path, "%s/state", j->dir) >= 0) {
        unlink(path);
        free(path);
    }
    unmap(j);
    j->active = false;
    j->staged.len = 0;
    j->staged.failed = false;
    return rc;
}

int journal_commit(struct journal *j)
{
    size_t used, len = j->staged.len;
    int rc = 0;

    if (!j->active || !len) {
        return 0;
    }
    if (j->staged.failed) {
        return give_up(j, -ENOMEM);
    }
    used = JOURNAL_DATA + j->map->committed;
    if (len > j->size - used) {
        rc = grow(j, len);
    }
    if (rc) {
        return give_up(j, rc);
    }
    memcpy((char *)j->map + used, j->staged.data, len);
    __atomic_store_n(&j->map->committed, j->map->committed + len, __ATOMIC_RELEASE);
    j->staged.len = 0;
    if (j->staged.cap > STAGED_KEPT) {
        buf_free(&j->staged);
    }
    return 0;
}

uint64_t journal_position(const struct journal *j)
{
    return j->map ? j->map->base + j->map->committed : j->end;
}

bool journal_is_long(const struct journal *j)
{
    return j->active && j->map->committed > LONG_MIN &&
           j->map->committed / 4 > j->map->snapshot_len;
}
