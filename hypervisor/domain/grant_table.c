/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of grant entries of a domain: making, growing, showing it to the
 * guest and to the toolstack, and what happens to it when the domain dies. Its use
 * is in grant_pin.c. Lock: the table's (LOCK_GRANT_TABLE); never two at once.
 */
#include "domain/grant_table.h"

#include "atomic.h"
#include "domain/grant_internal.h"
#include "errno.h"
#include "machine/console.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "sched/softirq.h"
#include <xen/memory.h>

#define DEFAULT_FRAMES   64u   /* gnttab_max_frames= of Xen */
#define DEFAULT_MAPTRACK 1024u /* gnttab_max_maptrack_frames= */
#define LIMIT_FRAMES     1024u
#define LIMIT_MAPTRACK   8192u
#define RELEASE_BATCH    64

static int check_limits(unsigned *frames, unsigned *maptrack)
{
    if (!*frames)
        *frames = DEFAULT_FRAMES;
    if (!*maptrack)
        *maptrack = DEFAULT_MAPTRACK;
    return *frames > LIMIT_FRAMES || *maptrack > LIMIT_MAPTRACK ? -EINVAL : 0;
}

static bool alloc_frame(struct grant_table *t, unsigned i)
{
    t->shared[i] = page_alloc();
    t->active[i] = t->shared[i] ? heap_array(ENTRIES_PER_FRAME, sizeof(**t->active)) : NULL;
    if (t->active[i])
        return true;
    if (t->shared[i])
        page_free(t->shared[i]);
    return false;
}

/* All of them or none. */
static int add_frames(struct grant_table *t, unsigned frames)
{
    for (unsigned i = t->frames; i < frames; i++) {
        if (alloc_frame(t, i))
            continue;
        while (i-- > t->frames) {
            page_free(t->shared[i]);
            heap_free(t->active[i]);
        }
        return -ENOMEM;
    }
    t->frames = MAX(t->frames, frames);
    return 0;
}

int grant_table_grow(struct domain *d, unsigned frames)
{
    struct grant_table *t = d->grant;
    unsigned before = t->frames;
    int rc;

    if (frames > t->max_frames || d->dying)
        return -EINVAL;
    rc = add_frames(t, frames);
    for (unsigned i = before; t->visible && i < t->frames; i++)
        share_frame_with(d, t->shared[i], true);
    return rc;
}

int grant_table_init(struct domain *d, unsigned max_frames, unsigned max_maptrack)
{
    struct grant_table *t;
    int rc = check_limits(&max_frames, &max_maptrack);

    if (rc)
        return rc;
    t = heap_new(struct grant_table);
    if (!t)
        return -ENOMEM;
    spin_lock_init(&t->lock, LOCK_GRANT_TABLE);
    t->max_frames = max_frames;
    t->max_maptrack = max_maptrack;
    t->free_handle = NO_HANDLE;
    t->shared = heap_array(max_frames, sizeof(*t->shared));
    t->active = heap_array(max_frames, sizeof(*t->active));
    t->maptrack = heap_array(max_maptrack, sizeof(*t->maptrack));
    d->grant = t;
    rc = t->shared && t->active && t->maptrack ? add_frames(t, 1) : -ENOMEM;
    if (rc)
        grant_table_destroy(d);
    return rc;
}

void grant_table_destroy(struct domain *d)
{
    struct grant_table *t = d->grant;

    if (!t)
        return;
    for (unsigned i = 0; i < t->frames; i++) {
        if (t->visible)
            unshare_frame(t->shared[i]);
        page_free(t->shared[i]);
        heap_free(t->active[i]);
    }
    for (unsigned i = 0; i < t->maptrack_frames; i++)
        page_free(t->maptrack[i]);
    heap_free(t->shared);
    heap_free(t->active);
    heap_free(t->maptrack);
    heap_free(t);
    d->grant = NULL;
}

void grant_table_share(struct domain *d)
{
    struct grant_table *t = d->grant;

    spin_lock(&t->lock);
    for (unsigned i = 0; i < t->frames; i++)
        share_frame_with(d, t->shared[i], true);
    t->visible = true;
    spin_unlock(&t->lock);
}

void grant_table_unshare(struct domain *d)
{
    struct grant_table *t = d->grant;

    for (unsigned i = 0; i < t->frames; i++)
        share_frame_drop(t->shared[i]);
}

void grant_table_barrier(struct domain *d)
{
    spin_lock(&d->grant->lock);
    spin_unlock(&d->grant->lock);
}

unsigned grant_max_frames(const struct domain *d)
{
    return d->grant->max_frames;
}

void grant_table_count(struct domain *d, unsigned long *entries, unsigned long *mappings)
{
    struct grant_table *t = d->grant;

    *entries = *mappings = 0;
    spin_lock(&t->lock);
    for (u32 ref = 0; ref < t->frames * ENTRIES_PER_FRAME; ref++) {
        const struct grant_active *a = grant_active(t, ref);

        *entries += a->host_readers || a->host_writers || a->dev_readers || a->dev_writers;
    }
    for (u32 h = 0; h < t->maptrack_frames * MAPTRACK_PER_FRAME; h++)
        *mappings += t->maptrack[h / MAPTRACK_PER_FRAME][h % MAPTRACK_PER_FRAME].flags != 0;
    spin_unlock(&t->lock);
}

static int table_frames(struct domain *d, unsigned first, unsigned nr, mfn_t *out)
{
    struct grant_table *t = d->grant;
    unsigned end;
    int rc;

    if (__builtin_add_overflow(first, nr, &end) || end > t->max_frames)
        return -EINVAL;
    spin_lock(&t->lock);
    rc = nr ? grant_table_grow(d, end) : 0;
    for (unsigned i = 0; !rc && i < nr; i++)
        out[i] = virt_to_mfn(t->shared[first + i]);
    spin_unlock(&t->lock);
    return rc;
}

int grant_table_frame(struct domain *d, unsigned index, mfn_t *out)
{
    return table_frames(d, index, 1, out);
}

int grant_acquire_resource(struct domain *d, unsigned id, unsigned frame, unsigned nr, mfn_t *out)
{
    if (id != XENMEM_resource_grant_table_id_shared)
        return -EINVAL;
    return table_frames(d, frame, nr, out);
}

int grant_set_entry(struct domain *d, unsigned ref, unsigned to, u32 frame)
{
    struct grant_table *t = d->grant;
    struct grant_entry_v1 *e;
    int rc = -EINVAL;

    spin_lock(&t->lock);
    if (ref < t->frames * ENTRIES_PER_FRAME) {
        e = grant_shared(t, ref);
        e->domid = (domid_t)to;
        e->frame = frame;
        atomic_store(&e->flags, (u16)GTF_permit_access);
        rc = 0;
    }
    spin_unlock(&t->lock);
    return rc;
}

/*
 * One mapping of a dying domain: its PTEs keep their own references until its
 * page tables go, ours end here.
 */
static void release(struct maptrack *m)
{
    struct domain *rd = domain_find(m->domid);
    u32 flags = m->flags;

    if (rd) {
        spin_lock(&rd->grant->lock);
        grant_unpin(rd, m->ref, flags);
        spin_unlock(&rd->grant->lock);
    }
    grant_frame_put(MFN(m->frame), flags);
    m->flags = 0;
    if (rd)
        domain_put(rd);
}

int grant_release_mappings(struct domain *d)
{
    struct grant_table *t = d->grant;
    u32 end = t->maptrack_frames * MAPTRACK_PER_FRAME;

    for (unsigned done = 0; t->release_next < end; t->release_next++) {
        u32 h = t->release_next;
        struct maptrack *m = &t->maptrack[h / MAPTRACK_PER_FRAME][h % MAPTRACK_PER_FRAME];

        if (!m->flags)
            continue;
        if (done++ % RELEASE_BATCH == RELEASE_BATCH - 1 && preempt_needed())
            return -ERESTART;
        release(m);
    }
    return 0;
}
