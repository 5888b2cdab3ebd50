/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files pv/mmu_*.c share. Everything that takes a domain whose
 * page tables it changes is called with that domain's pv->mmu_lock held.
 */
#ifndef HV_PV_MMU_PRIVATE_H
#define HV_PV_MMU_PRIVATE_H

#include "errno.h"
#include "mm/paging.h"
#include "pv/mmu.h"

/* ---- entries: pv/mmu_entry.c ---- */

/* Real Xen marks mappings of the guest kernel so, which run in ring 3 as well: the guest may see the bit. */
#define PTE_GUEST_KERNEL BIT(52)
#define PTE_AVAIL_HIGH (0x7ffUL << 52)
#define PTE_CACHE (PTE_PWT | PTE_PCD | PTE_PAT)
/* Flags that a guest may use in entries of level 2 to 4. */
#define PTE_UPPER_ALLOWED \
    (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH | PTE_NX | PTE_ADDR)
#define PTE_L1_ALLOWED (PTE_UPPER_ALLOWED | PTE_G)
/* Changes of nothing but these need no new check. */
#define PTE_HARMLESS (PTE_NX | PTE_AVAIL_HIGH | PTE_AVAIL | PTE_G | PTE_D | PTE_A | PTE_US)

static inline mfn_t pte_mfn(u64 pte)
{
    return MFN((pte & PTE_ADDR) >> PAGE_SHIFT);
}

/* The form in which a permitted level-1 entry is stored: reachable from ring 3, never global. */
static inline u64 pte_adjust_l1(u64 pte)
{
    if (!(pte & PTE_US))
        pte |= PTE_US | PTE_GUEST_KERNEL;
    return pte & ~PTE_G;
}

/* May @d set cache attributes in its mappings (it drives devices)? */
bool pte_cache_allowed(const struct domain *d);

/*
 * Checks a present level-1 entry of @pt that refers to a frame of @pg, takes the references that
 * the mapping holds and brings *@pte to the form to be stored. @return 0; -EINVAL: flags;
 * -EPERM: MMIO that it may not map; -EBUSY: not a frame of @pg or, writable, a frame with another type.
 */
int pte_get_l1(struct domain *pt, struct domain *pg, u64 *pte);
/* Drops the references of a present level-1 entry. */
void pte_put_l1(u64 pte);

enum pte_write { PTE_WRITE, PTE_PRESERVE_AD, PTE_EXACT };
/* Stores @new where @old was read. @return false: PTE_EXACT and it is no longer @old */
bool pte_store(u64 *slot, u64 old, u64 new_value, enum pte_write how);

/*
 * One change of an entry in a validated table of @pt. @slot: in the direct map. level-1 entries may refer to
 * frames of @pg. @return 0, -EINVAL, -EPERM, -EBUSY, -EAGAIN (PTE_EXACT), -ERESTART (nothing changed: again)
 */
int pte_change_l1(struct domain *pt, struct domain *pg, u64 *slot, u64 old, u64 new_value, enum pte_write how);
int pte_change_upper(struct domain *pt, struct frame *table, u64 *slot, u64 new_value, enum pte_write how);

/* The level-1 slot for @va in the present root of @v; NULL: there is no table for it. mmu_lock held. */
u64 *pte_find(const struct vcpu *v, vaddr_t va);

/* ---- validation: pv/mmu_validate.c ---- */

/* Locks @d against changes of its page tables. @return false (unlocked): it is dying */
bool mmu_lock(struct domain *d);
void mmu_unlock(struct domain *d);
/* Lets those who wait for the lock go first; it is held again afterwards. @return false: the domain is dying */
bool mmu_give_way(struct domain *d);

/* Goes on with tables that are to be un-validated. 0, -ERESTART */
int mmu_finish_stale_tables(struct domain *d);
static inline bool mmu_has_stale(const struct domain *d)
{
    return d->pv->stale[0] || d->pv->stale[1] || d->pv->stale[2];
}

static inline int mmu_finish_stale(struct domain *d)
{
    return likely(!mmu_has_stale(d)) ? 0 : mmu_finish_stale_tables(d);
}

/* Un-validates a TYPE_PARTIAL table. 0 (also when it is none), -ERESTART */
int mmu_unvalidate_partial(struct domain *d, struct frame *f);

/* True for level-4 slots that belong to the hypervisor. */
static inline bool l4_slot_is_host(unsigned slot)
{
    return slot >= HV_FIRST_SLOT && slot <= HV_LAST_SLOT;
}

/* ---- roots: pv/mmu_root.c; mmu_lock held ---- */
int mmu_take_root(struct domain *d, mfn_t mfn);
void mmu_drop_root(struct domain *d, mfn_t mfn); /* what is left to do becomes stale */
int mmu_pin(struct domain *d, mfn_t mfn, enum frame_type type);
int mmu_unpin(struct domain *d, mfn_t mfn);

/* ---- who may do what to whom: pv/mmu_root.c ---- */
#define MMU_UPDATE_PREEMPTED 0x80000000u /* in the count of a continued call, as real Xen has it */

/* True when the running domain may change @t: itself, the one it is the device model of, or any for a privileged one. */
bool mmu_may_control(const struct domain *t);
/* The owner of pages that a call names: DOMID_SELF, DOMID_IO, DOMID_XEN or another domain; with a reference. NULL: -ESRCH */
struct domain *mmu_page_owner(domid_t id);

/* The physical CPUs on which the running domain's vCPUs of the guest's bitmap at @vcpu_bitmap are. 0, -EFAULT (pv/mmu_ext.c) */
int mmu_vcpus_to_cpus(vaddr_t vcpu_bitmap, struct cpumask *mask);

#endif
