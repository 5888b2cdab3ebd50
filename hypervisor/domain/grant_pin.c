/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One grant entry in use. While it is, its record (struct grant_active) says
 * who uses it, how often and which frame it meant at first; the flags GTF_reading and
 * GTF_writing in the guest's entry tell the guest. Counts, flags and references
 * change here only, under the lock of the granting domain's table, which all
 * functions but the grant_frame_ ones expect to be held.
 */
#include "atomic.h"
#include "bug.h"
#include "domain/grant_internal.h"

#define STATUS_TRIES 5 /* a guest that keeps changing its entry has to wait */

/* The first half of an entry, changed as a whole. */
union entry_head {
    struct {
        u16 flags;
        domid_t domid;
    };
    u32 word;
};

static bool in_use(const struct grant_active *a)
{
    return a->host_readers || a->host_writers || a->dev_readers || a->dev_writers;
}

static bool has_writer(const struct grant_active *a)
{
    return a->host_writers || a->dev_writers;
}

/* Checks the guest's entry and marks it as in use, in one step. GNTST_* */
static int mark_entry(struct grant_entry_v1 *e, domid_t by, bool readonly)
{
    union entry_head old, new;

    old.word = READ_ONCE(*(u32 *)e);
    for (unsigned i = 0; i < STATUS_TRIES; i++) {
        if ((old.flags & GTF_type_mask) != GTF_permit_access || old.domid != by)
            return GNTST_general_error;
        if (!readonly && (old.flags & GTF_readonly))
            return GNTST_general_error;
        new = old;
        new.flags |= readonly ? GTF_reading : GTF_reading | GTF_writing;
        if (atomic_cmpxchg((u32 *)e, &old.word, new.word))
            return GNTST_okay;
    }
    return GNTST_general_error;
}

/* Takes back the marks for which no use is left. */
static void unmark_entry(struct grant_entry_v1 *e, const struct grant_active *a)
{
    if (!has_writer(a))
        atomic_and(&e->flags, (u16)~GTF_writing);
    if (!in_use(a))
        atomic_and(&e->flags, (u16)~GTF_reading);
}

static void count(struct grant_active *a, u32 flags, int by)
{
    bool readonly = flags & GNTMAP_readonly;

    if (flags & GNTMAP_host_map) {
        u16 *n = readonly ? &a->host_readers : &a->host_writers;

        ASSERT(by > 0 || *n > 0);
        *n = (u16)(*n + by);
    }
    if (flags & GNTMAP_device_map) {
        u16 *n = readonly ? &a->dev_readers : &a->dev_writers;

        ASSERT(by > 0 || *n > 0);
        *n = (u16)(*n + by);
    }
}

static bool full(const struct grant_active *a)
{
    return a->host_readers >= PIN_MAX || a->host_writers >= PIN_MAX || a->dev_readers >= PIN_MAX ||
           a->dev_writers >= PIN_MAX;
}

int grant_frame_get(struct domain *d, mfn_t frame, u32 flags)
{
    struct frame *f;

    if (!mfn_valid(frame))
        return GNTST_bad_page;
    f = mfn_to_frame(frame);
    if (!frame_get(f, d->id))
        return GNTST_bad_page;
    if (!(flags & GNTMAP_readonly) && frame_get_type(f, FRAME_WRITABLE)) {
        frame_put(f);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

void grant_frame_put(mfn_t frame, u32 flags)
{
    struct frame *f = mfn_to_frame(frame);

    if (flags & GNTMAP_readonly) {
        frame_put(f);
    } else {
        frame_note_write(f);
        frame_put_and_type(f);
    }
}

/* Whoever has a frame mapped writable may write to it at any time. */
void grant_mark_dirty(struct domain *d)
{
    struct grant_table *t = d->grant;

    spin_lock(&t->lock);
    for (u32 ref = 0; ref < t->frames * ENTRIES_PER_FRAME; ref++) {
        const struct grant_active *a = grant_active(t, ref);

        if (has_writer(a))
            frame_mark_dirty(mfn_to_frame(MFN(a->frame)));
    }
    spin_unlock(&t->lock);
}

int grant_pin(struct domain *rd, u32 ref, domid_t by, u32 flags, mfn_t *frame)
{
    struct grant_table *t = rd->grant;
    struct grant_active *a = grant_active(t, ref);
    bool readonly = flags & GNTMAP_readonly;
    struct grant_entry_v1 *e;
    int rc;

    if (!a)
        return GNTST_bad_gntref;
    if (rd->dying || (in_use(a) && (a->by != by || full(a))))
        return GNTST_general_error;
    e = grant_shared(t, ref);
    if (!in_use(a) || (!readonly && !has_writer(a))) {
        rc = mark_entry(e, by, readonly);
        if (rc)
            return rc;
        if (!in_use(a)) {
            smp_rmb(); /* the frame was written before the flags */
            a->frame = READ_ONCE(e->frame);
            a->by = by;
        }
    }
    *frame = MFN(a->frame);
    rc = grant_frame_get(rd, *frame, flags);
    if (rc) {
        unmark_entry(e, a);
        return rc;
    }
    count(a, flags, 1);
    return GNTST_okay;
}

void grant_unpin(struct domain *rd, u32 ref, u32 flags)
{
    struct grant_active *a = grant_active(rd->grant, ref);

    count(a, flags, -1);
    unmark_entry(grant_shared(rd->grant, ref), a);
}
