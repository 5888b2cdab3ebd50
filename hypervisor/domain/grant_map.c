/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping and unmapping grants. A mapping has a handle, the index of a record in
 * the mapping domain's maptrack; the record holds one use (or two: host and
 * device) of the entry and the references on the frame. PTEs are written by the
 * kind of the mapping domain. Unmapping goes in batches: PTEs are cleared, the
 * TLBs flushed once, and only then pins, references and handles are given back.
 * Locks: the granting domain's table; the mapping domain's for handles; not both.
 */
#include "atomic.h"
#include "domain/grant_internal.h"
#include "errno.h"
#include "machine/cpu.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "sched/softirq.h"

#define UNMAP_BATCH 32
#define MAP_PARTS   (GNTMAP_device_map | GNTMAP_host_map)
#define MAP_KEPT    (MAP_PARTS | GNTMAP_readonly | GNTMAP_application_map | GNTMAP_contains_pte)

static struct maptrack *maptrack(struct grant_table *t, u32 handle)
{
    if (handle >= atomic_load(&t->maptrack_frames) * MAPTRACK_PER_FRAME)
        return NULL;
    return &t->maptrack[handle / MAPTRACK_PER_FRAME][handle % MAPTRACK_PER_FRAME];
}

static u32 maptrack_use(domid_t domid, u32 flags)
{
    return domid | flags << 16;
}

/* lock held */
static bool add_maptrack_frame(struct grant_table *t)
{
    u32 first = t->maptrack_frames * (u32)MAPTRACK_PER_FRAME;
    struct maptrack *page;

    if (t->maptrack_frames >= t->max_maptrack)
        return false;
    page = page_alloc();
    if (!page)
        return false;
    for (u32 i = 0; i < MAPTRACK_PER_FRAME; i++)
        page[i].next = i + 1 < MAPTRACK_PER_FRAME ? first + i + 1 : t->free_handle;
    t->maptrack[t->maptrack_frames] = page;
    atomic_store(&t->maptrack_frames, t->maptrack_frames + 1);
    t->free_handle = first;
    return true;
}

static u32 handle_get(struct domain *d)
{
    struct grant_table *t = d->grant;
    u32 h = NO_HANDLE;

    spin_lock(&t->lock);
    if (!d->dying && (t->free_handle != NO_HANDLE || add_maptrack_frame(t))) {
        h = t->free_handle;
        t->free_handle = maptrack(t, h)->next;
    }
    spin_unlock(&t->lock);
    return h;
}

static void handle_put(struct domain *d, u32 h)
{
    struct grant_table *t = d->grant;

    spin_lock(&t->lock);
    maptrack(t, h)->next = t->free_handle;
    t->free_handle = h;
    spin_unlock(&t->lock);
}

/* Pins and maps; the handle is not visible yet. GNTST_* */
static int map_frame(struct domain *ld, struct domain *rd, const struct gnttab_map_grant_ref *op,
                     mfn_t *frame)
{
    int rc;

    spin_lock(&rd->grant->lock);
    rc = grant_pin(rd, op->ref, ld->id, op->flags, frame);
    spin_unlock(&rd->grant->lock);
    if (rc || !(op->flags & GNTMAP_host_map))
        return rc;
    rc = ld->kind->grant_map(op->host_addr, *frame, op->flags);
    if (rc == GNTST_okay)
        return rc;
    spin_lock(&rd->grant->lock);
    grant_unpin(rd, op->ref, op->flags);
    spin_unlock(&rd->grant->lock);
    grant_frame_put(*frame, op->flags);
    return rc;
}

static int map_one(struct gnttab_map_grant_ref *op)
{
    struct domain *ld = current_domain(), *rd;
    struct maptrack *m;
    mfn_t frame;
    u32 h;
    int rc;

    if (!(op->flags & MAP_PARTS))
        return GNTST_bad_gntref;
    if ((op->flags & GNTMAP_host_map) && !ld->kind->grant_map)
        return GNTST_general_error;
    rd = domain_find(op->dom);
    if (!rd)
        return GNTST_bad_domain;
    h = handle_get(ld);
    if (h == NO_HANDLE) {
        domain_put(rd);
        return GNTST_no_space;
    }
    rc = map_frame(ld, rd, op, &frame);
    if (rc == GNTST_okay) {
        m = maptrack(ld->grant, h);
        m->ref = op->ref;
        m->frame = (u32)frame.n;
        atomic_store(&m->use, maptrack_use(rd->id, op->flags & MAP_KEPT)); /* from here on it can be unmapped */
        op->handle = h;
        op->dev_bus_addr = mfn_to_paddr(frame);
    } else {
        handle_put(ld, h);
    }
    domain_put(rd);
    return rc;
}

/* An unmapping between its PTE and its references. */
struct unmap {
    u64 host_addr, dev_bus_addr, new_addr;
    u32 handle;
    /* what has been done: */
    struct domain *rd;
    u32 ref, frame;
    u32 ended; /* GNTMAP_host_map, device_map: unpinned after the flush; GNTMAP_readonly */
    bool last; /* nothing of the handle is left */
};

/* The granting domain's lock held: nobody else ends the same mapping. GNTST_* */
static int clear_parts(struct domain *ld, struct maptrack *m, struct unmap *u)
{
    u32 use = atomic_load(&m->use), flags = use >> 16;
    int rc;

    if (!(flags & MAP_PARTS) || (domid_t)use != u->rd->id)
        return GNTST_bad_handle;
    u->ref = m->ref;
    u->frame = m->frame;
    u->ended = 0;
    if (u->dev_bus_addr && (flags & GNTMAP_device_map)) {
        if (u->dev_bus_addr != mfn_to_paddr(MFN(m->frame)))
            return GNTST_general_error;
        u->ended |= GNTMAP_device_map;
    }
    if (u->host_addr && (flags & GNTMAP_host_map)) {
        rc = ld->kind->grant_unmap(u->host_addr, MFN(m->frame), u->new_addr, flags);
        if (rc)
            return rc;
        u->ended |= GNTMAP_host_map;
    }
    u->last = !(flags & MAP_PARTS & ~u->ended);
    if (u->ended)
        WRITE_ONCE(m->use, maptrack_use(u->rd->id, u->last ? 0 : flags & ~u->ended));
    u->ended |= flags & GNTMAP_readonly;
    return GNTST_okay;
}

/* @return GNTST_*; when okay, unmap_finish() must follow after a flush. */
static int unmap_start(struct unmap *u)
{
    struct domain *ld = current_domain();
    struct maptrack *m = maptrack(ld->grant, u->handle);
    u32 use = m ? READ_ONCE(m->use) : 0;
    int rc;

    u->rd = NULL;
    if (!(use >> 16 & MAP_PARTS))
        return GNTST_bad_handle;
    u->rd = domain_find((domid_t)use);
    if (!u->rd)
        return GNTST_bad_domain;
    spin_lock(&u->rd->grant->lock);
    rc = clear_parts(ld, m, u);
    spin_unlock(&u->rd->grant->lock);
    if (rc || !(u->ended & MAP_PARTS)) {
        domain_put(u->rd);
        u->rd = NULL;
    }
    return rc;
}

static void unmap_finish(struct unmap *u)
{
    struct domain *ld = current_domain();

    if (!u->rd)
        return;
    spin_lock(&u->rd->grant->lock);
    grant_unpin(u->rd, u->ref, u->ended);
    spin_unlock(&u->rd->grant->lock);
    if (u->last) {
        grant_frame_put(MFN(u->frame), u->ended);
        handle_put(ld, u->handle);
    }
    domain_put(u->rd);
}

static void unmap_finish_batch(struct unmap *u, unsigned n)
{
    tlb_flush_mask(&current_domain()->dirty_cpus);
    for (unsigned i = 0; i < n; i++)
        unmap_finish(&u[i]);
}

/* The guest cannot be told the handle. */
static void unmap_unseen(const struct gnttab_map_grant_ref *op)
{
    struct unmap u = {.host_addr = op->host_addr, .dev_bus_addr = op->dev_bus_addr, .handle = op->handle};

    if (unmap_start(&u) == GNTST_okay)
        unmap_finish_batch(&u, 1);
}

long grant_do_map(vaddr_t uop, u32 count)
{
    struct gnttab_map_grant_ref op;

    for (u32 i = 0; i < count; i++) {
        if (i && preempt_needed())
            return i;
        if (read_guest_struct(&op, guest_element(uop, i, sizeof(op))))
            return -EFAULT;
        op.status = (int16_t)map_one(&op);
        if (write_guest_struct(guest_element(uop, i, sizeof(op)), &op)) {
            if (op.status == GNTST_okay)
                unmap_unseen(&op);
            return -EFAULT;
        }
    }
    return count;
}

/* What both forms of the operation share: how one is read and where its status goes. */
struct unmap_form {
    size_t size;
    int (*read)(struct unmap *u, vaddr_t at);
    size_t status;
};

static int read_unmap(struct unmap *u, vaddr_t at)
{
    struct gnttab_unmap_grant_ref op;

    if (read_guest_struct(&op, at))
        return -EFAULT;
    *u = (struct unmap){
        .host_addr = op.host_addr, .dev_bus_addr = op.dev_bus_addr, .handle = op.handle};
    return 0;
}

static int read_replace(struct unmap *u, vaddr_t at)
{
    struct gnttab_unmap_and_replace op;

    if (read_guest_struct(&op, at))
        return -EFAULT;
    *u = (struct unmap){.host_addr = op.host_addr, .new_addr = op.new_addr, .handle = op.handle};
    return 0;
}

static const struct unmap_form form_unmap = {sizeof(struct gnttab_unmap_grant_ref), read_unmap,
                                             offsetof(struct gnttab_unmap_grant_ref, status)};
static const struct unmap_form form_replace = {sizeof(struct gnttab_unmap_and_replace),
                                               read_replace,
                                               offsetof(struct gnttab_unmap_and_replace, status)};

/*
 * Up to UNMAP_BATCH operations. @return how many, negative; those begun are finished in either case
 */
static long unmap_batch(const struct unmap_form *form, vaddr_t uop, u32 count)
{
    struct unmap u[UNMAP_BATCH];
    unsigned n = 0;
    long rc = 0;

    while (n < UNMAP_BATCH && n < count) {
        vaddr_t at = guest_element(uop, n, form->size);
        int16_t status;

        rc = form->read(&u[n], at);
        if (rc)
            break;
        status = (int16_t)unmap_start(&u[n]);
        n++;
        rc = guest_write(at + form->status, &status, sizeof(status));
        if (rc)
            break;
    }
    unmap_finish_batch(u, n);
    return rc ? rc : (long)n;
}

static long unmap_all(const struct unmap_form *form, vaddr_t uop, u32 count)
{
    for (u32 done = 0; done < count;) {
        long n;

        if (done && preempt_needed())
            return done;
        n = unmap_batch(form, guest_element(uop, done, form->size), count - done);
        if (n < 0)
            return n;
        work_done((unsigned)n * WORK_STEP);
        done += (u32)n;
    }
    return count;
}

long grant_do_unmap(vaddr_t uop, u32 count)
{
    return unmap_all(&form_unmap, uop, count);
}

long grant_do_unmap_and_replace(vaddr_t uop, u32 count)
{
    return unmap_all(&form_replace, uop, count);
}
