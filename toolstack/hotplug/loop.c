/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loop devices for disks that are plain files: free device, direct I/O, cleared automatically when
 * the last user closes it, so that nothing has to be undone and nothing is left after a crash.
 * Interface: linux/loop.h. Called by xl.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hotplug.h"

#define LOOP_MAJOR  7
#define MAX_TRIES   32

/* Opens /dev/loopN, making the node if the device file system did not. */
static int open_loop(int n, int flags, char *dev, size_t size)
{
    int fd;

    snprintf(dev, size, "/dev/loop%d", n);
    fd = open(dev, flags | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && mknod(dev, S_IFBLK | 0600, makedev(LOOP_MAJOR, n)) == 0)
        fd = open(dev, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/*
 * Whether the file can be read and written without the page cache. The loop driver does not find
 * out by itself for an overlay whose upper layer (tmpfs) cannot: every write would fail later.
 */
static bool direct_io_works(const char *path, int flags)
{
    int fd = open(path, flags | O_DIRECT | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int configure(int loop, int file, const char *path, bool readonly)
{
    struct loop_config config = { .fd = (uint32_t)file };

    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (direct_io_works(path, readonly ? O_RDONLY : O_RDWR))
        config.info.lo_flags |= LO_FLAGS_DIRECT_IO;
    if (readonly)
        config.info.lo_flags |= LO_FLAGS_READ_ONLY;
    snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", path);
    if (ioctl(loop, LOOP_CONFIGURE, &config) == 0)
        return 0;
    if (errno != EINVAL)
        return -errno;
    /* A file system without direct I/O. */
    config.info.lo_flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO;
    return ioctl(loop, LOOP_CONFIGURE, &config) == 0 ? 0 : -errno;
}

int loop_attach(const char *path, bool readonly, char *dev, size_t dev_size, int *fd)
{
    int flags = readonly ? O_RDONLY : O_RDWR, rc = -EBUSY;
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int file;

    if (control < 0)
        return -errno;
    file = open(path, flags | O_CLOEXEC);
    if (file < 0) {
        rc = -errno;
        close(control);
        return rc;
    }
    /* Another process may take the free device before us: try again. */
    for (int i = 0; i < MAX_TRIES && rc == -EBUSY; i++) {
        int n = ioctl(control, LOOP_CTL_GET_FREE), loop;

        if (n < 0) {
            rc = -errno;
            break;
        }
        loop = open_loop(n, flags, dev, dev_size);
        if (loop < 0) {
            rc = loop;
            continue;
        }
        rc = configure(loop, file, path, readonly);
        if (!rc)
            *fd = loop;
        else
            close(loop);
    }
    close(file);
    close(control);
    return rc;
}

int loop_available(void)
{
    return access("/dev/loop-control", R_OK | W_OK) ? -errno : 0;
}
