/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frame records: references and types, by compare-and-swap on the two words of
 * struct frame (states: mm/frame.h). What a type means, and how its contents
 * are checked, is known above (frame_ops). Also the machine-to-physical
 * table. No locks of its own; TYPE_LOCKED makes others of the same type wait.
 */
#include "mm/frame.h"

#include "errno.h"
#include "machine/smp.h"
#include "machine/tlb.h"

#define MAX_SECTIONS ((DIRECT_MAP_END - DIRECT_MAP_START) >> (FRAME_SECTION_SHIFT + PAGE_SHIFT))

#define RESERVED_COUNT 16 /* references that only frame_get_reserved gives out */

u64 max_frame;
struct frame *frame_table;
struct frame_ops frame_ops;
unsigned long frame_section_map[BITS_TO_LONGS(MAX_SECTIONS)];

/* ---- references ---- */

static bool add_reference(struct frame *f, u32 required)
{
    u32 x = READ_ONCE(f->refs);

    do {
        if (unlikely((x & required) != required) || unlikely(!(x & FRAME_COUNT)) ||
            unlikely((x & FRAME_COUNT) >= FRAME_COUNT - RESERVED_COUNT))
            return false;
    } while (!atomic_cmpxchg(&f->refs, &x, x + 1));
    return true;
}

bool frame_get(struct frame *f, domid_t owner)
{
    if (unlikely(READ_ONCE(f->owner) != owner) || !add_reference(f, FRAME_ALLOCATED))
        return false;
    if (likely(READ_ONCE(f->owner) == owner))
        return true;
    frame_put(f); /* it was freed and given to another meanwhile */
    return false;
}

bool frame_get_more(struct frame *f)
{
    return add_reference(f, 0);
}

void frame_get_reserved(struct frame *f)
{
    u32 x = atomic_add_return(&f->refs, 1);

    BUG_ON((x & FRAME_COUNT) == 0);
}

void frame_set_foreign(struct frame *f)
{
    if (!(READ_ONCE(f->refs) & FRAME_FOREIGN))
        atomic_or(&f->refs, (u32)FRAME_FOREIGN);
}

u32 dirty_logging;

void frame_mark_dirty(struct frame *f)
{
    u32 x = READ_ONCE(f->refs);

    do {
        if ((x & FRAME_DIRTY) || !(x & FRAME_COUNT))
            return;
    } while (!atomic_cmpxchg(&f->refs, &x, x | FRAME_DIRTY));
}

/* ---- types ---- */

static bool is_table(enum frame_type type)
{
    return type >= FRAME_L1 && type <= FRAME_SEGDESC;
}

/* Adds one to the count of a type that the frame has. */
static bool type_count_up(struct frame *f, u32 x)
{
    return (x & TYPE_COUNT) != TYPE_COUNT && atomic_cmpxchg(&f->type, &x, x + 1);
}

/*
 * A frame whose type count is zero becomes @type. Nobody can take a reference while it is LOCKED, so no stale
 * translation can come up between the flush and the first reference.
 */
static int change_type(struct frame *f, u32 x, enum frame_type type)
{
    enum frame_type old = x >> TYPE_SHIFT;
    u32 held = ((u32)type << TYPE_SHIFT) | 1;

    if (!is_table(type) && (old == FRAME_NONE || old == type))
        return atomic_cmpxchg(&f->type, &x, held) ? TYPE_HELD : -EAGAIN;
    if (!atomic_cmpxchg(&f->type, &x, ((u32)type << TYPE_SHIFT) | TYPE_LOCKED))
        return -EAGAIN;
    if (old != FRAME_NONE && old != type)
        frame_ops.flush(f);
    if (is_table(type))
        return TYPE_FRESH;
    atomic_store(&f->type, held);
    return TYPE_HELD;
}

/* One attempt; -EAGAIN: the word changed meanwhile or the frame is locked. */
static int try_begin(struct frame *f, enum frame_type type)
{
    u32 x = READ_ONCE(f->type);
    enum frame_type old = x >> TYPE_SHIFT;

    if (x & (TYPE_LOCKED | TYPE_PARTIAL | TYPE_COUNT)) {
        if (old != type)
            return -EINVAL;
        if (x & TYPE_LOCKED)
            return -EAGAIN;
        if (x & TYPE_PARTIAL)
            return atomic_cmpxchg(&f->type, &x, (x & ~TYPE_PARTIAL) | TYPE_LOCKED) ? TYPE_RESUMED : -EAGAIN;
        if ((x & TYPE_COUNT) == TYPE_COUNT)
            return -EINVAL;
        return type_count_up(f, x) ? TYPE_HELD : -EAGAIN;
    }
    return change_type(f, x, type);
}

int frame_type_begin(struct frame *f, enum frame_type type)
{
    int rc;

    while ((rc = try_begin(f, type)) == -EAGAIN)
        smp_wait(); /* whoever holds it may be flushing this CPU's TLB */
    return rc;
}

/*
 * The last reference goes to LOCKED first, and only then the stamp is taken (frame_type_abort): whoever flushed before can
 * have made a new translation, and given it up again, while the count was not zero yet. The exchange is a full barrier, so
 * the page-table entry that went before it is gone for all CPUs when the clock is read.
 */
bool frame_type_drop(struct frame *f)
{
    u32 x = READ_ONCE(f->type), n;

    do {
        n = x - 1;
        if ((x & TYPE_COUNT) <= 1) {
            BUG_ON(!(x & TYPE_COUNT) || (x & (TYPE_LOCKED | TYPE_PARTIAL | TYPE_PINNED)));
            n = (n & ~TYPE_VALIDATED) | TYPE_LOCKED;
        }
    } while (!atomic_cmpxchg(&f->type, &x, n));
    if (!(n & TYPE_LOCKED))
        return false;
    if (x & TYPE_VALIDATED)
        return true;
    frame_type_abort(f);
    return false;
}

bool frame_type_resume(struct frame *f)
{
    u32 x = READ_ONCE(f->type);

    do {
        if (!(x & TYPE_PARTIAL))
            return false;
    } while (!atomic_cmpxchg(&f->type, &x, (x & ~TYPE_PARTIAL) | TYPE_LOCKED));
    return true;
}

/* While a frame is LOCKED nobody else changes its type word. */
void frame_type_commit(struct frame *f)
{
    ASSERT(f->type & TYPE_LOCKED);
    atomic_store(&f->type, (f->type & ~TYPE_LOCKED) | TYPE_VALIDATED | 1);
}

void frame_type_abort(struct frame *f)
{
    ASSERT(f->type & TYPE_LOCKED);
    f->tlb_stamp = tlb_clock();
    atomic_store(&f->type, f->type & ~TYPE_LOCKED);
}

void frame_type_suspend(struct frame *f, unsigned entries)
{
    ASSERT((f->type & TYPE_LOCKED) && entries <= 512);
    f->partial = entries;
    atomic_store(&f->type, (f->type & ~TYPE_LOCKED) | TYPE_PARTIAL);
}

int frame_get_type(struct frame *f, enum frame_type type)
{
    int rc = frame_type_begin(f, type);

    return rc <= TYPE_HELD ? rc : frame_ops.validate(f, type, rc);
}

void frame_put_type(struct frame *f)
{
    if (unlikely(frame_type_drop(f)))
        frame_ops.invalidate(f, false);
}

int frame_put_type_preemptible(struct frame *f)
{
    return unlikely(frame_type_drop(f)) ? frame_ops.invalidate(f, true) : 0;
}

int frame_get_and_type(struct frame *f, domid_t owner, enum frame_type type)
{
    int rc;

    if (!frame_get(f, owner))
        return -EINVAL;
    rc = frame_get_type(f, type);
    if (rc)
        frame_put(f);
    return rc;
}

void frame_put_and_type(struct frame *f)
{
    frame_put_type(f);
    frame_put(f);
}

bool frame_pin(struct frame *f)
{
    return !(atomic_or(&f->type, (u32)TYPE_PINNED) & TYPE_PINNED);
}

bool frame_unpin(struct frame *f)
{
    return atomic_and(&f->type, ~(u32)TYPE_PINNED) & TYPE_PINNED;
}

/* ---- which frames there are ---- */

void frame_table_init(paddr_t highest)
{
    max_frame = MIN(DIV_ROUND_UP(highest, PAGE_SIZE), MAX_SECTIONS << FRAME_SECTION_SHIFT);
    frame_table = (struct frame *)FRAME_TABLE_START;
}

/* A new section is all holes at first. */
static void section_add(u64 section)
{
    u64 first = section << FRAME_SECTION_SHIFT;
    u64 *m2p = (u64 *)RW_M2P_START;

    for (u64 n = first; n < first + FRAMES_PER_SECTION; n++) {
        frame_table[n] = (struct frame){ .refs = FRAME_BAD, .owner = DOMID_IO };
        m2p[n] = INVALID_M2P_ENTRY;
    }
    set_bit(section, frame_section_map);
}

void frame_table_add(mfn_t start, u64 frames)
{
    u64 end = MIN(start.n + frames, max_frame);

    for (u64 n = start.n; n < end; n++) {
        if (!test_bit(n >> FRAME_SECTION_SHIFT, frame_section_map))
            section_add(n >> FRAME_SECTION_SHIFT);
        frame_table[n] = (struct frame){ .owner = DOMID_INVALID };
    }
}

/* ---- machine-to-physical table ---- */

void m2p_set(mfn_t mfn, u64 pfn)
{
    if (!mfn_valid(mfn))
        return;
    WRITE_ONCE(((u64 *)RW_M2P_START)[mfn.n], pfn);
    frame_note_write(mfn_to_frame(mfn)); /* other contents at that place of the guest */
}

u64 m2p_get(mfn_t mfn)
{
    return mfn_valid(mfn) ? READ_ONCE(((u64 *)RW_M2P_START)[mfn.n]) : INVALID_M2P_ENTRY;
}
