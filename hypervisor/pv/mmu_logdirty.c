/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log-dirty mode of a PV domain: which of its pages have been written to since it was asked last, for those who copy a
 * running guest. Each frame has a bit for it (FRAME_DIRTY). The guest's own writes are seen by pv/mmu_shadow.c; the
 * hypervisor's are noted where they are made (frame_note_write); a page that somebody has mapped writable all along,
 * granted or for the hypervisor's own use, counts as written each time. A page that another domain has mapped by right of control
 * is noted when the mapping goes.
 *
 * All of it happens while the domain is paused and can be preempted; it goes on where it was. Called by
 * control/domctl_shadow.c under its lock, and when the domain dies.
 */
#include "pv/mmu_logdirty.h"

#include "domain/grant_table.h"
#include "domain/event_channel.h"
#include "domain/pirq.h"
#include "mm/guest_access.h"
#include "pv/mmu_private.h"
#include "pv/mmu_shadow.h"
#include "sched/softirq.h"

#define FRAMES_BETWEEN_CHECKS 64
#define WINDOW_BYTES 64

enum { LOG_NONE, LOG_ENABLE, LOG_PEEK, LOG_CLEAN };

/* A piece of the caller's bitmap, so that neighbours cost one access. */
struct window {
    const struct log_request *r;
    u64 start; /* byte of the bitmap */
    u8 bytes[WINDOW_BYTES];
    bool used;
};

static u64 bitmap_bytes(const struct log_request *r)
{
    return r->pages / 8 + !!(r->pages % 8);
}

static u64 window_size(const struct window *w)
{
    return MIN(bitmap_bytes(w->r) - w->start, (u64)WINDOW_BYTES);
}

static int window_write(struct window *w)
{
    if (!w->used)
        return 0;
    w->used = false;
    return guest_write(w->r->bitmap + w->start, w->bytes, window_size(w));
}

static int window_set(struct window *w, u64 pfn)
{
    u64 start = pfn / 8 & ~(u64)(WINDOW_BYTES - 1);

    if (!w->r->bitmap)
        return 0;
    if (!w->used || start != w->start) {
        if (window_write(w))
            return -EFAULT;
        w->start = start;
        if (guest_read(w->bytes, w->r->bitmap + start, window_size(w)))
            return -EFAULT;
        w->used = true;
    }
    w->bytes[pfn / 8 - start] |= 1u << pfn % 8;
    return 0;
}

/* What is written to without a trace. */
static void mark_standing(struct domain *d)
{
    struct vcpu *v;

    grant_mark_dirty(d);
    event_fifo_mark_dirty(d);
    pirq_mark_dirty(d);
    for_each_vcpu(d, v)
        if (!mfn_eq(v->info_mfn, INVALID_MFN))
            frame_mark_dirty(mfn_to_frame(v->info_mfn));
}

/* @return 0, -EFAULT */
static int take_frame(struct domain *d, struct frame *f, struct window *w)
{
    struct log_progress *p = &d->pv->log;
    u64 pfn;

    if (READ_ONCE(f->owner) != d->id || !(READ_ONCE(f->refs) & FRAME_DIRTY))
        return 0;
    pfn = m2p_get(frame_to_mfn(f));
    if (p->op == LOG_ENABLE || (p->op == LOG_CLEAN && pfn < w->r->pages))
        atomic_and(&f->refs, ~(u32)FRAME_DIRTY);
    p->dirty++;
    work_done(1);
    return pfn < w->r->pages ? window_set(w, pfn) : 0;
}

/* Looks at all frames. 0, -EFAULT, -ERESTART */
static int take_frames(struct domain *d, const struct log_request *r)
{
    struct log_progress *p = &d->pv->log;
    struct window w = { .r = r };
    u64 last = READ_ONCE(d->max_mfn);
    int rc = 0;

    p->next = MAX(p->next, READ_ONCE(d->min_mfn));
    while (p->next <= last && !rc) {
        mfn_t mfn = MFN(p->next++);

        if (mfn_valid(mfn))
            rc = take_frame(d, mfn_to_frame(mfn), &w);
        if (!rc && p->next % FRAMES_BETWEEN_CHECKS == 0 && preempt_needed())
            rc = -ERESTART;
    }
    return window_write(&w) ? -EFAULT : rc;
}

static int clear_bitmap(struct domain *d, const struct log_request *r)
{
    struct log_progress *p = &d->pv->log;

    while (r->bitmap && p->zeroed < bitmap_bytes(r)) {
        u64 n = MIN(bitmap_bytes(r) - p->zeroed, (u64)PAGE_SIZE);

        if (guest_clear(r->bitmap + p->zeroed, n))
            return -EFAULT;
        p->zeroed += n;
        if (preempt_after(3 * WORK_STEP))
            return -ERESTART;
    }
    return 0;
}

/* Pauses the domain, or goes on with what was preempted. */
static int begin(struct domain *d, u8 op)
{
    struct log_progress *p = &d->pv->log;

    if (p->op)
        return p->op == op ? 0 : -EBUSY;
    domain_pause(d);
    *p = (struct log_progress){ .op = op };
    if (op != LOG_ENABLE)
        mark_standing(d);
    return 0;
}

static void end(struct domain *d)
{
    d->pv->log = (struct log_progress){ .op = LOG_NONE };
    domain_unpause(d);
}

int pv_log_dirty_enable(struct domain *d)
{
    static const struct log_request none;
    int rc;

    if (d->pv->log_dirty && d->pv->log.op != LOG_ENABLE)
        return -EINVAL;
    if (!d->pv->log_dirty) {
        if (d->pv->log.op)
            return -EBUSY;
        rc = pv_shadow_start();
        if (rc)
            return rc;
    }
    rc = begin(d, LOG_ENABLE);
    d->pv->log_dirty = true;
    d->pv->log_faults = 0;
    rc = take_frames(d, &none);
    if (rc != -ERESTART)
        end(d);
    return rc;
}

int pv_log_dirty_read(struct domain *d, struct log_request *r)
{
    int rc = begin(d, r->clean ? LOG_CLEAN : LOG_PEEK);

    if (rc)
        return rc;
    rc = clear_bitmap(d, r);
    if (!rc)
        rc = take_frames(d, r);
    if (rc == -ERESTART)
        return rc;
    r->dirty = d->pv->log.dirty;
    r->faults = d->pv->log_faults;
    if (r->clean)
        d->pv->log_faults = 0;
    end(d);
    return rc;
}

/* What was preempted is given up with it. */
void pv_log_dirty_disable(struct domain *d)
{
    if (!d->pv->log_dirty && !d->pv->log.op)
        return;
    domain_pause(d);
    if (d->pv->log_dirty) {
        d->pv->log_dirty = false;
        pv_shadow_stop();
    }
    if (d->pv->log.op)
        end(d);
    domain_unpause(d);
}
