/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory from Domain 0: claims, population, foreign mappings, page-table pins, the grant
 * table's frames, and the event channels that belong to a guest being built. Called by libbuild
 * and xl. Large arrays are passed to the hypervisor in place; they come from hv_buf_get.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "hv.h"
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/sys/privcmd.h>

#define E820_RAM 1

/* One entry of the memory map that XENMEM_set_memory_map takes (the BIOS E820 layout). */
struct e820_range {
    uint64_t addr;
    uint64_t size;
    uint32_t type;
} __attribute__((packed));

int hv_claim_pages(struct hv *hv, uint32_t domid, uint64_t pages)
{
    struct xen_memory_reservation res = { .nr_extents = pages, .domid = (domid_t)domid };

    return (int)hv_memory_op(hv, XENMEM_claim_pages, &res, sizeof(res));
}

long hv_populate(struct hv *hv, uint32_t domid, xen_pfn_t *extents, unsigned long count,
                 unsigned int order)
{
    struct xen_memory_reservation res = {
        .nr_extents = count, .extent_order = order, .domid = (domid_t)domid,
    };

    set_xen_guest_handle(res.extent_start, extents);
    return hv_memory_op(hv, XENMEM_populate_physmap, &res, sizeof(res));
}

int hv_set_memory_map(struct hv *hv, uint32_t domid, uint64_t bytes)
{
    struct xen_foreign_memory_map map = { .domid = (domid_t)domid };
    struct e820_range *range = hv_buf_get(hv, sizeof(*range));
    long rc;

    if (!range)
        return -ENOMEM;
    *range = (struct e820_range){ .addr = 0, .size = bytes, .type = E820_RAM };
    map.map.nr_entries = 1;
    set_xen_guest_handle(map.map.buffer, range);
    rc = hv_memory_op(hv, XENMEM_set_memory_map, &map, sizeof(map));
    hv_buf_put(hv, range, sizeof(*range));
    return (int)rc;
}

int hv_map_foreign_some(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count,
                        int prot, int *err, void **addr)
{
    privcmd_mmapbatch_v2_t batch = {
        .num = (unsigned int)count, .dom = (domid_t)domid, .arr = frames, .err = err,
    };
    void *p = mmap(NULL, count << HV_PAGE_SHIFT, prot, MAP_SHARED, hv->privcmd, 0);
    int rc;

    if (p == MAP_FAILED)
        return -errno;
    batch.addr = (uintptr_t)p;
    if (ioctl(hv->privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0 && errno != ENOENT) {
        rc = -errno;
        munmap(p, count << HV_PAGE_SHIFT);
        return rc;
    }
    *addr = p;
    return 0;
}

int hv_map_foreign(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count, int prot,
                   void **addr)
{
    size_t bytes = count * sizeof(int);
    int *err = hv_buf_get(hv, bytes);
    int rc;

    if (!err)
        return -ENOMEM;
    rc = hv_map_foreign_some(hv, domid, frames, count, prot, err, addr);
    for (size_t i = 0; !rc && i < count; i++) {
        if (err[i]) {
            rc = err[i];
            hv_unmap(*addr, count);
        }
    }
    hv_buf_put(hv, err, bytes);
    return rc;
}

void hv_unmap(void *addr, size_t count)
{
    if (addr)
        munmap(addr, count << HV_PAGE_SHIFT);
}

/* Kernels without the mmap_resource call: ask for the frame and map it as a foreign frame. */
static int map_grant_frame_old(struct hv *hv, uint32_t domid, uint32_t first, size_t count,
                               void **addr)
{
    struct gnttab_setup_table *setup;
    size_t bytes = sizeof(*setup) + (first + count) * sizeof(xen_pfn_t);
    xen_pfn_t *frames;
    long rc;

    setup = hv_buf_get(hv, bytes);
    if (!setup)
        return -ENOMEM;
    frames = (xen_pfn_t *)(setup + 1);
    setup->dom = (domid_t)domid;
    setup->nr_frames = first + (uint32_t)count;
    set_xen_guest_handle(setup->frame_list, frames);
    rc = hv_call(hv, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, (unsigned long)setup, 1,
                 0, 0);
    if (!rc && setup->status != GNTST_okay)
        rc = -EIO;
    if (!rc)
        rc = hv_map_foreign(hv, domid, frames + first, count, PROT_READ | PROT_WRITE, addr);
    hv_buf_put(hv, setup, bytes);
    return (int)rc;
}

int hv_map_grant_table(struct hv *hv, uint32_t domid, uint32_t first, size_t count, void **addr)
{
    privcmd_mmap_resource_t res = {
        .dom = (domid_t)domid, .type = XENMEM_resource_grant_table,
        .id = XENMEM_resource_grant_table_id_shared, .idx = first, .num = count,
    };
    void *p = mmap(NULL, count << HV_PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_SHARED, hv->privcmd,
                   0);

    if (p == MAP_FAILED)
        return -errno;
    res.addr = (uintptr_t)p;
    if (ioctl(hv->privcmd, IOCTL_PRIVCMD_MMAP_RESOURCE, &res) == 0) {
        *addr = p;
        return 0;
    }
    munmap(p, count << HV_PAGE_SHIFT);
    return map_grant_frame_old(hv, domid, first, count, addr);
}

int hv_mmuext_ops(struct hv *hv, uint32_t domid, struct mmuext_op *ops, unsigned int count)
{
    return (int)hv_call(hv, __HYPERVISOR_mmuext_op, (unsigned long)ops, count, 0, domid, 0);
}

int hv_pin_table(struct hv *hv, uint32_t domid, unsigned int level, xen_pfn_t mfn)
{
    struct mmuext_op *op = hv_buf_get(hv, sizeof(*op));
    int rc;

    if (!op)
        return -ENOMEM;
    op->cmd = MMUEXT_PIN_L1_TABLE + level - 1;
    op->arg1.mfn = mfn;
    rc = hv_mmuext_ops(hv, domid, op, 1);
    hv_buf_put(hv, op, sizeof(*op));
    return rc;
}

int64_t hv_max_frame(struct hv *hv)
{
    long last = hv_call(hv, __HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, 0, 0, 0);

    return last < 0 ? last : last + 1;
}

int hv_evtchn_alloc_unbound(struct hv *hv, uint32_t domid, uint32_t remote)
{
    struct evtchn_alloc_unbound *op = hv_buf_get(hv, sizeof(*op));
    long rc;

    if (!op)
        return -ENOMEM;
    op->dom = (domid_t)domid;
    op->remote_dom = (domid_t)remote;
    rc = hv_call(hv, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (unsigned long)op, 0,
                 0, 0);
    if (!rc)
        rc = (int)op->port;
    hv_buf_put(hv, op, sizeof(*op));
    return (int)rc;
}
