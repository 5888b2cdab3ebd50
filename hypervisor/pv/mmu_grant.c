/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host mappings of granted frames in a PV guest's page tables: putting the
 * entry, and taking it away after making sure that it is that very mapping.
 * The entry holds references like any other, so it does no harm when a guest
 * clears it in the ordinary way; the grant then cannot be unmapped any more.
 * Called by domain/grant_table.c, whose locks may be held. Lock: the mmu_lock of
 * the running domain. TLBs are flushed by the caller.
 */
#include "machine/cpu.h"
#include "pv/mmu_private.h"
#include <xen/grant_table.h>

/* The level-1 slot that the operation names, its table held by a reference on @table. mmu_lock held. NULL: none */
static u64 *find_slot(struct domain *d, u64 host_addr, u32 flags, struct frame **table)
{
    mfn_t mfn = paddr_to_mfn(host_addr);
    struct frame *f;
    u64 *slot;

    *table = NULL;
    if (!(flags & GNTMAP_contains_pte)) {
        slot = pte_find(current, host_addr);
        return slot;
    }
    if ((host_addr & 7) || !mfn_valid(mfn))
        return NULL;
    f = mfn_to_frame(mfn);
    if (!frame_get(f, d->id))
        return NULL;
    if (frame_type(f) != FRAME_L1 || !(READ_ONCE(f->type) & TYPE_VALIDATED)) {
        frame_put(f);
        return NULL;
    }
    *table = f;
    return paddr_to_virt(host_addr);
}

static void put_slot(struct frame *table)
{
    if (table)
        frame_put(table);
}

static u64 grant_entry(mfn_t frame, u32 flags)
{
    u64 e = mfn_to_paddr(frame) | PTE_P | PTE_A | PTE_D;

    if (!(flags & GNTMAP_readonly))
        e |= PTE_RW;
    if (flags & GNTMAP_application_map)
        e |= PTE_US;
    e |= ((u64)(flags >> _GNTMAP_guest_avail0) << 9) & PTE_AVAIL;
    return pte_adjust_l1(e);
}

int pv_grant_map(u64 host_addr, mfn_t frame, u32 flags)
{
    struct domain *d = current->domain;
    struct frame *f = mfn_to_frame(frame), *table;
    u64 *slot, old;
    int rc = GNTST_general_error;

    if (!mfn_valid(frame) || !mmu_lock(d))
        return GNTST_general_error;
    slot = find_slot(d, host_addr, flags, &table);
    if (!slot)
        goto unlock;
    if (!frame_get(f, f->owner))
        goto put;
    if (!(flags & GNTMAP_readonly) && frame_get_type(f, FRAME_WRITABLE)) {
        frame_put(f);
        goto put;
    }
    old = READ_ONCE(*slot);
    pte_store(slot, old, grant_entry(frame, flags), PTE_WRITE);
    if (old & PTE_P)
        pte_put_l1(old);
    rc = GNTST_okay;
put:
    put_slot(table);
unlock:
    mmu_unlock(d);
    return rc;
}

/* Takes the entry at @new_addr out of its place, references included. @return false: there is no place */
static bool take_entry(u64 new_addr, u64 *entry)
{
    u64 *slot = pte_find(current, new_addr);

    if (!slot)
        return false;
    *entry = READ_ONCE(*slot);
    pte_store(slot, *entry, 0, PTE_WRITE);
    return true;
}

/* Replaces the mapping of @frame in *@slot. mmu_lock held. */
static int replace(u64 *slot, mfn_t frame, u64 new_addr, u32 flags)
{
    u64 old = READ_ONCE(*slot), entry = 0, want = PTE_P | (flags & GNTMAP_readonly ? 0 : PTE_RW);

    if (!mfn_eq(pte_mfn(old), frame) || (old & (PTE_P | PTE_RW)) != want)
        return GNTST_general_error;
    if (new_addr && (slot == pte_find(current, new_addr) || !take_entry(new_addr, &entry)))
        return GNTST_general_error;
    pte_store(slot, old, entry, PTE_WRITE);
    pte_put_l1(old);
    return GNTST_okay;
}

int pv_grant_unmap(u64 host_addr, mfn_t frame, u64 new_addr, u32 flags)
{
    struct domain *d = current->domain;
    struct frame *table;
    u64 *slot;
    int rc = GNTST_general_error;

    /* As on real Xen an entry cannot be moved to one that is named by its machine address. */
    if (((flags & GNTMAP_contains_pte) && new_addr) || !mmu_lock(d))
        return GNTST_general_error;
    slot = find_slot(d, host_addr, flags, &table);
    if (slot)
        rc = replace(slot, frame, new_addr, flags);
    put_slot(table);
    mmu_unlock(d);
    return rc;
}
