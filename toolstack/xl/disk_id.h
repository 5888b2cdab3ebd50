/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The identity of a disk: see disk_id.c. Used by check_disk.c and its tests.
 */
#ifndef HOSPES_XL_DISK_ID_H
#define HOSPES_XL_DISK_ID_H

#include <stdbool.h>
#include <sys/types.h>

#define DISK_ID_MAX 64

enum disk_part {
    DISK_ITSELF,         /* a name of the disk */
    DISK_BELOW,          /* a device that it lies on */
    DISK_UNDER_FILE,     /* a device below the file system that holds it */
};

struct disk_object {
    dev_t dev;           /* with INO: of the file system */
    ino_t ino;           /* 0: a device */
    enum disk_part part;
};

struct disk_id {
    struct disk_object object[DISK_ID_MAX];
    unsigned int n;
    bool overflow;       /* more than fit: taken to touch everything */
};

/* Each adds a name, to an ID that was zeroed. -ENOENT and the like */
int disk_id_path(struct disk_id *id, const char *path);
void disk_id_device(struct disk_id *id, dev_t dev);
/* "7:3" in hexadecimal, as a back end has it. -EINVAL */
int disk_id_number(struct disk_id *id, const char *number);

/* Whether UPPER is or lies on LOWER; THROUGH_FILES: by the file system of an image too. */
bool disk_id_on(const struct disk_id *upper, const struct disk_id *lower, bool through_files);
/* Whether one is, or lies on, the other. */
bool disk_id_touch(const struct disk_id *a, const struct disk_id *b);

#endif
