/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypercalls that change single entries: mmu_update and update_va_mapping.
 * Requests are copied in, checked one by one under the mmu_lock of the domain
 * whose page tables they name, and carried out at once; the call stops at the
 * first error, or when the CPU has other work (it is continued then). Errors
 * and their order are those of real Xen 4.17.
 */
#include "domain/continuation.h"
#include "machine/cpu.h"
#include "machine/tlb.h"
#include "mm/guest_access.h"
#include "pv/mmu_private.h"
#include "sched/softirq.h"

#define REQUESTS_AT_ONCE 16
#define REQUEST_WORK 4 /* of one request, what becomes of tables aside (pv/mmu_validate.c counts that) */

struct update_call {
    struct domain *pt; /* whose page tables */
    struct domain *pg; /* whose frames */
    u32 done;
};

/* ---- one request ---- */

/* A frame that is no page table is written as if through a writable mapping. */
static int write_ordinary(struct frame *f, u64 *slot, u64 value)
{
    int rc = frame_get_type(f, FRAME_WRITABLE);

    if (rc)
        return rc;
    WRITE_ONCE(*slot, value);
    frame_note_write(f);
    frame_put_type(f);
    return 0;
}

static int update_slot(struct update_call *c, struct frame *f, u64 *slot, u64 value, enum pte_write how)
{
    u32 type = READ_ONCE(f->type);

    if (!(type & TYPE_VALIDATED)) /* stays so: the lock is held */
        return write_ordinary(f, slot, value);
    switch (type >> TYPE_SHIFT) {
    case FRAME_L1:
        return pte_change_l1(c->pt, c->pg, slot, READ_ONCE(*slot), value, how);
    case FRAME_L2:
    case FRAME_L3:
    case FRAME_L4:
        return c->pg == c->pt ? pte_change_upper(c->pt, f, slot, value, how) : -EINVAL;
    default:
        return -EINVAL;
    }
}

static int update_entry(struct update_call *c, u64 address, u64 value, enum pte_write how)
{
    mfn_t mfn = paddr_to_mfn(address);
    struct frame *f;
    int rc;

    if (unlikely(c->pg != c->pt || c->pt != current->domain) &&
        ((c->pg != dom_io && !mmu_may_control(c->pg)) || !mmu_may_control(c->pt)))
        return -EPERM;
    if (!mfn_valid(mfn))
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (!frame_get(f, c->pt->id))
        return -EINVAL;
    rc = update_slot(c, f, paddr_to_virt(address), value, how);
    frame_put(f);
    return rc;
}

static int update_m2p(struct update_call *c, u64 address, u64 pfn)
{
    mfn_t mfn = paddr_to_mfn(address);
    struct frame *f;

    if (c->pt != current->domain || (c->pg != dom_io && !mmu_may_control(c->pg)))
        return -EPERM;
    if (!mfn_valid(mfn) || pfn >> 52)
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (!frame_get(f, c->pg->id))
        return -EINVAL;
    m2p_set(mfn, pfn);
    frame_put(f);
    return 0;
}

static int do_request(struct update_call *c, const struct mmu_update *req)
{
    u64 address = req->ptr & ~7UL;

    switch (req->ptr & 7) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE: /* differs for domains whose frame numbers are translated, of which there are none */
        return update_entry(c, address, req->val, PTE_WRITE);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return update_entry(c, address, req->val, PTE_PRESERVE_AD);
    case MMU_MACHPHYS_UPDATE:
        return update_m2p(c, address, req->val);
    default:
        return -ENOSYS;
    }
}

/* ---- the call ---- */

/* Works off requests until the end, an error or preemption. @c->done counts. */
static int do_requests(struct update_call *c, vaddr_t reqs, u32 count)
{
    struct mmu_update buf[REQUESTS_AT_ONCE];
    u32 have = 0, next = 0;
    int rc;

    for (; c->done < count; c->done++) {
        if (c->done && (preempt_after(REQUEST_WORK) || mmu_has_stale(c->pt)))
            return -ERESTART;
        if (c->done && !mmu_give_way(c->pt))
            return -EINVAL;
        if (next == have) {
            next = 0;
            have = MIN(count - c->done, REQUESTS_AT_ONCE);
            if (guest_read(buf, guest_element(reqs, c->done, sizeof(buf[0])), have * sizeof(buf[0]))) {
                have = 1; /* as many as are readable */
                if (guest_read(buf, guest_element(reqs, c->done, sizeof(buf[0])), sizeof(buf[0])))
                    return -EFAULT;
            }
        }
        rc = do_request(c, &buf[next++]);
        if (rc)
            return rc;
    }
    return mmu_has_stale(c->pt) ? -ERESTART : 0;
}

/* Resolves the two halves of the foreign-domain argument; put_domains() must follow. */
static int find_domains(struct update_call *c, u32 foreign)
{
    struct domain *d = current->domain;
    domid_t pt = foreign >> 16;

    c->pt = c->pg = d;
    if (likely(foreign == DOMID_SELF)) /* it cannot go away: no references */
        return 0;
    c->pt = pt ? domain_find(pt - 1) : domain_get(d);
    if (!c->pt)
        return -ESRCH;
    if (!c->pt->pv || (c->pt != d && (!c->pt->max_vcpus || !c->pt->vcpus[0]))) {
        domain_put(c->pt);
        return -EINVAL;
    }
    c->pg = mmu_page_owner(foreign & 0xffff);
    if (c->pg)
        return 0;
    domain_put(c->pt);
    return -ESRCH;
}

static void put_domains(const struct update_call *c, u32 foreign)
{
    if (likely(foreign == DOMID_SELF))
        return;
    domain_put(c->pg);
    domain_put(c->pt);
}

/* Adds what was done in this round to the guest's count. */
static int report_done(vaddr_t done, u32 before, u32 n)
{
    u32 sum = before + n;

    return done && write_guest_struct(done, &sum) ? -EFAULT : 0;
}

/* Under the lock of the page tables' domain, if the caller may change these: else it has no business with that lock. */
static int do_call(struct update_call *c, vaddr_t reqs, u32 n)
{
    int rc;

    if (unlikely(!mmu_may_control(c->pt)))
        return n ? do_requests(c, reqs, 1) : 0; /* the first one is refused, whatever it is */
    if (!mmu_lock(c->pt))
        return -EINVAL;
    rc = mmu_finish_stale(c->pt);
    if (!rc)
        rc = do_requests(c, reqs, n);
    mmu_unlock(c->pt);
    return rc;
}

long do_mmu_update(vaddr_t reqs, u32 count, vaddr_t done, u32 foreign)
{
    struct update_call c = { .done = 0 };
    u32 before = 0, n = count & ~MMU_UPDATE_PREEMPTED;
    long rc;

    if ((count & MMU_UPDATE_PREEMPTED) && done && read_guest_struct(&before, done))
        return -EFAULT;
    if (!guest_address_ok(reqs)) /* the rest when it is read */
        return -EFAULT;
    rc = find_domains(&c, foreign);
    if (rc)
        return rc;
    rc = do_call(&c, reqs, n);
    if (report_done(done, before, c.done))
        rc = -EFAULT;
    if (rc == -ERESTART)
        rc = hypercall_continue(__HYPERVISOR_mmu_update, guest_element(reqs, c.done, sizeof(struct mmu_update)),
                                (n - c.done) | MMU_UPDATE_PREEMPTED, done, foreign, 0);
    put_domains(&c, foreign);
    return rc;
}

/* ---- update_va_mapping ---- */

static int change_va(struct domain *d, struct domain *pg, vaddr_t va, u64 pte)
{
    u64 *slot;
    int rc;

    if (pg != dom_io && !mmu_may_control(pg))
        return -EPERM;
    if (!mmu_lock(d))
        return -EINVAL;
    slot = pte_find(current, va);
    rc = slot ? pte_change_l1(d, pg, slot, READ_ONCE(*slot), pte, PTE_WRITE) : -EINVAL;
    mmu_unlock(d);
    return rc;
}

/* The flush that UVMF_* asks for, whatever became of the change. */
static int flush_va(vaddr_t va, u64 flags, int rc)
{
    struct domain *d = current->domain;
    u64 type = flags & UVMF_FLUSHTYPE_MASK, set = flags & ~UVMF_FLUSHTYPE_MASK;
    struct cpumask mask;

    if (type != UVMF_TLB_FLUSH && type != UVMF_INVLPG)
        return rc;
    if (set == UVMF_LOCAL) {
        if (type == UVMF_TLB_FLUSH)
            tlb_flush_local();
        else if (guest_address_ok(va))
            tlb_flush_page_local(va);
        return rc;
    }
    if (set == UVMF_ALL)
        mask = d->dirty_cpus;
    else if (mmu_vcpus_to_cpus(set, &mask))
        return -EFAULT;
    if (type == UVMF_TLB_FLUSH)
        tlb_flush_mask(&mask);
    else if (guest_address_ok(va))
        tlb_flush_page_mask(&mask, va);
    return rc;
}

long do_update_va_mapping(vaddr_t va, u64 pte, u64 flags)
{
    struct domain *d = current->domain;

    return flush_va(va, flags, change_va(d, d, va, pte));
}

long do_update_va_mapping_otherdomain(vaddr_t va, u64 pte, u64 flags, domid_t domid)
{
    struct domain *pg = mmu_page_owner(domid);
    int rc;

    if (!pg)
        return -ESRCH;
    rc = flush_va(va, flags, change_va(current->domain, pg, va, pte));
    domain_put(pg);
    return rc;
}
