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

/* Nobody may map what is his own this way. */
int memory_resource_check(const struct memory_call *c)
{
    if (c->u.resource.pad)
        return -EINVAL;
    return c->u.resource.domid == DOMID_SELF || c->u.resource.domid == current_domain()->id ? -EPERM : 0;
}

long memory_acquire_resource(struct memory_call *c)
{
    struct xen_mem_acquire_resource *r = &c->u.resource;
    unsigned max = resource_frames(c->d, r);

    if (!max)
        return -EINVAL;
    if (handle_is_null(r->frame_list)) {
        if (r->nr_frames || r->frame)
            return -EINVAL;
        r->nr_frames = max;
        return write_guest_struct(c->arg, r);
    }
    if (c->start > r->nr_frames || r->frame > max || r->nr_frames > max - r->frame)
        return -EINVAL;
    return acquire(c->d, r, c->start, c->arg);
}
