/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GNTTABOP_transfer: a PV domain gives a page away for good, to a domain that
 * has made an entry to receive one. Unless the error is GNTST_bad_page the page
 * has left the giver in any case (xen/grant_table.h). Lock: the receiver's table.
 */
#include "atomic.h"
#include "domain/grant_internal.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "sched/softirq.h"

#define COMMIT_TRIES 5

/* The receiver's entry waits for a page from us: from now on it may not change it. lock held */
static bool commit_entry(struct grant_table *t, u32 ref, domid_t from)
{
    u32 *head, old, want = GTF_accept_transfer | (u32)from << 16;

    if (!grant_active(t, ref))
        return false;
    head = (u32 *)grant_shared(t, ref);
    old = READ_ONCE(*head);
    for (unsigned i = 0; i < COMMIT_TRIES; i++) {
        if (old != want)
            return false;
        if (atomic_cmpxchg(head, &old, want | GTF_transfer_committed))
            return true;
    }
    return false;
}

/* The frame has no owner. GNTST_*; when okay it is @rd's */
static int give(struct domain *rd, u32 ref, mfn_t mfn)
{
    struct grant_table *t = rd->grant;
    struct grant_entry_v1 *e;
    int rc = GNTST_bad_gntref;

    spin_lock(&t->lock);
    if (!commit_entry(t, ref, current_domain()->id))
        goto out;
    e = grant_shared(t, ref);
    rc = GNTST_general_error;
    if (domain_add_frames(rd, mfn, 0))
        goto out; /* committed, never completed: as Xen leaves it when the receiver is full */
    WRITE_ONCE(e->frame, (u32)mfn.n);
    smp_wmb();
    atomic_or(&e->flags, (u16)GTF_transfer_completed);
    rc = GNTST_okay;
out:
    spin_unlock(&t->lock);
    return rc;
}

static int transfer_one(const struct gnttab_transfer *op)
{
    mfn_t mfn = MFN(op->mfn);
    struct domain *rd;
    int rc = GNTST_bad_domain;

    if (op->mfn > 0xffffffffu || domain_steal_frame(current_domain(), mfn))
        return GNTST_bad_page;
    domain_forget_frames(current_domain(), 1);
    m2p_set(mfn, INVALID_M2P_ENTRY);
    rd = domain_find(op->domid);
    if (rd) {
        domain_flush_stolen();
        rc = give(rd, op->ref, mfn);
        domain_put(rd);
    }
    if (rc)
        buddy_free(mfn, 0);
    return rc;
}

long grant_do_transfer(vaddr_t uop, u32 count)
{
    struct gnttab_transfer op;

    for (u32 i = 0; i < count; i++) {
        vaddr_t at = guest_element(uop, i, sizeof(op));

        if (i && preempt_needed())
            return i;
        if (read_guest_struct(&op, at))
            return -EFAULT;
        op.status = (int16_t)transfer_one(&op);
        if (guest_write(at + offsetof(struct gnttab_transfer, status), &op.status,
                        sizeof(op.status)))
            return -EFAULT;
    }
    return count;
}
