/* SPDX-License-Identifier: GPL-2.0-only */
/* Page tables of PV guests, for the other parts of pv/ and the domain builder. docs/memory.md tells the rules. */
#ifndef HV_PV_MMU_H
#define HV_PV_MMU_H

#include "pv/pv.h"

/*
 * Loads the root for the present mode of @v, which is current. The only place that does. Without one its domain is
 * crashed. Any interrupt state.
 */
void pv_load_root(struct vcpu *v);

/* The frame that @va is mapped to in the present root of @v; INVALID_MFN when it is not mapped. Takes no lock. */
mfn_t pv_translate(struct vcpu *v, vaddr_t va);

/*
 * Validates and pins a page table of @d / gives the pin up. @return 0, -EINVAL (not a table of that level, pinned
 * already / not pinned, domain dying), other errors of its contents, -ERESTART: call again.
 */
int pv_pin_table(struct domain *d, mfn_t mfn, enum frame_type type);
int pv_unpin_table(struct domain *d, mfn_t mfn);

/* Loads @root for @v when set: pv/xpti.c and, while a domain is in log-dirty mode, pv/mmu_shadow.c, which then asks the former. */
extern void (*pv_root_loader)(struct vcpu *v, u64 root);
/* Called, when set, after another root than a guest's own has been loaded for it (pv/mmu_shadow.c; copies for XPTI). */
extern void (*pv_root_loaded)(struct vcpu *v, u64 root);
/* The user root of @v, which is current, is set anew, be it to the same: what stands for it is void (pv/mmu_shadow.c). */
void pv_forget_user_shadow(struct vcpu *v);
/*
 * Called, when set, after entry @slot of the level-4 table @root of @d has changed, before what it referred to is given up (copies
 * for XPTI): no CPU uses the old entry afterwards. @d NULL: a root that this CPU alone loads. mmu_lock of @d held.
 */
extern void (*pv_root_changed)(struct domain *d, mfn_t root, unsigned slot);

/* struct domain_kind.grant_map and .grant_unmap of PV guests (domain/domain.h). */
int pv_grant_map(u64 host_addr, mfn_t frame, u32 flags);
int pv_grant_unmap(u64 host_addr, mfn_t frame, u64 new_addr, u32 flags);

#endif
