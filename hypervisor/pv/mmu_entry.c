/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One page-table entry of a PV guest: which flags and frames are allowed, the
 * references that a mapping holds, and the change of one entry from any old to
 * any new contents. Callers: pv/mmu_*.c, with the mmu_lock of the table's owner.
 *
 * A present level-1 entry to RAM holds one reference on the frame, a writable
 * one also a type reference as FRAME_WRITABLE; an entry above one reference and
 * one type reference of the level below. An entry to MMIO holds nothing.
 */
#include "atomic.h"
#include "bug.h"
#include "domain/iomem.h"
#include "machine/cpu.h"
#include "pv/mmu_private.h"

void (*pv_root_changed)(struct domain *d, mfn_t root, unsigned slot);

bool pte_cache_allowed(const struct domain *d)
{
    return d->ioports || d->iomem;
}

/* The privilege is that of the pages' named owner and of the domain that maps; DOMID_IO means the caller. */
static int check_mmio(struct domain *pt, struct domain *pg, mfn_t mfn)
{
    if (pg == dom_io)
        pg = current->domain;
    if (!domain_iomem_allowed(pg, mfn, 1) || (pg != pt && !domain_iomem_allowed(pt, mfn, 1)))
        return -EPERM;
    return 0;
}

int pte_get_l1(struct domain *pt, struct domain *pg, u64 *pte)
{
    u64 e = *pte, refused = e & ~PTE_L1_ALLOWED;
    mfn_t mfn = pte_mfn(e);
    struct frame *f;

    if (unlikely(refused) && ((refused & ~PTE_CACHE) || !pte_cache_allowed(pt)))
        return -EINVAL;
    *pte = pte_adjust_l1(e);
    if (unlikely(!mfn_valid(mfn)))
        return check_mmio(pt, pg, mfn);
    f = mfn_to_frame(mfn);
    if (unlikely(!frame_get(f, pg->id)))
        return -EBUSY;
    if ((e & PTE_RW) && unlikely(frame_get_type(f, FRAME_WRITABLE))) {
        frame_put(f);
        return -EBUSY;
    }
    if (unlikely(pg != pt) && (e & PTE_RW))
        frame_set_foreign(f);
    *pte &= ~PTE_CACHE; /* RAM has one cache attribute everywhere, write-back (XSA-402) */
    return 0;
}

void pte_put_l1(u64 pte)
{
    mfn_t mfn = pte_mfn(pte);
    struct frame *f;

    if (unlikely(!mfn_valid(mfn)))
        return;
    f = mfn_to_frame(mfn);
    if (pte & PTE_RW) {
        frame_note_write(f); /* by another domain's mapping perhaps, of which nothing else tells */
        frame_put_type(f);
    }
    frame_put(f);
}

bool pte_store(u64 *slot, u64 old, u64 new_value, enum pte_write how)
{
    u64 expected = old, n = new_value;

    if (how == PTE_WRITE) {
        WRITE_ONCE(*slot, n);
    } else if (how == PTE_EXACT) {
        if (!atomic_cmpxchg(slot, &expected, n))
            return false;
    } else {
        do { /* only the CPU changes the entry meanwhile, and only these two bits */
            n = new_value | (expected & (PTE_A | PTE_D));
        } while (!atomic_cmpxchg(slot, &expected, n));
    }
    frame_note_write(mfn_to_frame(virt_to_mfn(slot)));
    return true;
}

static bool only_harmless_changes(u64 old, u64 new_value)
{
    return (old & PTE_P) && !((old ^ new_value) & ~PTE_HARMLESS);
}

/* Another access to the same frame of its own: only the type reference comes or goes. @return false: not that simple */
static bool change_access(const struct domain *pt, u64 *slot, u64 old, u64 new_value, enum pte_write how, int *rc)
{
    struct frame *f = mfn_to_frame(pte_mfn(old));

    if (!(old & PTE_P) || ((old ^ new_value) & ~(PTE_HARMLESS | PTE_RW)) || !mfn_valid(pte_mfn(old)) ||
        READ_ONCE(f->owner) != pt->id)
        return false;
    *rc = -EBUSY;
    if ((new_value & PTE_RW) && frame_get_type(f, FRAME_WRITABLE))
        return true;
    *rc = pte_store(slot, old, pte_adjust_l1(new_value), how) ? 0 : -EAGAIN;
    if (((*rc ? new_value : old) & PTE_RW) != 0)
        frame_put_type(f);
    return true;
}

int pte_change_l1(struct domain *pt, struct domain *pg, u64 *slot, u64 old, u64 new_value, enum pte_write how)
{
    u64 n = new_value;
    int rc;

    if (n & PTE_P) {
        if (only_harmless_changes(old, n))
            return pte_store(slot, old, pte_adjust_l1(n), how) ? 0 : -EAGAIN;
        if (pt == pg && change_access(pt, slot, old, n, how, &rc))
            return rc;
        rc = pte_get_l1(pt, pg, &n);
        if (rc)
            return rc;
    }
    if (!pte_store(slot, old, n, how)) {
        if (n & PTE_P)
            pte_put_l1(n);
        return -EAGAIN;
    }
    if (old & PTE_P)
        pte_put_l1(old);
    return 0;
}

static int get_table(struct domain *d, mfn_t mfn, enum frame_type type)
{
    return mfn_valid(mfn) ? frame_get_and_type(mfn_to_frame(mfn), d->id, type) : -EINVAL;
}

/* What is left to do when a large table goes is kept in pv->stale; the hypercall goes on with that before it ends. */
static void put_table(struct frame *f)
{
    frame_put_type_preemptible(f);
    frame_put(f);
}

int pte_change_upper(struct domain *pt, struct frame *table, u64 *slot, u64 new_value, enum pte_write how)
{
    enum frame_type level = frame_type(table);
    unsigned index = ((uintptr_t)slot & ~PAGE_MASK) / sizeof(u64);
    u64 old = READ_ONCE(*slot), n = new_value;
    bool same_target;
    int rc;

    if (level == FRAME_L4 && l4_slot_is_host(index))
        return -EINVAL;
    if (n & PTE_P) {
        if (n & ~PTE_UPPER_ALLOWED)
            return -EINVAL;
        n |= PTE_US;
    }
    same_target = (old & n & PTE_P) && mfn_eq(pte_mfn(old), pte_mfn(n));
    if ((n & PTE_P) && !same_target) {
        rc = get_table(pt, pte_mfn(n), level - 1);
        if (rc)
            return rc;
    }
    pte_store(slot, old, n, how);
    if (level == FRAME_L4 && pv_root_changed)
        pv_root_changed(pt, frame_to_mfn(table), index);
    if ((old & PTE_P) && !same_target)
        put_table(mfn_to_frame(pte_mfn(old)));
    return 0;
}

/* The table that entry @index of @table points to; NULL when there is none. */
static u64 *next_table(const u64 *table, unsigned index)
{
    u64 e = READ_ONCE(table[index]);

    if (!(e & PTE_P) || unlikely(!mfn_valid(pte_mfn(e))))
        return NULL;
    return mfn_to_virt(pte_mfn(e));
}

u64 *pte_find(const struct vcpu *v, vaddr_t va)
{
    paddr_t root = pv_current_cr3(v->pv);
    u64 *table;

    if (!root || !guest_address_ok(va))
        return NULL;
    table = next_table(paddr_to_virt(root), va >> 39 & 511);
    if (table)
        table = next_table(table, va >> 30 & 511);
    if (table)
        table = next_table(table, va >> 21 & 511);
    return table ? &table[va >> 12 & 511] : NULL;
}

mfn_t pv_translate(struct vcpu *v, vaddr_t va)
{
    const u64 *slot = pte_find(v, va);
    u64 e = slot ? READ_ONCE(*slot) : 0;

    return e & PTE_P ? pte_mfn(e) : INVALID_MFN;
}
