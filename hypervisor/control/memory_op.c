/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op (xen/memory.h): the table of commands and the short ones. Allocation
 * is in memory_reservation.c, exchange in memory_exchange.c, memory maps in
 * memory_map.c, resources in memory_resource.c. What belongs to features that
 * are left out (sharing, paging, populate on demand, virtual NUMA) answers like
 * a Xen without them. Locks: those of the functions called.
 */
#include "control/hypercall.h"
#include "control/memory_ops.h"
#include "domain/privilege.h"
#include "errno.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "mm/paging.h"

#include <xen/arch-x86/xen.h>

/* As real Xen a gap repeats the piece before it, so that who maps all of them need not know of gaps. */
static long machphys_list(struct memory_call *c)
{
    struct xen_machphys_mfn_list *l = &c->u.mfn_list;
    xen_pfn_t mfn = 0;
    unsigned i;

    for (i = 0; i != l->max_extents && i < M2P_EXTENTS; i++) {
        mfn_t extent = paging_m2p_extent(i);

        if (!mfn_eq(extent, INVALID_MFN))
            mfn = extent.n;
        if (copy_to_guest_at(l->extent_start, i, &mfn))
            return -EFAULT;
    }
    l->nr_extents = i;
    return write_guest_struct(c->arg, l);
}

static long machphys_mapping(struct memory_call *c)
{
    struct xen_machphys_mapping m = {
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn = MACH2PHYS_NR_ENTRIES - 1,
    };

    return write_guest_struct(c->arg, &m);
}

static int claim_check(const struct memory_call *c)
{
    const struct xen_memory_reservation *r = &c->u.reservation;

    return !handle_is_null(r->extent_start) || r->extent_order || r->mem_flags ? -EINVAL : 0;
}

static long remove_from_physmap(struct memory_call *c)
{
    mfn_t mfn = MFN(c->u.remove.gpfn);

    if (!mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), c->d->id))
        return -ENOENT;
    frame_put(mfn_to_frame(mfn));
    return 0;
}

/* No device has memory reserved for it without an IOMMU. */
static long reserved_device_memory(struct memory_call *c)
{
    struct xen_reserved_device_memory_map *m = &c->u.rdm;

    if (!guest_address_ok((vaddr_t)m->buffer.p))
        return -EFAULT;
    if (m->flags & ~(u32)XENMEM_RDM_ALL)
        return -EINVAL;
    m->nr_entries = 0;
    return write_guest_struct(c->arg, m);
}

static int vnuma_check(const struct memory_call *c)
{
    return c->u.vnuma.pad ? -EINVAL : 0;
}

/* PV guests tell the number of pfns, not the last one. */
static long maximum_gpfn(struct memory_call *c)
{
    long pfns = (long)READ_ONCE(c->d->shared_info->arch.max_pfn);

    return pfns > 0 ? pfns - 1 : 0;
}

#define OP(name, result)                         \
    static long name(struct memory_call *c)      \
    {                                            \
        return (long)(result);                   \
    }

OP(claim_pages, domain_set_claim(c->d, c->u.reservation.nr_extents))
OP(current_reservation, c->d->tot_pages)
OP(maximum_reservation, c->d->max_pages)
OP(maximum_ram_page, max_frame)
OP(no_physmap, -EACCES) /* of a PV guest: nothing can be added to it */
OP(no_pod, -EINVAL)     /* populate on demand: never for PV */
OP(none_shared, 0)
OP(not_offered, -EOPNOTSUPP)

struct memory_op {
    long (*fn)(struct memory_call *c);
    u8 who;                                     /* enum privilege */
    u8 size;                                    /* of the arguments that are copied in, 0: none */
    u8 domid;                                   /* where in them the domain's id is, and one; 0: the command is about none */
    bool extents;                               /* may begin at any */
    bool counts;                                /* an error is the number of extents done so far, as real Xen answers */
    int (*check)(const struct memory_call *c);  /* of the arguments alone */
    int missing;                                /* error when there is no such domain, 0: -ESRCH */
};

#define ARGS(member) .size = sizeof(((struct memory_call *)0)->u.member)
#define ABOUT(member, field) \
    ARGS(member), .domid = offsetof(struct memory_call, u.member.field) - offsetof(struct memory_call, u) + 1
#define RESERVATION \
    { memory_reservation, PRIV_SELF, ABOUT(reservation, domid), .extents = true, .counts = true, \
      .check = memory_reservation_check }
#define QUERY(fn) { fn, PRIV_SELF, ARGS(domid), .domid = 1 }

/* Who may, as Xen 4.17 has it; nothing said is PRIV_CONTROL, Domain 0 alone. No row: -ENOSYS. */
static const struct memory_op ops[] = {
    [XENMEM_increase_reservation] = RESERVATION,
    [XENMEM_decrease_reservation] = RESERVATION,
    [XENMEM_populate_physmap] = RESERVATION,
    [XENMEM_exchange] = { memory_exchange, PRIV_SELF, ABOUT(exchange, in.domid), .check = memory_exchange_check },
    [XENMEM_claim_pages] = { claim_pages, PRIV_CONTROL, ABOUT(reservation, domid), .check = claim_check, .missing = -EINVAL },
    [XENMEM_current_reservation] = QUERY(current_reservation),
    [XENMEM_maximum_reservation] = QUERY(maximum_reservation),
    [XENMEM_maximum_gpfn] = QUERY(maximum_gpfn),
    [XENMEM_maximum_ram_page] = { maximum_ram_page, PRIV_ANYONE },
    [XENMEM_machphys_mapping] = { machphys_mapping, PRIV_ANYONE },
    [XENMEM_machphys_mfn_list] = { machphys_list, PRIV_ANYONE, ARGS(mfn_list) },
    [XENMEM_machphys_compat_mfn_list] = { not_offered, PRIV_ANYONE }, /* as Xen with pv=no-32 */
    [XENMEM_memory_map] = { memory_map_get, PRIV_ANYONE, ARGS(map) }, /* the caller's own */
    [XENMEM_set_memory_map] = { memory_map_set, PRIV_SELF, ABOUT(foreign_map, domid), .check = memory_map_check },
    [XENMEM_machine_memory_map] = { memory_map_machine, PRIV_CONTROL },
    [XENMEM_add_to_physmap] = { no_physmap, PRIV_SELF, ABOUT(add, domid) },
    [XENMEM_add_to_physmap_batch] = { no_physmap, PRIV_SELF, ABOUT(add_batch, domid) },
    [XENMEM_remove_from_physmap] = { remove_from_physmap, PRIV_SELF, ABOUT(remove, domid) },
    [XENMEM_acquire_resource] = { memory_acquire_resource, PRIV_DEVICE_MODEL, ABOUT(resource, domid), .extents = true,
                                  .check = memory_resource_check },
    [XENMEM_reserved_device_memory_map] = { reserved_device_memory, PRIV_ANYONE, ARGS(rdm) },
    [XENMEM_set_pod_target] = { no_pod, PRIV_CONTROL, ABOUT(pod_target, domid) },
    [XENMEM_get_pod_target] = { no_pod, PRIV_CONTROL, ABOUT(pod_target, domid) },
    [XENMEM_get_vnumainfo] = { not_offered, PRIV_SELF, ABOUT(vnuma, domid), .check = vnuma_check },
    [XENMEM_get_sharing_freed_pages] = { none_shared, PRIV_ANYONE },
    [XENMEM_get_sharing_shared_pages] = { none_shared, PRIV_ANYONE },
};

/* Copies in, checks, finds the domain and judges the caller. 0: c->d has a reference if the row asks for one */
static int prepare(const struct memory_op *op, struct memory_call *c)
{
    domid_t id;
    int rc;

    if (op->size && guest_read(&c->u, c->arg, op->size))
        return -EFAULT;
    rc = op->check ? op->check(c) : 0;
    if (rc)
        return rc;
    if (!op->domid)
        return domain_may((enum privilege)op->who, NULL) ? 0 : -EPERM;
    memcpy(&id, (const u8 *)&c->u + op->domid - 1, sizeof(id));
    rc = domain_find_for(id, (enum privilege)op->who, &c->d);
    return rc == -ESRCH && op->missing ? op->missing : rc;
}

/* @cmd: XENMEM_* with a start extent in the upper bits. @return by operation; -ENOSYS: unknown */
long do_memory_op(u64 cmd, vaddr_t arg)
{
    struct memory_call c = { .op = cmd & MEMOP_CMD_MASK, .start = cmd >> MEMOP_EXTENT_SHIFT, .arg = arg };
    const struct memory_op *op = c.op < ARRAY_SIZE(ops) ? &ops[c.op] : NULL;
    long rc;

    if (!op || !op->fn)
        return c.start ? -EINVAL : -ENOSYS;
    if (c.start && !op->extents)
        return -EINVAL;
    rc = prepare(op, &c);
    if (rc)
        return op->counts ? (long)c.start : rc;
    rc = op->fn(&c);
    if (c.d)
        domain_put(c.d);
    return rc;
}
