/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XENMEM_acquire_resource: frames of the hypervisor's that belong to a guest, for
 * the toolstack to map: its grant table. Preemptible between batches.
 */
#include "control/memory_ops.h"
#include "domain/continuation.h"
#include "domain/grant_table.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "sched/softirq.h"

#define BATCH 32

static unsigned resource_frames(const struct domain *d, const struct xen_mem_acquire_resource *r)
{
    if (r->type != XENMEM_resource_grant_table || r->id != XENMEM_resource_grant_table_id_shared)
        return 0;
    return grant_max_frames(d);
}

static long acquire(struct domain *d, const struct xen_mem_acquire_resource *r, u64 start, vaddr_t arg)
{
    mfn_t mfns[BATCH];
    u64 done = start;

    while (done < r->nr_frames) {
        unsigned n = (unsigned)MIN(r->nr_frames - done, (u64)BATCH);
        int rc;

        if (done > start && preempt_needed())
            return hypercall_continue(__HYPERVISOR_memory_op, memop_at(XENMEM_acquire_resource, done), arg, 0, 0, 0);
        rc = grant_acquire_resource(d, r->id, (unsigned)(r->frame + done), n, mfns);
        if (rc)
            return rc;
        if (guest_write(guest_element((vaddr_t)r->frame_list.p, done, sizeof(xen_pfn_t)), mfns, n * sizeof(mfns[0])))
            return -EFAULT;
        done += n;
    }
    return 0;
}

static long resource_op(struct domain *d, struct xen_mem_acquire_resource *r, u64 start, vaddr_t arg)
{
    unsigned max = resource_frames(d, r);

    if (!domain_controls(d))
        return -EPERM;
    if (!max)
        return -EINVAL;
    if (handle_is_null(r->frame_list)) {
        if (r->nr_frames || r->frame)
            return -EINVAL;
        r->nr_frames = max;
        return write_guest_struct(arg, r);
    }
    if (start > r->nr_frames || r->frame > max || r->nr_frames > max - r->frame)
        return -EINVAL;
    return acquire(d, r, start, arg);
}

long memory_acquire_resource(u64 start, vaddr_t arg)
{
    struct xen_mem_acquire_resource r;
    struct domain *d;
    long rc;

    if (read_guest_struct(&r, arg))
        return -EFAULT;
    if (r.pad)
        return -EINVAL;
    if (r.domid == DOMID_SELF || r.domid == current_domain()->id)
        return -EPERM;
    d = domain_find(r.domid);
    if (!d)
        return -ESRCH;
    rc = resource_op(d, &r, start, arg);
    domain_put(d);
    return rc;
}
