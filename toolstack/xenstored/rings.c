/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The message buffers of ring connections. See rings.h.
 */
#include "rings.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_BYTES (RINGS_MAX * sizeof(struct area))
#define NAME_PREFIX "rings."

static int open_number(const char *dir, uint32_t number, int flags)
{
    char *path;
    int fd;

    if (asprintf(&path, "%s/" NAME_PREFIX "%u", dir, number) < 0) {
        return -ENOMEM;
    }
    fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
    free(path);
    return fd < 0 ? -errno : fd;
}

static int map_file(struct ringfile *rf, int fd, uint32_t number)
{
    void *map;

    memset(rf->taken, 0, sizeof(rf->taken));
    if (ftruncate(fd, FILE_BYTES) < 0) {
        close(fd);
        return -errno;
    }
    map = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        close(fd);
        return -ENOMEM;
    }
    rf->fd = fd;
    rf->number = number;
    rf->area = map;
    return 0;
}

int rings_create(struct ringfile *rf, const char *dir)
{
    uint32_t number = 0;
    int fd;

    do {
        fd = open_number(dir, ++number, O_CREAT | O_EXCL);
    } while (fd == -EEXIST);
    return fd < 0 ? fd : map_file(rf, fd, number);
}

int rings_open(struct ringfile *rf, const char *dir, uint32_t number)
{
    int fd = open_number(dir, number, 0);

    return fd < 0 ? fd : map_file(rf, fd, number);
}

void rings_close(struct ringfile *rf)
{
    munmap(rf->area, FILE_BYTES);
    close(rf->fd);
}

void rings_clean(const struct ringfile *rf, const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char own[24];

    snprintf(own, sizeof(own), NAME_PREFIX "%u", rf->number);
    while (d && (e = readdir(d))) {
        if (!strncmp(e->d_name, NAME_PREFIX, strlen(NAME_PREFIX)) && strcmp(e->d_name, own)) {
            unlinkat(dirfd(d), e->d_name, 0);
        }
    }
    if (d) {
        closedir(d);
    }
}

/* Gives the slot memory: a page that is missing when it is touched would be a fatal signal. */
static bool back_slot(struct ringfile *rf, int slot)
{
    off_t at = (off_t)slot * (off_t)sizeof(struct area);

    return !posix_fallocate(rf->fd, at, sizeof(struct area));
}

struct area *rings_take(struct ringfile *rf, int *slot)
{
    if (!rf) {
        *slot = 0;
        return calloc(1, sizeof(struct area));
    }
    for (int i = 0; i < RINGS_MAX; i++) {
        if (rf->taken[i]) {
            continue;
        }
        if (!back_slot(rf, i)) {
            return NULL;
        }
        memset(&rf->area[i], 0, sizeof(rf->area[i]));
        rf->taken[i] = true;
        *slot = i;
        return &rf->area[i];
    }
    return NULL;
}

struct area *rings_reuse(struct ringfile *rf, int slot)
{
    if (!rf || slot < 0 || slot >= RINGS_MAX || rf->taken[slot] || !back_slot(rf, slot)) {
        return NULL;
    }
    rf->taken[slot] = true;
    return &rf->area[slot];
}

void rings_give(struct ringfile *rf, int slot, struct area *area)
{
    if (!rf) {
        free(area);
    } else if (area) {
        rf->taken[slot] = false;
    }
}
