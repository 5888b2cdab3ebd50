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

/* Work of one frame, in the units of sched/softirq.h: clearing a new one, giving one up. */
#define NEW_FRAME_WORK 8
#define OLD_FRAME_WORK 4

enum outcome { DONE, FAILED, LATER };

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

/* A pin goes with the frame. @return false: there is other work first */
static bool unpin(struct domain *d, mfn_t mfn)
{
    return !mfn_valid(mfn) || !(READ_ONCE(mfn_to_frame(mfn)->type) & TYPE_PINNED) || pv_unpin_table(d, mfn) != -ERESTART;
}

/* Gives one frame back; it is freed when nothing refers to it any more. */
static bool drop(struct domain *d, mfn_t mfn)
{
    struct frame *f;
    bool ok;

    if (!mfn_valid(mfn) || !frame_get(mfn_to_frame(mfn), d->id))
        return false;
    f = mfn_to_frame(mfn);
    ok = domain_drop_frame(d, mfn);
    frame_put(f);
    return ok;
}

/* What can be put off comes before the first frame goes. */
static enum outcome decrease(const struct job *j, u64 i)
{
    xen_pfn_t mfn;

    if (guest_read(&mfn, extent(j, i), sizeof(mfn)))
        return FAILED;
    for (u64 k = 0; k < BIT(j->order); k++)
        if (!unpin(j->d, MFN(mfn + k)))
            return LATER;
    work_done(OLD_FRAME_WORK << j->order);
    for (u64 k = 0; k < BIT(j->order); k++)
        if (!drop(j->d, MFN(mfn + k)))
            return FAILED;
    return DONE;
}

static enum outcome one(const struct job *j, u64 i)
{
    bool ok;

    if (j->op == XENMEM_decrease_reservation)
        return decrease(j, i);
    work_done(NEW_FRAME_WORK << j->order);
    ok = j->op == XENMEM_increase_reservation ? increase(j, i) : populate(j, i);
    return ok ? DONE : FAILED;
}

/* @return number of extents done; *@preempted: stopped for other work */
static u64 run(const struct job *j, u64 start, u64 count, bool *preempted)
{
    u64 i;

    *preempted = false;
    for (i = start; i < count; i++) {
        enum outcome outcome = i > start && preempt_needed() ? LATER : one(j, i);

        *preempted = outcome == LATER;
        if (outcome != DONE)
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
