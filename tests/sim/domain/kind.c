/* SPDX-License-Identifier: GPL-2.0-only */
/* The simplest kind of guest: its page tables are a row of places that can map one granted frame each. */
#include "world.h"

#include <xen/grant_table.h>

#include "domain/internal.h"
#include "errno.h"
#include "sched/softirq.h"

struct guest *guest_of(const struct domain *d)
{
    return &guests[d->id];
}

u8 *window(struct vcpu *v)
{
    return guests[v->domain->id].v[v->id].window;
}

static int create(struct domain *d)
{
    spin_lock_init(&guest_of(d)->map_lock, LOCK_PAGETABLE);
    return sim_rnd(50) ? 0 : -ENOMEM;
}

static void drop_mapping(struct guest *g, unsigned i)
{
    if (g->map[i].flags & GNTMAP_readonly)
        frame_put(mfn_to_frame(g->map[i].frame));
    else
        frame_put_and_type(mfn_to_frame(g->map[i].frame));
    g->map[i].used = false;
}

static int relinquish(struct domain *d)
{
    struct guest *g = guest_of(d);

    for (unsigned i = 0; i < MAPPINGS; i++) {
        if (!g->map[i].used)
            continue;
        spin_lock(&g->map_lock);
        drop_mapping(g, i);
        spin_unlock(&g->map_lock);
        if (preempt_needed())
            return -ERESTART;
    }
    for (u64 n = d->min_mfn; n <= d->max_mfn && n != ~0ul; n++) {
        struct frame *f = mfn_to_frame(MFN(n));

        if (f->owner == d->id && !(f->refs & FRAME_XENHEAP) && (f->refs & FRAME_ALLOCATED))
            domain_drop_frame(d, MFN(n));
    }
    return 0;
}

static void nothing(struct domain *d)
{
}

static int vcpu_made(struct vcpu *v)
{
    return 0;
}

static void unload(void)
{
}

static void vcpu_nothing(struct vcpu *v)
{
}

static int set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    if (c->flags & 1)
        return -EINVAL;
    v->initialised = true;
    return 0;
}

static int map_locked(u64 host_addr, mfn_t frame, u32 flags)
{
    struct guest *g = guest_of(current_domain());
    u64 i = host_addr >> PAGE_SHIFT;

    if (i >= MAPPINGS || g->map[i].used)
        return GNTST_bad_virt_addr;
    if (!frame_get_more(mfn_to_frame(frame)))
        return GNTST_general_error;
    if (!(flags & GNTMAP_readonly) && frame_get_type(mfn_to_frame(frame), FRAME_WRITABLE)) {
        frame_put(mfn_to_frame(frame));
        return GNTST_general_error;
    }
    g->map[i].used = true;
    g->map[i].frame = frame;
    g->map[i].flags = flags;
    return GNTST_okay;
}

static int unmap_locked(u64 host_addr, mfn_t frame, u32 flags)
{
    struct guest *g = guest_of(current_domain());
    u64 i = host_addr >> PAGE_SHIFT;

    if (i >= MAPPINGS || !g->map[i].used || !mfn_eq(g->map[i].frame, frame) ||
        (g->map[i].flags ^ flags) & GNTMAP_readonly)
        return GNTST_general_error;
    drop_mapping(g, (unsigned)i);
    return GNTST_okay;
}

static int grant_map(u64 host_addr, mfn_t frame, u32 flags)
{
    struct spinlock *l = &guest_of(current_domain())->map_lock;
    int rc;

    spin_lock(l);
    rc = map_locked(host_addr, frame, flags);
    spin_unlock(l);
    return rc;
}

static int grant_unmap(u64 host_addr, mfn_t frame, u64 new_addr, u32 flags)
{
    struct spinlock *l = &guest_of(current_domain())->map_lock;
    int rc;

    spin_lock(l);
    rc = unmap_locked(host_addr, frame, flags);
    spin_unlock(l);
    return rc;
}

static void __noreturn enter(void)
{
    sim_fail("entered a guest");
}

const struct domain_kind sim_kind = {
    .name = "sim",
    .domain_create = create,
    .domain_relinquish = relinquish,
    .domain_destroy = nothing,
    .vcpu_create = vcpu_made,
    .vcpu_destroy = vcpu_nothing,
    .context_save = vcpu_nothing,
    .context_load = vcpu_nothing,
    .context_unload = unload,
    .set_context = set_context,
    .enter = enter,
    .grant_map = grant_map,
    .grant_unmap = grant_unmap,
};
