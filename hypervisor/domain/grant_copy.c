/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GNTTABOP_copy: the hypervisor copies between two pages, each named by a grant
 * or by a frame of the caller's own. A grant counts as in use during the copy.
 * Locks: the granting domains' tables, one after the other, not during the copy.
 */
#include "domain/grant_internal.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "sched/softirq.h"

/* One side of a copy, while it is held. */
struct side {
    struct domain *d;
    bool by_ref;
    u32 ref;
    u32 flags; /* GNTMAP_host_map, readonly for the source */
    mfn_t frame;
};

/* GNTST_*; when okay, release() must follow. */
static int hold(struct side *s, const struct gnttab_copy_ptr *p, bool by_ref, bool readonly)
{
    struct domain *self = current_domain();
    int rc;

    *s = (struct side){.by_ref = by_ref,
                       .flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0u)};
    s->d = p->domid == DOMID_SELF ? domain_get(self) : domain_find(p->domid);
    if (!s->d)
        return GNTST_bad_domain;
    if (!by_ref && p->domid != DOMID_SELF) {
        rc = GNTST_permission_denied;
    } else if (by_ref) {
        s->ref = p->u.ref;
        spin_lock(&s->d->grant->lock);
        rc = grant_pin(s->d, s->ref, self->id, s->flags, &s->frame);
        spin_unlock(&s->d->grant->lock);
    } else {
        s->frame = MFN(p->u.gmfn);
        rc = grant_frame_get(s->d, s->frame, s->flags);
    }
    if (rc)
        domain_put(s->d);
    return rc;
}

static void release(struct side *s)
{
    if (s->by_ref) {
        spin_lock(&s->d->grant->lock);
        grant_unpin(s->d, s->ref, s->flags);
        spin_unlock(&s->d->grant->lock);
    }
    grant_frame_put(s->frame, s->flags);
    domain_put(s->d);
}

static int copy_bytes(const struct gnttab_copy *op, const struct side *from, const struct side *to)
{
    char *dst = mfn_to_virt(to->frame), *src = mfn_to_virt(from->frame);

    if (op->source.offset + op->len > (int)PAGE_SIZE || op->dest.offset + op->len > (int)PAGE_SIZE)
        return GNTST_bad_copy_arg;
    memmove(dst + op->dest.offset, src + op->source.offset, op->len);
    return GNTST_okay;
}

static int copy_one(const struct gnttab_copy *op)
{
    struct side from, to;
    int rc;

    rc = hold(&from, &op->source, op->flags & GNTCOPY_source_gref, true);
    if (rc)
        return rc;
    rc = hold(&to, &op->dest, op->flags & GNTCOPY_dest_gref, false);
    if (rc)
        goto out;
    rc = copy_bytes(op, &from, &to);
    release(&to);
out:
    release(&from);
    return rc;
}

long grant_do_copy(vaddr_t uop, u32 count)
{
    struct gnttab_copy op;

    for (u32 i = 0; i < count; i++) {
        vaddr_t at = guest_element(uop, i, sizeof(op));

        if (i && preempt_needed())
            return i;
        if (read_guest_struct(&op, at))
            return -EFAULT;
        op.status = (int16_t)copy_one(&op);
        if (guest_write(at + offsetof(struct gnttab_copy, status), &op.status, sizeof(op.status)))
            return -EFAULT;
    }
    return count;
}
