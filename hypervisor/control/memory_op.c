/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op (xen/memory.h): the dispatch and the short operations. Allocation
 * is in memory_reservation.c, exchange in memory_exchange.c, memory maps in
 * memory_map.c, resources in memory_resource.c. What belongs to features that
 * are left out (sharing, paging, populate on demand, virtual NUMA) answers like
 * a Xen without them. Locks: those of the functions called.
 */
#include "control/hypercall.h"
#include "control/memory_ops.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "mm/paging.h"

#include <xen/arch-x86/xen.h>

/* Queries that take a domain id. */
static long domain_query(u64 op, vaddr_t arg)
{
    struct domain *d;
    domid_t id;
    long rc;

    if (read_guest_struct(&id, arg))
        return -EFAULT;
    d = id == DOMID_SELF ? domain_get(current_domain()) : domain_find(id);
    if (!d)
        return -ESRCH;
    if (d != current_domain() && !domain_controls(d)) {
        domain_put(d);
        return -EPERM;
    }
    switch (op) {
    case XENMEM_current_reservation:
        rc = (long)d->tot_pages;
        break;
    case XENMEM_maximum_reservation:
        rc = (long)d->max_pages;
        break;
    default: /* PV guests tell the number of pfns, not the last one */
        rc = (long)READ_ONCE(d->shared_info->arch.max_pfn);
        rc = rc > 0 ? rc - 1 : 0;
    }
    domain_put(d);
    return rc;
}

static long machphys_mapping(vaddr_t arg)
{
    struct xen_machphys_mapping m = {
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn = MACH2PHYS_NR_ENTRIES - 1,
    };

    return write_guest_struct(arg, &m);
}

/* As real Xen a gap repeats the piece before it, so that who maps all of them need not know of gaps. */
static long machphys_list(vaddr_t arg)
{
    struct xen_machphys_mfn_list l;
    xen_pfn_t mfn = 0;
    unsigned i;

    if (read_guest_struct(&l, arg))
        return -EFAULT;
    for (i = 0; i != l.max_extents && i < M2P_EXTENTS; i++) {
        mfn_t extent = paging_m2p_extent(i);

        if (!mfn_eq(extent, INVALID_MFN))
            mfn = extent.n;
        if (copy_to_guest_at(l.extent_start, i, &mfn))
            return -EFAULT;
    }
    l.nr_extents = i;
    return write_guest_struct(arg, &l);
}

static long claim_pages(vaddr_t arg)
{
    struct xen_memory_reservation r;
    struct domain *d;
    long rc;

    if (read_guest_struct(&r, arg))
        return -EFAULT;
    if (!handle_is_null(r.extent_start) || r.extent_order || r.mem_flags)
        return -EINVAL;
    d = domain_find_any(r.domid);
    if (!d)
        return -EINVAL;
    rc = current_domain()->privileged ? domain_set_claim(d, r.nr_extents) : -EPERM;
    domain_put(d);
    return rc;
}

/* Nothing can be added to the physmap of a PV guest: it has none. */
static long add_to_physmap(domid_t id)
{
    struct domain *d = domain_find_any(id);

    if (!d)
        return -ESRCH;
    domain_put(d);
    return -EACCES;
}

static long remove_from_physmap(vaddr_t arg)
{
    struct xen_remove_from_physmap r;
    struct domain *d;
    long rc = -ENOENT;

    if (read_guest_struct(&r, arg))
        return -EFAULT;
    d = domain_find_any(r.domid);
    if (!d)
        return -ESRCH;
    if (mfn_valid(MFN(r.gpfn)) && frame_get(mfn_to_frame(MFN(r.gpfn)), d->id)) {
        frame_put(mfn_to_frame(MFN(r.gpfn)));
        rc = 0;
    }
    domain_put(d);
    return rc;
}

/* No device has memory reserved for it without an IOMMU. */
static long reserved_device_memory(vaddr_t arg)
{
    struct xen_reserved_device_memory_map m;

    if (read_guest_struct(&m, arg) || !guest_address_ok((vaddr_t)m.buffer.p))
        return -EFAULT;
    if (m.flags & ~(u32)XENMEM_RDM_ALL)
        return -EINVAL;
    m.nr_entries = 0;
    return write_guest_struct(arg, &m);
}

static long pod_target(vaddr_t arg)
{
    struct xen_pod_target t;
    struct domain *d;

    if (read_guest_struct(&t, arg))
        return -EFAULT;
    d = domain_find_any(t.domid);
    if (!d)
        return -ESRCH;
    domain_put(d);
    return -EINVAL; /* never for PV */
}

static long no_vnuma(vaddr_t arg)
{
    struct xen_vnuma_topology_info info;
    struct domain *d;

    if (read_guest_struct(&info, arg))
        return -EFAULT;
    if (info.pad)
        return -EINVAL;
    d = domain_find_any(info.domid);
    if (!d)
        return -ESRCH;
    domain_put(d);
    return -EOPNOTSUPP;
}

/* Operations that begin at one point only. */
static long simple_op(u64 op, vaddr_t arg)
{
    struct xen_add_to_physmap add;
    struct xen_add_to_physmap_batch batch;

    switch (op) {
    case XENMEM_maximum_ram_page:
        return (long)max_frame;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return domain_query(op, arg);
    case XENMEM_machphys_mapping:
        return machphys_mapping(arg);
    case XENMEM_machphys_mfn_list:
        return machphys_list(arg);
    case XENMEM_machphys_compat_mfn_list: /* as Xen with pv=no-32 */
        return -EOPNOTSUPP;
    case XENMEM_memory_map:
        return memory_map_get(arg);
    case XENMEM_set_memory_map:
        return memory_map_set(arg);
    case XENMEM_machine_memory_map:
        return memory_map_machine(arg);
    case XENMEM_exchange:
        return memory_exchange(arg);
    case XENMEM_claim_pages:
        return claim_pages(arg);
    case XENMEM_add_to_physmap:
        return read_guest_struct(&add, arg) ? -EFAULT : add_to_physmap(add.domid);
    case XENMEM_add_to_physmap_batch:
        return read_guest_struct(&batch, arg) ? -EFAULT : add_to_physmap(batch.domid);
    case XENMEM_remove_from_physmap:
        return remove_from_physmap(arg);
    case XENMEM_reserved_device_memory_map:
        return reserved_device_memory(arg);
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target:
        return pod_target(arg);
    case XENMEM_get_vnumainfo:
        return no_vnuma(arg);
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        return 0;
    }
    return -ENOSYS;
}

/* @cmd: XENMEM_* with a start extent in the upper bits. @return by operation; -ENOSYS: unknown */
long do_memory_op(u64 cmd, vaddr_t arg)
{
    u64 op = cmd & MEMOP_CMD_MASK, start = cmd >> MEMOP_EXTENT_SHIFT;

    switch (op) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return memory_reservation(op, start, arg);
    case XENMEM_acquire_resource:
        return memory_acquire_resource(start, arg);
    }
    return start ? -EINVAL : simple_op(op, arg);
}
