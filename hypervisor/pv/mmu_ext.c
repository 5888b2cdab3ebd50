/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mmuext_op: pins, roots, TLB and cache flushes, LDT, clearing and copying of
 * frames. One function for each command; the loop copies operations in one by
 * one and may be continued between them. Errors are those of real Xen 4.17.
 * Lock: the owner's mmu_lock, only where tables change.
 */
#include "domain/continuation.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "machine/tlb.h"
#include "mm/guest_access.h"
#include "pv/mmu_private.h"
#include "pv/segments.h"
#include "sched/softirq.h"

int mmu_vcpus_to_cpus(vaddr_t vcpu_bitmap, struct cpumask *mask)
{
    struct domain *d = current->domain;

    memset(mask, 0, sizeof(*mask));
    for (unsigned base = 0; base < d->max_vcpus; base += 64) {
        u64 bits;
        unsigned n = MIN(d->max_vcpus - base, 64u);

        if (guest_read(&bits, guest_element(vcpu_bitmap, base / 64, sizeof(bits)), DIV_ROUND_UP(n, 8)))
            return -EFAULT;
        for (unsigned i = 0; i < n; i++) {
            const struct vcpu *v = d->vcpus[base + i];
            u32 cpu = (bits >> i & 1) && v ? READ_ONCE(v->dirty_cpu) : DIRTY_CPU_NONE;

            if (cpu != DIRTY_CPU_NONE)
                cpumask_set(mask, cpu);
        }
    }
    return 0;
}

/* ---- commands that change tables; mmu_lock held, nothing stale ---- */

static int new_kernel_root(struct vcpu *v, mfn_t mfn)
{
    struct pv_vcpu *p = v->pv;
    mfn_t old = paddr_to_mfn(p->kernel_cr3);
    int rc;

    if (!mfn_eq(old, mfn)) {
        rc = mmu_take_root(v->domain, mfn);
        if (rc)
            return rc;
        pv_drop_ldt(v); /* its pages were found through the old root */
        p->kernel_cr3 = mfn_to_paddr(mfn);
    }
    pv_load_root(v);
    if (!mfn_eq(old, mfn))
        mmu_drop_root(v->domain, old);
    return 0;
}

static int new_user_root(struct vcpu *v, mfn_t mfn)
{
    struct pv_vcpu *p = v->pv;
    mfn_t old = paddr_to_mfn(p->user_cr3);
    int rc;

    if (unlikely(READ_ONCE(dirty_logging)))
        pv_forget_user_shadow(v);
    if (mfn_eq(old, mfn))
        return 0;
    if (mfn.n) {
        rc = mmu_take_root(v->domain, mfn);
        if (rc)
            return rc;
    }
    p->user_cr3 = mfn_to_paddr(mfn);
    if (old.n)
        mmu_drop_root(v->domain, old);
    return 0;
}

static int change_tables(struct domain *pg, const struct mmuext_op *op)
{
    mfn_t mfn = MFN(op->arg1.mfn);

    switch (op->cmd) {
    case MMUEXT_UNPIN_TABLE:
        return mmu_unpin(pg, mfn);
    case MMUEXT_NEW_BASEPTR:
        return new_kernel_root(current, mfn);
    case MMUEXT_NEW_USER_BASEPTR:
        return new_user_root(current, mfn);
    default:
        return mmu_pin(pg, mfn, FRAME_L1 + (op->cmd - MMUEXT_PIN_L1_TABLE));
    }
}

static int table_command(struct domain *pg, const struct mmuext_op *op)
{
    int rc;

    if (!pg->pv || !mmu_lock(pg))
        return -EINVAL;
    rc = mmu_finish_stale(pg);
    if (!rc)
        rc = change_tables(pg, op);
    mmu_unlock(pg);
    return rc;
}

/* ---- flushes; always the caller's own ---- */

static int flush_command(const struct mmuext_op *op)
{
    struct domain *d = current->domain;
    vaddr_t va = op->arg1.linear_addr;
    struct cpumask mask;

    switch (op->cmd) {
    case MMUEXT_TLB_FLUSH_LOCAL:
        tlb_flush_local();
        return 0;
    case MMUEXT_INVLPG_LOCAL:
        if (guest_address_ok(va))
            tlb_flush_page_local(va);
        return 0;
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
        if (mmu_vcpus_to_cpus((vaddr_t)op->arg2.vcpumask.p, &mask))
            return -EINVAL;
        break;
    default:
        mask = d->dirty_cpus;
    }
    if (op->cmd == MMUEXT_TLB_FLUSH_MULTI || op->cmd == MMUEXT_TLB_FLUSH_ALL)
        tlb_flush_mask(&mask);
    else if (guest_address_ok(va))
        tlb_flush_page_mask(&mask, va);
    return 0;
}

static int cache_command(const struct mmuext_op *op)
{
    struct cpumask self = { { 0 } };

    if (!pte_cache_allowed(current->domain))
        return op->cmd == MMUEXT_FLUSH_CACHE ? -EACCES : -EINVAL;
    cpumask_set(&self, cpu_id());
    cache_flush_mask(op->cmd == MMUEXT_FLUSH_CACHE ? &self : &cpu_online_mask);
    return 0;
}

static int set_ldt(const struct mmuext_op *op)
{
    vaddr_t base = op->arg1.linear_addr;

    if (!pv_ldt_ok(base, op->arg2.nr_ents))
        return -EINVAL;
    pv_set_ldt(current, base, op->arg2.nr_ents);
    return 0;
}

/* ---- contents of frames ---- */

static int clear_or_copy(struct domain *pg, const struct mmuext_op *op)
{
    bool copy = op->cmd == MMUEXT_COPY_PAGE;
    mfn_t dst = MFN(op->arg1.mfn), src = MFN(op->arg2.src_mfn);
    int rc = -EINVAL;

    if (copy && (!mfn_valid(src) || !frame_get(mfn_to_frame(src), pg->id)))
        return -EINVAL;
    if (!mfn_valid(dst) || frame_get_and_type(mfn_to_frame(dst), pg->id, FRAME_WRITABLE))
        goto out;
    if (copy)
        memcpy(mfn_to_virt(dst), mfn_to_virt(src), PAGE_SIZE);
    else
        memset(mfn_to_virt(dst), 0, PAGE_SIZE);
    work_done(WORK_STEP);
    frame_note_write(mfn_to_frame(dst));
    frame_put_and_type(mfn_to_frame(dst));
    rc = 0;
out:
    if (copy)
        frame_put(mfn_to_frame(src));
    return rc;
}

/* ---- the call ---- */

static int do_op(struct domain *pg, const struct mmuext_op *op)
{
    bool own = pg == current->domain;

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
    case MMUEXT_UNPIN_TABLE:
        return table_command(pg, op);
    case MMUEXT_NEW_BASEPTR:
    case MMUEXT_NEW_USER_BASEPTR:
        return own ? table_command(pg, op) : -EPERM;
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_ALL:
        return own ? flush_command(op) : -EPERM;
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return own ? cache_command(op) : -EPERM;
    case MMUEXT_SET_LDT:
        return own ? set_ldt(op) : -EPERM;
    case MMUEXT_CLEAR_PAGE:
    case MMUEXT_COPY_PAGE:
        return clear_or_copy(pg, op);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER:
        return -EOPNOTSUPP;
    default:
        return -ENOSYS;
    }
}

/* DOMID_IO and DOMID_XEN have no page tables. */
static bool has_stale(const struct domain *pg)
{
    return pg->pv && mmu_has_stale(pg);
}

static int do_ops(struct domain *pg, vaddr_t ops, u32 count, u32 *done)
{
    struct mmuext_op op;
    int rc;

    for (; *done < count; ++*done) {
        if (*done && (preempt_needed() || has_stale(pg)))
            return -ERESTART;
        if (guest_read(&op, guest_element(ops, *done, sizeof(op)), sizeof(op)))
            return -EFAULT;
        rc = do_op(pg, &op);
        if (rc)
            return rc;
    }
    return has_stale(pg) ? -ERESTART : 0;
}

/* Goes on with what an earlier operation left, so that the call ends only when all is done. */
static int finish_earlier(struct domain *pg)
{
    int rc;

    if (likely(!has_stale(pg)))
        return 0;
    if (!mmu_lock(pg))
        return -EINVAL;
    rc = mmu_finish_stale(pg);
    mmu_unlock(pg);
    return rc;
}

long do_mmuext_op(vaddr_t ops, u32 count, vaddr_t done, u32 foreign)
{
    u32 before = 0, now = 0, n = count & ~MMU_UPDATE_PREEMPTED;
    struct domain *pg;
    long rc;

    if ((count & MMU_UPDATE_PREEMPTED) && done && read_guest_struct(&before, done))
        return -EFAULT;
    if (!guest_address_ok(ops)) /* the rest when it is read */
        return -EFAULT;
    if (likely(foreign == DOMID_SELF)) { /* it cannot go away: no reference */
        pg = current->domain;
        rc = finish_earlier(pg);
    } else {
        pg = mmu_page_owner(foreign);
        if (!pg)
            return -ESRCH;
        rc = !mmu_may_control(pg) ? -EPERM : finish_earlier(pg);
    }
    if (rc && rc != -ERESTART)
        goto out;
    if (!rc)
        rc = do_ops(pg, ops, n, &now);
    before += now;
    if (done && write_guest_struct(done, &before))
        rc = -EFAULT;
    if (rc == -ERESTART)
        rc = hypercall_continue(__HYPERVISOR_mmuext_op, guest_element(ops, now, sizeof(struct mmuext_op)),
                                (n - now) | MMU_UPDATE_PREEMPTED, done, foreign, 0);
out:
    if (foreign != DOMID_SELF)
        domain_put(pg);
    return rc;
}
