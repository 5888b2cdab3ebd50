/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frame records: for every frame of machine memory its owner, its references
 * and its type. The rules (invariant 1 of docs/architecture.md):
 *
 * - A frame of a domain is allocated while FRAME_ALLOCATED is set, which holds
 *   one reference. When the last reference goes, the frame is freed.
 * - The type may change only while the type count is zero. A type reference
 *   is always held together with a general one.
 * - Types are exclusive: a frame with type count > 0 as a page table or a
 *   descriptor table is nowhere mapped writable by a guest.
 *
 * Everything here works without a lock by compare-and-swap on the two words.
 */
#ifndef HV_MM_FRAME_H
#define HV_MM_FRAME_H

#include "atomic.h"
#include "bitmap.h"
#include "bug.h"
#include "machine/layout.h"
#include <xen/xen.h> /* domid_t */

struct frame {
    u32 refs; /* FRAME_* flags and the reference count */
    u32 type; /* enum frame_type in the top four bits, TYPE_* flags, type count */
    u16 owner; /* domid; DOMID_INVALID when free or the hypervisor's own; DOMID_IO, DOMID_XEN */
    union {
        u16 partial;   /* page table with TYPE_PARTIAL: entries done so far */
        u16 tlb_stamp; /* type count zero: when the last typed reference went (machine/tlb.h) */
        u16 order;     /* free: block size; allocated to the hypervisor: order to free with */
    };
};
_Static_assert(sizeof(struct frame) == 12, "the frame table must stay small");

/* struct frame.refs */
#define FRAME_ALLOCATED BIT(31) /* the owner's own reference */
#define FRAME_XENHEAP BIT(30)   /* the hypervisor's page, shared with its owner (shared info, grant table) */
#define FRAME_FREE BIT(29)      /* in the buddy allocator */
#define FRAME_BAD BIT(28)       /* never to be used */
#define FRAME_DIRTY BIT(27)     /* written since its owner's log was cleaned; of no meaning unless that is in log-dirty mode */
#define FRAME_FOREIGN BIT(26)   /* another domain than its owner has mapped it writable since all CPUs were flushed of that */
#define FRAME_COUNT 0x03ffffffu

/* struct frame.type */
enum frame_type {
    FRAME_NONE,
    FRAME_L1,      /* page table, level 1 = the lowest */
    FRAME_L2,
    FRAME_L3,
    FRAME_L4,
    FRAME_SEGDESC, /* GDT or LDT */
    FRAME_WRITABLE,
};
#define TYPE_SHIFT 28
#define TYPE_PINNED BIT(27)    /* the owner pinned it: holds one type reference */
#define TYPE_VALIDATED BIT(26) /* its contents have been checked for this type */
#define TYPE_PARTIAL BIT(25)   /* checked (or un-checked) in part, frame.partial says how far */
#define TYPE_LOCKED BIT(24)    /* somebody is validating or changing it: wait */
#define TYPE_COUNT 0x00ffffffu

extern u64 max_frame;           /* one above the highest frame with a record */
extern struct frame *frame_table;

static inline struct frame *mfn_to_frame(mfn_t mfn)
{
    return &frame_table[mfn.n];
}

extern unsigned long frame_section_map[]; /* sections of 128 MiB that have records, see below */
#define FRAME_SECTION_SHIFT 15

/* False for MMIO and for frames that the hypervisor keeps to itself without a record. */
static inline bool mfn_valid(mfn_t mfn)
{
    return mfn.n < max_frame && test_bit((unsigned)(mfn.n >> FRAME_SECTION_SHIFT), frame_section_map) &&
           !(READ_ONCE(mfn_to_frame(mfn)->refs) & FRAME_BAD);
}

static inline mfn_t frame_to_mfn(const struct frame *f)
{
    return MFN((u64)(f - frame_table));
}

static inline enum frame_type frame_type(const struct frame *f)
{
    return (enum frame_type)(READ_ONCE(f->type) >> TYPE_SHIFT);
}

/*
 * Takes a reference if @f is allocated and owned by @owner. @return false when it is not, or when the count is full.
 */
bool frame_get(struct frame *f, domid_t owner);
/*
 * Takes a further reference on a frame on which the caller holds one, or on any that has one, of whose owner the caller
 * makes sure afterwards. @return false: it has none, or the count is full
 */
bool frame_get_more(struct frame *f);
/* The same for a TYPE_PARTIAL state, which must not fail: the others leave a few counts free for it. */
void frame_get_reserved(struct frame *f);
/* Its owner's CPUs are not the only ones that may write to it. The caller holds a reference of type FRAME_WRITABLE. */
void frame_set_foreign(struct frame *f);
/* Drops @n references at once / one reference. The last one gives the frame back (frame_ops.release). */
static inline void frame_put_many(struct frame *f, unsigned n);
static inline void frame_put(struct frame *f);

/*
 * Takes a type reference: the frame has @type from now on, and for page
 * and descriptor tables its contents have been validated. The caller holds a
 * general reference. For page tables (L1 to L4) it also holds the owner's
 * pv->mmu_lock. @return 0; -EINVAL: it has another type or its contents
 * are not allowed (other errors may come from the contents, -EBUSY, -EPERM); -ERESTART: to
 * be called again (progress is kept in the frame). It waits while another CPU validates.
 */
int frame_get_type(struct frame *f, enum frame_type type);
/*
 * Drops a type reference. When it was the last one of a page table, the table's entries are given back: all of
 * them by frame_put_type, which the caller may use only where this is bounded (writable, segdesc, L1, L2);
 * or until preempt_needed() by frame_put_type_preemptible, which then returns
 * -ERESTART: the type reference is gone, the rest of the work waits in the frame (TYPE_PARTIAL)
 * and is done by frame_unvalidate() or by destruction of the domain.
 */
void frame_put_type(struct frame *f);
int frame_put_type_preemptible(struct frame *f);

int frame_get_and_type(struct frame *f, domid_t owner, enum frame_type type);
void frame_put_and_type(struct frame *f);

/*
 * The steps of which the above are made, for the one that walks page tables
 * (pv/mmu_validate.c) and must not recurse. A frame is in one of these states:
 *
 *   count > 0                 it has its type; VALIDATED unless WRITABLE
 *   LOCKED                    somebody validates, un-validates or flushes; count 0
 *   PARTIAL                   a page table whose first frame.partial entries hold their references, the
 *                             others none; count 0. The state itself holds one general reference.
 *   none of them              no type; the old one is remembered until the TLBs are known to be clean
 *
 * frame_type_begin: @return TYPE_HELD: done, count increased; TYPE_FRESH, TYPE_RESUMED: the frame is LOCKED
 * for the caller, who goes on from entry 0 or frame.partial and ends with one of the other
 * functions; -EINVAL: the frame has another type. Whoever ends TYPE_RESUMED otherwise than with
 * frame_type_suspend drops the general reference that PARTIAL held.
 */
enum type_progress { TYPE_HELD, TYPE_FRESH, TYPE_RESUMED };
int frame_type_begin(struct frame *f, enum frame_type type);
/* Drops a type reference. @return true: it was the last of a validated type; LOCKED, all entries hold references. */
bool frame_type_drop(struct frame *f);
/* Takes a PARTIAL frame up again to un-validate it. @return false: it is not PARTIAL */
bool frame_type_resume(struct frame *f);
void frame_type_commit(struct frame *f);                    /* LOCKED -> VALIDATED, count 1 */
void frame_type_abort(struct frame *f);                     /* LOCKED -> no type */
void frame_type_suspend(struct frame *f, unsigned entries); /* LOCKED -> PARTIAL; takes over a general reference */

/*
 * Pins are type references that the owner asked for. frame_pin turns one that
 * the caller holds (with its general one) into a pin, frame_unpin the other way round. @return false: it is pinned
 * already / not pinned.
 */
bool frame_pin(struct frame *f);
bool frame_unpin(struct frame *f);

/*
 * What the upper floors register: checking the contents of typed frames
 * (pv/mmu_validate.c), and giving a frame back to its domain's account
 * (domain/pages.c), which then frees it.
 */
struct frame_ops {
    /* @f is LOCKED as @type by frame_type_begin (@how); ends that state. 0, negative; -ERESTART: suspended */
    int (*validate)(struct frame *f, enum frame_type type, enum type_progress how);
    /* @f is LOCKED by frame_type_drop; ends that state. 0, -ERESTART: suspended. Never when not @preemptible */
    int (*invalidate)(struct frame *f, bool preemptible);
    void (*flush)(struct frame *f); /* before a frame changes type: stale TLB entries since tlb_stamp; it is LOCKED, count 0 */
    void (*release)(struct frame *f, domid_t owner);          /* last reference gone */
};
extern struct frame_ops frame_ops;

static inline void frame_put_many(struct frame *f, unsigned n)
{
    u32 left = atomic_sub_return(&f->refs, n);

    /* None left, or (what must not be) fewer than none: one comparison for both. */
    if (unlikely(((left - 1) & FRAME_COUNT) >= FRAME_COUNT - n)) {
        BUG_ON(left & (FRAME_COUNT | FRAME_ALLOCATED));
        frame_ops.release(f, f->owner);
    }
}

static inline void frame_put(struct frame *f)
{
    frame_put_many(f, 1);
}

/*
 * Log-dirty mode (pv/mmu_logdirty.c): whoever writes to a guest's frame otherwise than through the guest's own page tables
 * says so afterwards. The caller need not hold a reference; a frame that has none is left alone.
 */
extern u32 dirty_logging; /* how many domains are in log-dirty mode */
void frame_mark_dirty(struct frame *f);

static inline void frame_note_write(struct frame *f)
{
    if (unlikely(READ_ONCE(dirty_logging)))
        frame_mark_dirty(f);
}

/* Machine-to-physical table, at RO_M2P_START for guests. */
void m2p_set(mfn_t mfn, u64 pfn); /* pfn or INVALID_M2P_ENTRY; ignored for frames without a record */
u64 m2p_get(mfn_t mfn);           /* INVALID_M2P_ENTRY for frames without a record */
#define INVALID_M2P_ENTRY (~0UL)

/*
 * Frame records and M2P exist for whole sections of 128 MiB that contain RAM.
 * Order at boot: frame_table_init(highest address of RAM + 1); for each section that RAM
 * touches, map zeroed memory at frame_table + s * FRAME_SECTION_RECORD_BYTES and at
 * RW_M2P_START + s * FRAME_SECTION_M2P_BYTES (read-only for guests also at RO_M2P_START); then
 * frame_table_add() for each RAM range of the memory map, aligned inwards; then buddy_add() for
 * those parts of it that are free. RAM that is not given to the buddy stays the hypervisor's.
 */
#define FRAMES_PER_SECTION (1UL << FRAME_SECTION_SHIFT)
#define FRAME_SECTION_RECORD_BYTES (FRAMES_PER_SECTION * sizeof(struct frame)) /* 96 pages */
#define FRAME_SECTION_M2P_BYTES (FRAMES_PER_SECTION * sizeof(u64))             /* 64 pages */

void frame_table_init(paddr_t highest);
void frame_table_add(mfn_t start, u64 frames);

#endif
