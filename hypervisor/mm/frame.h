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

/* False for MMIO and for frames that the hypervisor keeps to itself without a record. */
bool mfn_valid(mfn_t mfn);

static inline struct frame *mfn_to_frame(mfn_t mfn)
{
    return &frame_table[mfn.n];
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
/* Takes a further reference on a frame on which the caller holds one. */
bool frame_get_more(struct frame *f);
void frame_put(struct frame *f);

/*
 * Takes a type reference: the frame has @type from now on, and for page
 * and descriptor tables its contents have been validated. The caller holds a
 * general reference. @return 0; -EINVAL: it has another type or its contents
 * are not allowed; -ERESTART: to be called again (progress is kept in the
 * frame); -EBUSY is not used: it waits while another CPU validates.
 */
int frame_get_type(struct frame *f, enum frame_type type);
void frame_put_type(struct frame *f);
/* As frame_put_type but may return -ERESTART, progress kept. */
int frame_put_type_preemptible(struct frame *f);

int frame_get_and_type(struct frame *f, domid_t owner, enum frame_type type);
void frame_put_and_type(struct frame *f);

/*
 * What the upper floors register: checking the contents of typed frames
 * (pv/mmu_validate.c), and giving a frame back to its domain's account
 * (domain/pages.c), which then frees it.
 */
struct frame_ops {
    int (*validate)(struct frame *f, enum frame_type type);   /* 0, -EINVAL, -ERESTART */
    int (*invalidate)(struct frame *f, enum frame_type type); /* 0, -ERESTART */
    void (*flush)(struct frame *f); /* before a frame changes type: stale TLB entries of its owner since tlb_stamp */
    void (*release)(struct frame *f, domid_t owner);          /* last reference gone */
};
extern struct frame_ops frame_ops;

/* Machine-to-physical table, at RO_M2P_START for guests. */
void m2p_set(mfn_t mfn, u64 pfn); /* pfn or INVALID_M2P_ENTRY */
u64 m2p_get(mfn_t mfn);
#define INVALID_M2P_ENTRY (~0UL)

/*
 * Makes frame table and M2P for the RAM ranges of the memory map (each called
 * once per range, aligned inwards to pages) and hands free memory to the
 * buddy allocator. See boot/memory_map.c.
 */
void frame_table_init(paddr_t highest);

#endif
