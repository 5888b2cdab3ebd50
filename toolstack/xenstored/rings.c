/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message buffers of ring connections. See rings.h.
 */
#include "rings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_BYTES (RINGS_MAX * sizeof(struct area))

int rings_open(struct ringfile *rf, const char *dir, bool fresh)
{
    char *path;
    void *map;

    if (asprintf(&path, "%s/rings", dir) < 0) {
        return -ENOMEM;
    }
    rf->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : 0), 0600);
    free(path);
    if (rf->fd < 0) {
        return -errno;
    }
    if (ftruncate(rf->fd, FILE_BYTES) < 0) {
        close(rf->fd);
        return -errno;
    }
    map = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, rf->fd, 0);
    if (map == MAP_FAILED) {
        close(rf->fd);
        return -ENOMEM;
    }
    rf->area = map;
    return 0;
}

void rings_close(struct ringfile *rf)
{
    munmap(rf->area, FILE_BYTES);
    close(rf->fd);
}

/* Gives the slot memory: a page that is missing when it is touched would be a fatal signal. */
static bool back_slot(struct ringfile *rf, int slot)
{
    return !posix_fallocate(rf->fd, (off_t)slot * (off_t)sizeof(struct area), sizeof(struct area));
}

struct area *rings_take(struct ringfile *rf, int *slot)
{
    if (!rf) {
        *slot = 0;
        return calloc(1, sizeof(struct area));
    }
    for (int i = 0; i < RINGS_MAX; i++) {
        if (!back_slot(rf, i)) {
            return NULL;
        }
        if (!rf->area[i].used) {
            memset(&rf->area[i], 0, sizeof(rf->area[i]));
            rf->area[i].used = 1;
            *slot = i;
            return &rf->area[i];
        }
    }
    return NULL;
}

struct area *rings_reuse(struct ringfile *rf, int slot)
{
    if (slot < 0 || slot >= RINGS_MAX || !rf || !back_slot(rf, slot)) {
        return NULL;
    }
    return rf->area[slot].used ? &rf->area[slot] : NULL;
}

void rings_give(struct ringfile *rf, int slot, struct area *area)
{
    if (!rf) {
        free(area);
    } else if (area) {
        rf->area[slot].used = 0;
    }
}
