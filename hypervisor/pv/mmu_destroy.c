/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a dying PV domain: roots, pins, half-validated page tables, and
 * at last the domain's own reference on each of its frames. What other domains
 * still map stays until they are done with it. All steps can be preempted and go
 * on where they were. Called by domain_kill() while none of its vCPUs runs. Locks: mmu_lock.
 */
#include "pv/mmu_logdirty.h"
#include "pv/mmu_private.h"
#include "sched/softirq.h"

#define FRAMES_BETWEEN_CHECKS 64
#define FRAME_WORK 4 /* of giving one up */

enum stage { STAGE_ROOTS, STAGE_TABLES, STAGE_FRAMES, STAGE_DONE };

static int drop_roots(struct domain *d)
{
    struct vcpu *v;
    int rc;

    for_each_vcpu(d, v) {
        rc = d->kind->reset_vcpu(v);
        if (rc)
            return rc;
    }
    return 0;
}

/*
 * Frees @f of a pin and of unfinished validation. After all frames have been through this no page table is
 * left: no table refers to one of its own or a higher level, so there are no circles.
 */
static int drop_table(struct domain *d, struct frame *f)
{
    int rc = 0;

    if (!(READ_ONCE(f->type) & (TYPE_PINNED | TYPE_PARTIAL)))
        return 0;
    spin_lock(&d->pv->mmu_lock);
    if (frame_unpin(f)) {
        frame_put_type_preemptible(f); /* the rest becomes stale */
        frame_put(f);
    } else {
        rc = mmu_unvalidate_partial(d, f);
    }
    if (!rc)
        rc = mmu_finish_stale(d);
    mmu_unlock(d);
    return rc;
}

static int drop_frame(struct domain *d, struct frame *f)
{
    if (!(READ_ONCE(f->refs) & FRAME_XENHEAP)) /* those are domain/'s */
        domain_drop_frame(d, frame_to_mfn(f));
    return 0;
}

/* With a reference, so that it stays the domain's meanwhile: Domain 0 may give it back at the same time. */
static int with_frame(struct domain *d, struct frame *f, int (*fn)(struct domain *d, struct frame *f))
{
    int rc = 0;

    if (READ_ONCE(f->owner) != d->id || !frame_get_more(f))
        return 0;
    work_done(FRAME_WORK);
    if (READ_ONCE(f->owner) == d->id)
        rc = fn(d, f);
    frame_put(f);
    return rc;
}

/* Calls @fn for each frame of @d from d->pv->relinquish_mfn on. 0: through, -ERESTART */
static int for_each_frame(struct domain *d, int (*fn)(struct domain *d, struct frame *f))
{
    u64 last = READ_ONCE(d->max_mfn), *next = &d->pv->relinquish_mfn;

    *next = MAX(*next, READ_ONCE(d->min_mfn));
    for (u64 n = 1; *next <= last; n++) {
        mfn_t mfn = MFN(*next);

        if (mfn_valid(mfn) && with_frame(d, mfn_to_frame(mfn), fn))
            return -ERESTART; /* the same frame again */
        ++*next;
        if (n % FRAMES_BETWEEN_CHECKS == 0 && preempt_needed())
            return -ERESTART;
    }
    *next = 0;
    return 0;
}

static int do_stage(struct domain *d)
{
    int rc;

    switch ((enum stage)d->pv->relinquish_stage) {
    case STAGE_ROOTS:
        return drop_roots(d);
    case STAGE_TABLES:
        spin_lock(&d->pv->mmu_lock); /* also waits for those who did not see d->dying yet */
        rc = mmu_finish_stale(d);
        mmu_unlock(d);
        return rc ? rc : for_each_frame(d, drop_table);
    case STAGE_FRAMES:
        return for_each_frame(d, drop_frame);
    case STAGE_DONE:
        break;
    }
    return 0;
}

int pv_relinquish_memory(struct domain *d)
{
    int rc;

    pv_log_dirty_disable(d);
    while (d->pv->relinquish_stage != STAGE_DONE) {
        rc = do_stage(d);
        if (rc)
            return rc;
        d->pv->relinquish_stage++;
    }
    return 0;
}
