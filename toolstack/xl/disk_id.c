/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a disk really is. Two names may stand for one thing (links, another mount, a loop device, a
 * number of a device), and a thing may lie on another: a partition on its disk, a mapped or RAID
 * device on its members, a file on the device of its file system. An identity is the thing under
 * all its names, and what it lies on. Two disks touch each other if one is, or lies on, the other;
 * two partitions of a disk do not. Used by check_disk.c; reads sysfs, which the kernel keeps.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk_id.h"

#ifndef SYS_BLOCK
#define SYS_BLOCK "/sys/dev/block"
#endif
#define LOOP_MAJOR 7

static void add_device(struct disk_id *id, dev_t dev, enum disk_part part);

/* Returns whether it is new. */
static bool add(struct disk_id *id, dev_t dev, ino_t ino, enum disk_part part)
{
    for (unsigned int i = 0; i < id->n; i++)
        if (id->object[i].dev == dev && id->object[i].ino == ino) {
            if (part < id->object[i].part)
                id->object[i].part = part;
            return false;
        }
    if (id->n == DISK_ID_MAX) {
        id->overflow = true;
        return false;
    }
    id->object[id->n++] = (struct disk_object){ .dev = dev, .ino = ino, .part = part };
    return true;
}

static void add_file(struct disk_id *id, dev_t dev, ino_t ino, enum disk_part part)
{
    /* File systems without a device have numbers with a major of 0. */
    if (add(id, dev, ino, part) && major(dev))
        add_device(id, dev, DISK_UNDER_FILE);
}

/* The "M:N" in file DIR/dev as a device. */
static bool read_dev(const char *dir, dev_t *dev)
{
    unsigned int high, low;
    char path[PATH_MAX + 8];
    bool good;
    FILE *f;

    snprintf(path, sizeof(path), "%s/dev", dir);
    f = fopen(path, "re");
    if (!f)
        return false;
    good = fscanf(f, "%u:%u", &high, &low) == 2;
    fclose(f);
    if (good)
        *dev = makedev(high, low);
    return good;
}

/* A loop device is another name of its file; that may have lost its own name since. */
static void add_backing(struct disk_id *id, dev_t dev, enum disk_part part)
{
    struct loop_info64 info;
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "/dev/loop%u", minor(dev));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (ioctl(fd, LOOP_GET_STATUS64, &info) == 0)
        add_file(id, (dev_t)info.lo_device, (ino_t)info.lo_inode, part);
    close(fd);
}

/* What device DIR of sysfs is made of. */
static void add_members(struct disk_id *id, const char *dir, enum disk_part below)
{
    char path[PATH_MAX + 300];
    struct dirent *d;
    DIR *members;
    dev_t dev;

    snprintf(path, sizeof(path), "%s/slaves", dir);
    members = opendir(path);
    while (members && (d = readdir(members))) {
        snprintf(path, sizeof(path), "%s/slaves/%s", dir, d->d_name);
        if (d->d_name[0] != '.' && read_dev(path, &dev))
            add_device(id, dev, below);
    }
    if (members)
        closedir(members);
}

static void add_device(struct disk_id *id, dev_t dev, enum disk_part part)
{
    enum disk_part below = part == DISK_UNDER_FILE ? DISK_UNDER_FILE : DISK_BELOW;
    char link[64], dir[PATH_MAX], path[PATH_MAX + 16];

    if (!add(id, dev, 0, part))
        return;
    if (major(dev) == LOOP_MAJOR)
        add_backing(id, dev, part);
    snprintf(link, sizeof(link), SYS_BLOCK "/%u:%u", major(dev), minor(dev));
    if (!realpath(link, dir))
        return;
    add_members(id, dir, below);
    snprintf(path, sizeof(path), "%s/partition", dir);
    if (access(path, F_OK) == 0) {
        *strrchr(dir, '/') = '\0';
        if (read_dev(dir, &dev))
            add_device(id, dev, below);
    }
}

int disk_id_path(struct disk_id *id, const char *path)
{
    struct stat st;

    if (stat(path, &st))
        return -errno;
    if (S_ISBLK(st.st_mode))
        add_device(id, st.st_rdev, DISK_ITSELF);
    else
        add_file(id, st.st_dev, st.st_ino, DISK_ITSELF);
    return 0;
}

void disk_id_device(struct disk_id *id, dev_t dev)
{
    add_device(id, dev, DISK_ITSELF);
}

int disk_id_number(struct disk_id *id, const char *number)
{
    unsigned int high, low;

    if (sscanf(number, "%x:%x", &high, &low) != 2)
        return -EINVAL;
    add_device(id, makedev(high, low), DISK_ITSELF);
    return 0;
}

bool disk_id_on(const struct disk_id *upper, const struct disk_id *lower, bool through_files)
{
    for (unsigned int i = 0; i < lower->n; i++) {
        for (unsigned int j = 0; lower->object[i].part == DISK_ITSELF && j < upper->n; j++)
            if (upper->object[j].dev == lower->object[i].dev &&
                upper->object[j].ino == lower->object[i].ino &&
                (through_files || upper->object[j].part != DISK_UNDER_FILE))
                return true;
    }
    return false;
}

bool disk_id_touch(const struct disk_id *a, const struct disk_id *b)
{
    return a->overflow || b->overflow || disk_id_on(a, b, true) || disk_id_on(b, a, true);
}
