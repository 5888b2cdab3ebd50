/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A logical volume as lvm makes it: a device-mapper device that lies on a part of another device.
 *
 *     dm-linear NAME DEVICE SECTORS       prints its node, /dev/dm-N
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

static union {
    struct dm_ioctl head;
    char room[4096];
} request;

static struct dm_ioctl *prepare(const char *name)
{
    memset(&request, 0, sizeof(request));
    request.head.version[0] = DM_VERSION_MAJOR;
    request.head.data_size = sizeof(request);
    request.head.data_start = sizeof(request.head);
    snprintf(request.head.name, sizeof(request.head.name), "%s", name);
    return &request.head;
}

static void call(int control, unsigned long command, const char *what)
{
    if (ioctl(control, command, &request) < 0) {
        perror(what);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    struct dm_target_spec *target = (void *)(request.room + sizeof(request.head));
    char *parameters = (char *)(target + 1);

    if (argc != 4 || control < 0) {
        fprintf(stderr, "usage: dm-linear NAME DEVICE SECTORS (and /dev/mapper/control)\n");
        return 2;
    }
    prepare(argv[1]);
    call(control, DM_DEV_CREATE, "DM_DEV_CREATE");
    prepare(argv[1])->target_count = 1;
    target->length = strtoull(argv[3], NULL, 10);
    strcpy(target->target_type, "linear");
    snprintf(parameters, 256, "%s 0", argv[2]);
    call(control, DM_TABLE_LOAD, "DM_TABLE_LOAD");
    prepare(argv[1]);
    call(control, DM_DEV_SUSPEND, "DM_DEV_SUSPEND"); /* without DM_SUSPEND_FLAG: resumes */
    printf("/dev/dm-%u\n", minor(request.head.dev));
    return 0;
}
