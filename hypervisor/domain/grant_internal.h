/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the grant tables. */
#ifndef HV_DOMAIN_GRANT_INTERNAL_H
#define HV_DOMAIN_GRANT_INTERNAL_H

#include "domain/domain.h"
#include "domain/grant_table.h"
#include <xen/grant_table.h>

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))

/* What we know of an entry that is in use; the guest's own entry is never believed twice. */
struct grant_active {
    u16 host_readers, host_writers; /* mappings and copies under way */
    u16 dev_readers, dev_writers;
    domid_t by;                     /* who uses it; others may not meanwhile */
    u16 pad;
    u32 frame;
};
#define PIN_MAX 0x7fff

/*
 * A mapping that a domain has made; its handle is the index. A free record is filled by whoever took the handle, the use last;
 * one in use changes under the lock of the table of the domain that the use names. So who holds that lock and has read, at once,
 * a use that names its domain, knows that the whole record stays.
 */
struct maptrack {
    u32 ref;
    u32 next;      /* free: the next free one */
    union {
        struct {
            domid_t domid; /* whose grant */
            u16 flags;     /* GNTMAP_* of what is still mapped; 0: free */
        };
        u32 use;   /* both, as they change: see below */
    };
    u32 frame;
};
#define MAPTRACK_PER_FRAME (PAGE_SIZE / sizeof(struct maptrack))
#define NO_HANDLE (~0u)

struct grant_table {
    struct spinlock lock;             /* LOCK_GRANT_TABLE: everything here */
    unsigned frames, max_frames;      /* of entries, now and at most */
    struct grant_entry_v1 **shared;   /* max_frames pages, seen by the guest */
    struct grant_active **active;     /* for each of them ENTRIES_PER_FRAME records */
    unsigned maptrack_frames, max_maptrack;
    struct maptrack **maptrack;       /* max_maptrack pages; never freed while the domain lives */
    u32 free_handle;                  /* NO_HANDLE: none */
    u32 release_next;                 /* grant_release_mappings: where it goes on */
    bool visible;                     /* frames are shared with the domain */
};

/* With the table's lock held. NULL: no such entry */
static inline struct grant_active *grant_active(struct grant_table *t, u32 ref)
{
    return ref < t->frames * ENTRIES_PER_FRAME ? &t->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME] : NULL;
}

static inline struct grant_entry_v1 *grant_shared(struct grant_table *t, u32 ref)
{
    return &t->shared[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}

/* With the table's lock held: at least @frames frames. -EINVAL: over the limit or dying, -ENOMEM */
int grant_table_grow(struct domain *d, unsigned frames);

/*
 * grant_pin.c: puts entry @ref of @rd to one more use by domain @by, as
 * @flags say (GNTMAP_host_map or device_map or both; GNTMAP_readonly), and takes the references on the frame that
 * go with it: one, with the writable type unless read-only. @return GNTST_*; *@frame when okay
 */
int grant_pin(struct domain *rd, u32 ref, domid_t by, u32 flags, mfn_t *frame);
/* The opposite; @flags: what ends. The references on the frame stay: grant_frame_put(). */
void grant_unpin(struct domain *rd, u32 ref, u32 flags);
void grant_frame_put(mfn_t frame, u32 flags);
/* A reference on a frame of @d, with the writable type unless read-only. GNTST_* */
int grant_frame_get(struct domain *d, mfn_t frame, u32 flags);

/* grant_map.c and others: @count operations at @uop. @return number done (less than @count: preempted), negative */
long grant_do_map(vaddr_t uop, u32 count);
long grant_do_unmap(vaddr_t uop, u32 count);
long grant_do_unmap_and_replace(vaddr_t uop, u32 count);
long grant_do_copy(vaddr_t uop, u32 count);
long grant_do_transfer(vaddr_t uop, u32 count);

#endif
