/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allocator of machine frames: a binary buddy over all RAM with two zones,
 * below 4 GiB and above. Lock: LOCK_BUDDY. Interrupt context may not allocate.
 */
#ifndef HV_MM_BUDDY_H
#define HV_MM_BUDDY_H

#include "mm/frame.h"

#define MAX_ORDER 18 /* 1 GiB */

enum buddy_flags {
    BUDDY_ANY = 0,          /* prefers memory above 4 GiB */
    BUDDY_BELOW_4G = 1,     /* must lie below 4 GiB */
    BUDDY_NO_SCRUB = 2,     /* contents may be anything (the caller overwrites all) */
    BUDDY_CLAIMED = 4,      /* may take what is claimed: for the claimer, and for our own needs */
};

/*
 * @order: 2^order contiguous, naturally aligned frames. @max_bits: highest address bit + 1 (0: any).
 * The frames come out zeroed unless BUDDY_NO_SCRUB, with refs = type = 0, owner DOMID_INVALID.
 * @return INVALID_MFN when there is none.
 */
mfn_t buddy_alloc(unsigned order, unsigned max_bits, unsigned flags);
void buddy_free(mfn_t mfn, unsigned order);

/*
 * Gives RAM that was not the allocator's so far to it (memory map, boot modules that are done). The frames have
 * records (frame_table_add) and nobody refers to them. Frame 0 is never given out.
 */
void buddy_add(mfn_t start, u64 frames);

u64 buddy_free_frames(void);            /* free now, claims not subtracted */
u64 buddy_total_frames(void);           /* ever added */
u64 buddy_free_frames_below_4g(void);

/*
 * Claims (XENMEM_claim_pages): frames set aside for a domain that is being built; others do not get them. Who
 * draws on its claim allocates with BUDDY_CLAIMED and then takes what it got off the claim. @return 0, -ENOMEM
 */
int buddy_claim(u64 frames);
void buddy_unclaim(u64 frames);
u64 buddy_claimed(void);

/* One zeroed page of the hypervisor's own, in the direct map. @return NULL: none */
void *page_alloc(void);
void page_free(void *page);
void *pages_alloc(unsigned order);
void pages_free(void *pages, unsigned order);

#endif
