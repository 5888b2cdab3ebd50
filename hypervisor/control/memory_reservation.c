/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op: frames for a domain and back (increase_reservation,
 * populate_physmap, decrease_reservation). They never fail half way: the result
 * is the number of extents that were done, as Xen has it. Preemptible between
 * extents. Locks: those of the account and the allocator.
 */
#include "control/memory_ops.h"
#include "domain/continuation.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "pv/mmu.h"
#include "sched/softirq.h"

struct job {
    struct domain *d;
    u64 op;
    vaddr_t list;    /* of extents; 0: none */
    unsigned order;
    unsigned bits;   /* address width, 0: any */
    unsigned flags;  /* BUDDY_* */
};

static vaddr_t extent(const struct job *j, u64 i)
{
    return guest_element(j->list, i, sizeof(xen_pfn_t));
}

static mfn_t allocate(const struct job *j)
{
    return domain_alloc_frames(j->d, j->order, j->bits, j->flags);
}

static bool increase(const struct job *j, u64 i)
{
    mfn_t mfn = allocate(j);

    if (mfn_eq(mfn, INVALID_MFN))
        return false;
    return !j->list || !guest_write(extent(j, i), &mfn.n, sizeof(mfn.n));
}

static bool populate(const struct job *j, u64 i)
{
    xen_pfn_t pfn;
    mfn_t mfn;

    if (guest_read(&pfn, extent(j, i), sizeof(pfn)))
        return false;
    mfn = allocate(j);
    if (mfn_eq(mfn, INVALID_MFN))
        return false;
    for (u64 k = 0; k < BIT(j->order); k++)
        m2p_set(mfn_add(mfn, k), pfn + k);
    return !guest_write(extent(j, i), &mfn.n, sizeof(mfn.n));
}

/* Gives one frame back; it is freed when nothing refers to it any more. */
static bool drop(struct domain *d, mfn_t mfn)
{
    struct frame *f;
    bool ok = true;

    if (!mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), d->id))
        return false;
    f = mfn_to_frame(mfn);
    if ((f->type & TYPE_PINNED) && pv_unpin_table(d, mfn) == -ERESTART) {
        frame_put(f);
        return false;
    }
    ok = domain_drop_frame(d, mfn);
    frame_put(f);
    return ok;
}

static bool decrease(const struct job *j, u64 i)
{
    xen_pfn_t mfn;

    if (guest_read(&mfn, extent(j, i), sizeof(mfn)))
        return false;
    for (u64 k = 0; k < BIT(j->order); k++)
        if (!drop(j->d, MFN(mfn + k)))
            return false;
    return true;
}

static bool one(const struct job *j, u64 i)
{
    switch (j->op) {
    case XENMEM_increase_reservation:
        return increase(j, i);
    case XENMEM_populate_physmap:
        return populate(j, i);
    default:
        return decrease(j, i);
    }
}

/* @return number of extents done; *@preempted: stopped for other work */
static u64 run(const struct job *j, u64 start, u64 count, bool *preempted)
{
    u64 i;

    *preempted = false;
    for (i = start; i < count; i++) {
        if (i > start && preempt_needed()) {
            *preempted = true;
            break;
        }
        if (!one(j, i))
            break;
    }
    return i;
}

int memory_reservation_check(const struct memory_call *c)
{
    const struct xen_memory_reservation *r = &c->u.reservation;

    if (r->nr_extents > UINT32_MAX >> MEMOP_EXTENT_SHIFT || c->start >= r->nr_extents)
        return -EINVAL;
    if (memory_address_bits(r->mem_flags) < 0 || r->extent_order > memory_max_order(current_domain()))
        return -EINVAL;
    return handle_is_null(r->extent_start) && c->op != XENMEM_increase_reservation ? -EINVAL : 0;
}

long memory_reservation(struct memory_call *c)
{
    const struct xen_memory_reservation *r = &c->u.reservation;
    const struct job j = {
        .op = c->op,
        .list = (vaddr_t)r->extent_start.p,
        .order = r->extent_order,
        .bits = (unsigned)memory_address_bits(r->mem_flags),
        .d = c->d,
    };
    bool preempted;
    u64 done = run(&j, c->start, r->nr_extents, &preempted);

    if (preempted)
        return hypercall_continue(__HYPERVISOR_memory_op, memop_at(c->op, done), c->arg, 0, 0, 0);
    return (long)done;
}
