/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XENMEM_exchange: a domain gives frames and gets others in their place, usually
 * contiguous or below an address that a device can reach. One chunk (the
 * larger of both extent sizes) at a time is complete or has not happened;
 * preemptible between chunks. Locks: those of the account and the allocator.
 */
#include "control/memory_ops.h"
#include "domain/continuation.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "sched/softirq.h"

#define CHUNK_MAX_ORDER 12 /* frames that are listed meanwhile */
#define FRAME_WORK 16      /* of exchanging one, which includes clearing the new one */

struct exchange {
    struct domain *d;
    struct xen_memory_exchange x;
    unsigned order;     /* of a chunk: the larger of both */
    unsigned bits;
    mfn_t *in, *out;    /* frames of one chunk; blocks of out.extent_order */
};

int memory_exchange_check(const struct memory_call *c)
{
    const struct xen_memory_exchange *x = &c->u.exchange;
    unsigned larger = MAX(x->in.extent_order, x->out.extent_order);
    u64 in, out;

    if (larger > memory_max_order(current_domain()) || larger > CHUNK_MAX_ORDER)
        return -EPERM;
    if (x->nr_exchanged > x->in.nr_extents)
        return -EINVAL;
    if (x->in.nr_extents > UINT32_MAX || x->out.nr_extents > UINT32_MAX)
        return -EINVAL;
    in = (u64)x->in.nr_extents << x->in.extent_order;
    out = (u64)x->out.nr_extents << x->out.extent_order;
    if (in != out || (in & (BIT(larger) - 1)) || x->in.domid != x->out.domid)
        return -EINVAL;
    if ((x->nr_exchanged << x->in.extent_order) & (BIT(larger) - 1))
        return -EINVAL;
    return memory_address_bits(x->out.mem_flags) < 0 ? -ENOMEM : 0;
}

/* A block in place of stolen ones; those that it does not take any more, since it is dying, are free. */
static int give(struct exchange *e, mfn_t mfn, unsigned order)
{
    if (!domain_return_frames(e->d, mfn, order))
        return 0;
    buddy_free(mfn, order);
    domain_forget_frames(e->d, BIT(order));
    return -EINVAL;
}

/* Frames back to the domain that were taken from it: with another type perhaps, so nothing stale may be left of them. */
static void give_back(struct exchange *e, u64 count)
{
    if (count)
        domain_flush_stolen();
    while (count--)
        give(e, e->in[count], 0);
}

/* Takes the chunk's frames from @first (index of the frame in the whole exchange) on. */
static int take_in(struct exchange *e, u64 first)
{
    u64 per_extent = BIT(e->x.in.extent_order), n = 0;

    for (; n < BIT(e->order); n++) {
        xen_pfn_t mfn;
        u64 at = first + n;
        int rc = copy_from_guest_at(&mfn, e->x.in.extent_start, at / per_extent);

        if (!rc) {
            e->in[n] = MFN(mfn + at % per_extent);
            rc = domain_steal_frame(e->d, e->in[n]);
        }
        if (rc) {
            give_back(e, n);
            return rc == -EFAULT ? rc : -EINVAL;
        }
    }
    return 0;
}

static void free_out(struct exchange *e, u64 blocks)
{
    while (blocks--)
        buddy_free(e->out[blocks], e->x.out.extent_order);
}

static int allocate_out(struct exchange *e)
{
    u64 blocks = BIT(e->order - e->x.out.extent_order);

    for (u64 i = 0; i < blocks; i++) {
        e->out[i] = buddy_alloc(e->x.out.extent_order, e->bits, BUDDY_ANY);
        if (mfn_eq(e->out[i], INVALID_MFN)) {
            free_out(e, i);
            return -ENOMEM;
        }
    }
    return 0;
}

/* The new frames become the domain's, at the pfns that it named. */
static int hand_out(struct exchange *e, u64 first)
{
    u64 per_extent = BIT(e->x.out.extent_order), blocks = BIT(e->order) / per_extent;
    int rc = 0;

    for (u64 i = 0; i < blocks; i++) {
        u64 index = first / per_extent + i;
        xen_pfn_t pfn;

        if (give(e, e->out[i], e->x.out.extent_order)) {
            rc = -EINVAL;
            continue;
        }
        if (copy_from_guest_at(&pfn, e->x.out.extent_start, index)) {
            rc = -EFAULT;
            continue;
        }
        for (u64 k = 0; k < per_extent; k++)
            m2p_set(mfn_add(e->out[i], k), pfn + k);
        if (copy_to_guest_at(e->x.out.extent_start, index, &e->out[i].n))
            rc = -EFAULT;
    }
    return rc;
}

static int exchange_chunk(struct exchange *e, u64 first)
{
    int rc = take_in(e, first);

    if (rc)
        return rc;
    rc = allocate_out(e);
    if (rc) {
        give_back(e, BIT(e->order));
        return rc;
    }
    for (u64 i = 0; i < BIT(e->order); i++) {
        m2p_set(e->in[i], INVALID_M2P_ENTRY);
        buddy_free(e->in[i], 0);
    }
    return hand_out(e, first);
}

static int note_progress(const struct exchange *e, vaddr_t arg, u64 frames)
{
    xen_ulong_t done = frames >> e->x.in.extent_order;

    return guest_write(arg + offsetof(struct xen_memory_exchange, nr_exchanged), &done, sizeof(done));
}

static long run(struct exchange *e, vaddr_t arg)
{
    u64 total = (u64)e->x.in.nr_extents << e->x.in.extent_order;
    u64 start = (u64)e->x.nr_exchanged << e->x.in.extent_order, at;
    bool heavy = FRAME_WORK << e->order > WORK_BUDGET; /* not behind other work of a multicall */
    long rc = 0;

    for (at = start; at < total && !rc; at += BIT(e->order)) {
        if ((at > start && preempt_needed()) || (heavy && !work_untouched())) {
            if (note_progress(e, arg, at))
                return -EFAULT;
            return hypercall_continue(__HYPERVISOR_memory_op, XENMEM_exchange, arg, 0, 0, 0);
        }
        rc = exchange_chunk(e, at);
        work_done(FRAME_WORK << e->order);
        if (rc)
            break;
    }
    if (note_progress(e, arg, at))
        return -EFAULT;
    return rc;
}

long memory_exchange(struct memory_call *c)
{
    struct exchange e = { .d = c->d, .x = c->u.exchange };
    long rc;

    e.order = MAX(e.x.in.extent_order, e.x.out.extent_order);
    e.bits = (unsigned)memory_address_bits(e.x.out.mem_flags);
    e.in = heap_array(BIT(e.order), sizeof(mfn_t));
    e.out = heap_array(BIT(e.order - e.x.out.extent_order), sizeof(mfn_t));
    rc = e.in && e.out ? run(&e, c->arg) : -ENOMEM;
    heap_free(e.out);
    heap_free(e.in);
    return rc;
}
