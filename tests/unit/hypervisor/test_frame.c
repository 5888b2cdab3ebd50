/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frame records: who gets a reference, that types are exclusive, when TLBs are
 * flushed, how partial validation is suspended and resumed; and many threads on
 * one frame, after which the counts are what they were.
 */
#include "mm_host.h"

#include <pthread.h>

#include "../../../hypervisor/mm/buddy.c"

static unsigned validations, invalidations, released, type_flushes;
static int validate_result;

static int validate(struct frame *f, enum frame_type type, enum type_progress how)
{
    validations++;
    if (validate_result == -ERESTART) {
        frame_get_reserved(f);
        frame_type_suspend(f, 7);
    } else if (validate_result) {
        frame_type_abort(f);
    } else {
        CHECK(how == TYPE_FRESH || f->partial == 7);
        frame_type_commit(f);
        if (how == TYPE_RESUMED)
            frame_put(f);
    }
    return validate_result;
}

static int invalidate(struct frame *f, bool preemptible)
{
    invalidations++;
    frame_type_abort(f);
    return 0;
}

static void flush(struct frame *f)
{
    type_flushes++;
}

static void release(struct frame *f, domid_t owner)
{
    released++;
    f->owner = DOMID_INVALID;
    f->refs = 0;
    f->type = 0;
    buddy_free(frame_to_mfn(f), 0);
}

static struct frame *owned_frame(domid_t owner)
{
    struct frame *f = mfn_to_frame(buddy_alloc(0, 0, BUDDY_ANY));

    f->owner = owner;
    f->refs = FRAME_ALLOCATED | 1;
    return f;
}

static void end_ownership(struct frame *f)
{
    atomic_and(&f->refs, ~(u32)FRAME_ALLOCATED);
    frame_put(f);
}

static void references(void)
{
    struct frame *f = owned_frame(3);

    CHECK(!frame_get(f, 4) && frame_get(f, 3) && frame_get_more(f));
    frame_put_many(f, 2);
    released = 0;
    CHECK(frame_get(f, 3));
    end_ownership(f);
    CHECK(!released && !frame_get(f, 3)); /* still referred to, but no longer the domain's */
    frame_put(f);
    CHECK(released == 1 && !frame_get(f, 3) && !frame_get(f, DOMID_INVALID));
    f = owned_frame(3);
    f->refs |= FRAME_COUNT;
    CHECK(!frame_get(f, 3) && !frame_get_more(f));
    f->refs = FRAME_ALLOCATED | 1;
    end_ownership(f);
}

static void exclusive_types(void)
{
    struct frame *f = owned_frame(3);

    type_flushes = 0;
    CHECK(frame_get_type(f, FRAME_WRITABLE) == 0 && frame_get_type(f, FRAME_WRITABLE) == 0);
    CHECK(frame_get_type(f, FRAME_L1) == -EINVAL);
    frame_put_type(f);
    CHECK(frame_get_type(f, FRAME_L1) == -EINVAL);
    frame_put_type(f);
    CHECK(!type_flushes && frame_get_type(f, FRAME_L1) == 0 && type_flushes == 1);
    CHECK(frame_get_type(f, FRAME_WRITABLE) == -EINVAL && frame_get_type(f, FRAME_L2) == -EINVAL);
    CHECK(frame_get_type(f, FRAME_L1) == 0 && validations == 1);
    CHECK(frame_pin(f) && !frame_pin(f) && frame_unpin(f) && !frame_unpin(f));
    frame_put_type(f);
    CHECK(!invalidations);
    frame_put_type(f);
    CHECK(invalidations == 1);
    CHECK(frame_get_type(f, FRAME_L1) == 0 && type_flushes == 1); /* same type again: nothing is stale */
    frame_put_type(f);
    CHECK(frame_get_type(f, FRAME_WRITABLE) == 0 && type_flushes == 2); /* was a page table */
    frame_put_type(f);
    end_ownership(f);
}

static void partial(void)
{
    struct frame *f = owned_frame(3);

    validate_result = -EBUSY;
    CHECK(frame_get_type(f, FRAME_L2) == -EBUSY && !(f->type & (TYPE_COUNT | TYPE_LOCKED)));
    validate_result = -ERESTART;
    CHECK(frame_get_and_type(f, 3, FRAME_L2) == -ERESTART);
    CHECK((f->type & TYPE_PARTIAL) && !(f->type & TYPE_COUNT) && (f->refs & FRAME_COUNT) == 2);
    CHECK(frame_get_type(f, FRAME_WRITABLE) == -EINVAL);
    validate_result = 0;
    CHECK(frame_get_and_type(f, 3, FRAME_L2) == 0);
    CHECK((f->type & TYPE_VALIDATED) && (f->type & TYPE_COUNT) == 1 && (f->refs & FRAME_COUNT) == 2);
    frame_put_and_type(f);
    end_ownership(f);
}

/* Who has locked the frame waits for this CPU to flush: it does so while it waits for the frame, and the other goes on. */
static struct frame *flushing;

static void serve(void)
{
    host_waiting = NULL;
    frame_type_commit(flushing);
}

static void waits_and_serves(void)
{
    struct frame *f = flushing = owned_frame(3);

    CHECK(frame_type_begin(f, FRAME_SEGDESC) == TYPE_FRESH);
    host_waiting = serve;
    CHECK(frame_get_type(f, FRAME_SEGDESC) == 0 && !host_waiting && (f->type & TYPE_COUNT) == 2);
    frame_put_type(f);
    frame_put_type(f);
    end_ownership(f);
}

static void *hammer(void *arg)
{
    struct frame *f = arg;

    for (unsigned i = 0; i < 100000; i++) {
        enum frame_type type = i % 3 ? FRAME_WRITABLE : FRAME_SEGDESC;

        if (frame_get_and_type(f, 3, type))
            continue;
        if (frame_type(f) != type)
            abort();
        frame_put_and_type(f);
    }
    return NULL;
}

static void threads(void)
{
    struct frame *f = owned_frame(3);
    pthread_t t[4];

    for (unsigned i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, hammer, f);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    CHECK(f->refs == (FRAME_ALLOCATED | 1) && !(f->type & (TYPE_COUNT | TYPE_LOCKED)));
    end_ownership(f);
}

static void m2p(void)
{
    CHECK(m2p_get(MFN(5)) == INVALID_M2P_ENTRY);
    m2p_set(MFN(5), 77);
    m2p_set(MFN(0x900000), 78);
    CHECK(m2p_get(MFN(5)) == 77 && m2p_get(MFN(0x900000)) == INVALID_M2P_ENTRY);
}

int main(void)
{
    frame_ops = (struct frame_ops){ validate, invalidate, flush, release };
    host_memory(0x8000, 0x8000);
    buddy_add(MFN(0x100), 0x7f00);
    TEST(references);
    TEST(exclusive_types);
    TEST(partial);
    TEST(waits_and_serves);
    TEST(threads);
    TEST(m2p);
    return TEST_RESULT();
}
