/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Granted pages, mapped through /dev/xen/gntdev. See gnttab.h.
 */
#include "gnttab.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/sys/gntdev.h>

#define PAGE_BYTES 4096u

int hv_gnttab_open(void)
{
    int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static void forget(int fd, uint64_t index)
{
    struct ioctl_gntdev_unmap_grant_ref unmap = { .index = index, .count = 1 };

    ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
}

int hv_gnttab_map(int fd, unsigned int domid, uint32_t ref, void **page)
{
    struct ioctl_gntdev_map_grant_ref map = { .count = 1,
                                              .refs = { { .domid = domid, .ref = ref } } };
    void *p;
    int err;

    if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0) {
        return -errno;
    }
    p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)map.index);
    if (p == MAP_FAILED) {
        err = errno;
        forget(fd, map.index);
        return -err;
    }
    *page = p;
    return 0;
}

int hv_gnttab_unmap(int fd, void *page)
{
    struct ioctl_gntdev_get_offset_for_vaddr get = { .vaddr = (uintptr_t)page };

    if (ioctl(fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &get) < 0) {
        return -errno;
    }
    if (munmap(page, PAGE_BYTES) < 0) {
        return -errno;
    }
    forget(fd, get.offset);
    return 0;
}
