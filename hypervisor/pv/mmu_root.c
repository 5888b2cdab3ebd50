/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Roots and pins: the references on whole page-table trees that a vCPU's CR3
 * and a guest's wish to keep a table valid stand for, and the loading of CR3.
 * Callers: mmuext_op, vCPU contexts (pv/domain.c), the domain builder. Lock: the
 * domain's mmu_lock.
 */
#include "domain/privilege.h"
#include "machine/cpu.h"
#include "machine/tlb.h"
#include "pv/mmu_private.h"

void (*pv_root_loader)(struct vcpu *v, u64 root);

/* Whatever led here, no CPU loads machine address 0: the guest ends, and this CPU goes on with our own tables. */
static __attribute__((noinline, cold)) void no_root(const struct vcpu *v)
{
    load_cr3(mfn_to_paddr(virt_to_mfn(host_l4)));
    domain_crash(v->domain, "it has no page tables for its %s mode", v->pv->kernel_mode ? "kernel" : "user");
}

void pv_load_root(struct vcpu *v)
{
    void (*loader)(struct vcpu *v, u64 root) = READ_ONCE(pv_root_loader);
    u64 root = pv_current_cr3(v->pv);

    if (unlikely(!root))
        no_root(v);
    else if (likely(!loader))
        load_cr3(root);
    else
        loader(v, root);
}

static struct frame *frame_of(struct domain *d, mfn_t mfn)
{
    return mfn_valid(mfn) && frame_get(mfn_to_frame(mfn), d->id) ? mfn_to_frame(mfn) : NULL;
}

int mmu_take_root(struct domain *d, mfn_t mfn)
{
    return mfn_valid(mfn) ? frame_get_and_type(mfn_to_frame(mfn), d->id, FRAME_L4) : -EINVAL;
}

void mmu_drop_root(struct domain *d, mfn_t mfn)
{
    struct frame *f = mfn_to_frame(mfn);

    frame_put_type_preemptible(f);
    frame_put(f);
}

int mmu_pin(struct domain *d, mfn_t mfn, enum frame_type type)
{
    struct frame *f = frame_of(d, mfn);
    int rc;

    if (!f)
        return -EINVAL;
    rc = frame_get_type(f, type);
    if (!rc && !frame_pin(f)) {
        frame_put_type(f); /* the pin holds another one */
        rc = -EINVAL;
    }
    if (rc)
        frame_put(f);
    return rc;
}

int mmu_unpin(struct domain *d, mfn_t mfn)
{
    struct frame *f = frame_of(d, mfn);

    if (!f)
        return -EINVAL;
    if (!frame_unpin(f)) {
        frame_put(f);
        return -EINVAL;
    }
    frame_put_type_preemptible(f);
    frame_put_many(f, 2); /* the pin's and ours */
    return 0;
}

/* The same for callers outside, who need not know of stale tables: these are finished first, or it is tried again. */
static int lock_and_finish(struct domain *d)
{
    int rc;

    if (!mmu_lock(d))
        return -EINVAL;
    rc = mmu_finish_stale(d);
    if (rc)
        mmu_unlock(d);
    return rc;
}

static int take_root(struct domain *d, mfn_t mfn)
{
    int rc = lock_and_finish(d);

    if (rc)
        return rc;
    rc = mmu_take_root(d, mfn);
    mmu_unlock(d);
    return rc;
}

/* Also for a dying domain, whose roots have to go. */
static int drop_root(struct domain *d, mfn_t mfn)
{
    int rc;

    spin_lock(&d->pv->mmu_lock);
    rc = mmu_finish_stale(d);
    if (!rc)
        mmu_drop_root(d, mfn);
    mmu_unlock(d);
    return rc;
}

int pv_hold_root(struct domain *d, u64 *root, mfn_t mfn)
{
    int rc = 0;

    if (mfn_eq(paddr_to_mfn(*root), mfn))
        return 0;
    if (*root)
        rc = drop_root(d, paddr_to_mfn(*root));
    if (rc)
        return rc;
    *root = 0;
    if (mfn.n)
        rc = take_root(d, mfn);
    if (!rc)
        *root = mfn_to_paddr(mfn);
    return rc;
}

int pv_pin_table(struct domain *d, mfn_t mfn, enum frame_type type)
{
    int rc = lock_and_finish(d);

    if (rc)
        return rc;
    rc = mmu_pin(d, mfn, type);
    mmu_unlock(d);
    return rc;
}

int pv_unpin_table(struct domain *d, mfn_t mfn)
{
    int rc = lock_and_finish(d);

    if (rc)
        return rc;
    rc = mmu_unpin(d, mfn);
    mmu_unlock(d);
    return rc;
}

bool mmu_may_control(const struct domain *t)
{
    return domain_may(PRIV_SELF, t);
}

struct domain *mmu_page_owner(domid_t id)
{
    struct domain *d = current->domain;

    if (id == DOMID_SELF)
        return domain_get(d);
    if (id == d->id) /* real Xen: "cannot specify itself as foreign domain" */
        return NULL;
    if (id == DOMID_IO)
        return domain_get(dom_io);
    if (id == DOMID_XEN)
        return domain_get(dom_xen);
    return domain_find(id);
}
