/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypercall channel: opens /dev/xen/privcmd, owns the arena of resident memory and bounces
 * arguments through it. Knows the calling convention of the driver and nothing of what the calls
 * mean; the files beside this one do. No locks: a handle belongs to one thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv.h"
#include <xen/sys/privcmd.h>

#define ARENA_SIZE (16 * HV_PAGE_SIZE)

/* Memory that is resident for as long as it is mapped: a hypercall never faults on it. */
static void *resident_map(const struct hv *hv, size_t bytes)
{
    int flags = hv->bufdev >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, hv->bufdev, 0);

    return p == MAP_FAILED ? NULL : p;
}

static size_t round_page(size_t bytes)
{
    return (bytes + HV_PAGE_SIZE - 1) & ~(HV_PAGE_SIZE - 1);
}

int hv_open(struct hv *hv)
{
    int rc;

    hv->used = 0;
    hv->privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (hv->privcmd < 0 && errno == ENOENT)
        hv->privcmd = open("/proc/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (hv->privcmd < 0)
        return -errno;
    hv->bufdev = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    hv->arena = resident_map(hv, ARENA_SIZE);
    if (!hv->arena) {
        rc = -ENOMEM;
        goto fail;
    }
    return 0;

fail:
    if (hv->bufdev >= 0)
        close(hv->bufdev);
    close(hv->privcmd);
    hv->privcmd = -1;
    return rc;
}

void hv_close(struct hv *hv)
{
    if (hv->privcmd < 0)
        return;
    munmap(hv->arena, ARENA_SIZE);
    if (hv->bufdev >= 0)
        close(hv->bufdev);
    close(hv->privcmd);
    hv->privcmd = -1;
}

void *hv_buf_get(struct hv *hv, size_t bytes)
{
    size_t rounded = (bytes + 15) & ~(size_t)15;
    void *p;

    if (rounded > ARENA_SIZE - hv->used)
        return resident_map(hv, round_page(bytes));
    p = hv->arena + hv->used;
    hv->used += rounded;
    return memset(p, 0, rounded);
}

void hv_buf_put(struct hv *hv, void *buf, size_t bytes)
{
    uint8_t *p = buf;

    if (!p)
        return;
    if (p >= hv->arena && p < hv->arena + ARENA_SIZE)
        hv->used = (size_t)(p - hv->arena);
    else
        munmap(p, round_page(bytes));
}

long hv_call(struct hv *hv, unsigned long op, unsigned long a1, unsigned long a2,
             unsigned long a3, unsigned long a4, unsigned long a5)
{
    privcmd_hypercall_t call = { op, { a1, a2, a3, a4, a5 } };
    long rc = ioctl(hv->privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);

    return rc < 0 ? -(long)errno : rc;
}

/* Calls OP with a copy of ARG in resident memory, as argument number POS (1 or 2). */
static long call_bounced(struct hv *hv, unsigned long op, unsigned long cmd, void *arg,
                         size_t len, int pos)
{
    void *buf = hv_buf_get(hv, len);
    long rc;

    if (!buf)
        return -ENOMEM;
    memcpy(buf, arg, len);
    if (pos == 1)
        rc = hv_call(hv, op, (unsigned long)buf, 0, 0, 0, 0);
    else
        rc = hv_call(hv, op, cmd, (unsigned long)buf, 0, 0, 0);
    memcpy(arg, buf, len);
    hv_buf_put(hv, buf, len);
    return rc;
}

int hv_domctl(struct hv *hv, struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return (int)call_bounced(hv, __HYPERVISOR_domctl, 0, op, sizeof(*op), 1);
}

int hv_sysctl(struct hv *hv, struct xen_sysctl *op)
{
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return (int)call_bounced(hv, __HYPERVISOR_sysctl, 0, op, sizeof(*op), 1);
}

long hv_memory_op(struct hv *hv, unsigned int cmd, void *arg, size_t len)
{
    return call_bounced(hv, __HYPERVISOR_memory_op, cmd, arg, len, 2);
}

long hv_version(struct hv *hv, unsigned int cmd, void *arg, size_t len)
{
    if (!len)
        return hv_call(hv, __HYPERVISOR_xen_version, cmd, 0, 0, 0, 0);
    return call_bounced(hv, __HYPERVISOR_xen_version, cmd, arg, len, 2);
}
