/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Validation of whole tables: frame_ops.validate and .invalidate. A tree of
 * tables is walked with an explicit stack of four levels, no recursion. Level-1
 * tables are done in one go; after each of them (in fact after each finished table)
 * the walk may be preempted: every table on the stack then becomes TYPE_PARTIAL, which says
 * how many of its entries hold their references and stands on a reference of its own. Who meets such a
 * table later goes on in either direction. The entry of the upper table that led to the lower one is not
 * counted in, so partial tables do not depend on each other.
 *
 * Tables that have to be un-validated further but could not at once, because
 * of preemption or because validation failed half way, are kept in pv->stale, one for each
 * level, and finished before anything else is done. The lowest goes first: it can leave nothing but itself.
 *
 * Locks: the owner's pv->mmu_lock is held (descriptor tables: none).
 */
#include "atomic.h"
#include "bug.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "machine/tlb.h"
#include "pv/mmu_private.h"
#include "pv/segments.h"
#include "sched/softirq.h"

#define DESCEND 1 /* a table was put on the stack */

struct table_level {
    struct frame *f;
    u64 *table;
    unsigned next;  /* entries below hold references; the one to look at (validation), one above it (un-validation) */
    bool resumed;   /* it was TYPE_PARTIAL: the reference of that state is ours too */
};

struct table_walk {
    struct domain *d;
    struct table_level level[4];
    unsigned top;
};

/* ---- locking and domains ---- */

bool mmu_lock(struct domain *d)
{
    spin_lock(&d->pv->mmu_lock);
    if (likely(!READ_ONCE(d->dying)))
        return true;
    spin_unlock(&d->pv->mmu_lock);
    return false;
}

void mmu_unlock(struct domain *d)
{
    spin_unlock(&d->pv->mmu_lock);
}

bool mmu_give_way(struct domain *d)
{
    if (likely(!spin_is_contended(&d->pv->mmu_lock)))
        return true;
    spin_unlock(&d->pv->mmu_lock);
    spin_lock(&d->pv->mmu_lock);
    return !READ_ONCE(d->dying);
}

/* The domain with @id, mostly the running one; to be handed to owner_put. */
static struct domain *owner_get(domid_t id)
{
    struct vcpu *v = current;

    return likely(v && v->domain && v->domain->id == id) ? v->domain : domain_find(id);
}

static void owner_put(struct domain *d)
{
    if (d && !(current && d == current->domain))
        domain_put(d);
}

/* ---- the stack ---- */

static void push(struct table_walk *w, struct frame *f, unsigned next, bool resumed)
{
    struct table_level *l = &w->level[w->top];

    l->f = f;
    l->table = mfn_to_virt(frame_to_mfn(f));
    l->next = next;
    l->resumed = resumed;
    if (frame_type(f) == FRAME_L1)
        work_done(PTES_PER_TABLE); /* in one go; those above count entry by entry */
}

static void start(struct table_walk *w, struct domain *d, struct frame *f, unsigned next, bool resumed)
{
    w->d = d;
    w->top = 0;
    push(w, f, next, resumed);
}

static void descend(struct table_walk *w, struct frame *f, unsigned next, bool resumed)
{
    w->top++;
    ASSERT(w->top < ARRAY_SIZE(w->level));
    push(w, f, next, resumed);
}

/*
 * Makes level @i of the walk TYPE_PARTIAL, with a reference for that state: the
 * one it had already, or for a lower table the one that was taken for (or belonged to) the upper one's
 * entry, which no longer counts, or for the root a further one.
 */
static void suspend_level(struct table_walk *w, unsigned i, bool stale)
{
    struct table_level *l = &w->level[i];
    enum frame_type type = frame_type(l->f);

    if (stale) {
        ASSERT(type >= FRAME_L2 && !w->d->pv->stale[type - FRAME_L2]);
        w->d->pv->stale[type - FRAME_L2] = l->f;
    }
    if (i == 0 && !l->resumed)
        frame_get_reserved(l->f);
    frame_type_suspend(l->f, l->next);
    if (i > 0 && l->resumed)
        frame_put(l->f);
}

/* After one table: suspends the whole walk if it should be. @return true: done, -ERESTART is to be returned */
static bool suspend_walk(struct table_walk *w, bool stale)
{
    if (likely(!preempt_after(0)) && likely(!spin_is_contended(&w->d->pv->mmu_lock)))
        return false;
    for (unsigned i = 0; i <= w->top; i++)
        suspend_level(w, i, stale);
    return true;
}

/* ---- level 1 ---- */

static bool eight_empty(const u64 *e)
{
    return !(e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]);
}

static void put_entries_l1(const u64 *table, unsigned n)
{
    unsigned i = 0;

    while (i < n) {
        if (!(i & 7) && eight_empty(table + i)) {
            i += 8; /* beyond n it does not matter: nothing is there */
            continue;
        }
        if (table[i] & PTE_P)
            pte_put_l1(table[i]);
        i++;
    }
}

/* @return 0; on an error no entry holds a reference. */
static int get_entries_l1(struct domain *d, u64 *table)
{
    unsigned i = 0;

    while (i < PTES_PER_TABLE) {
        u64 e = table[i];
        int rc;

        if (!(i & 7) && eight_empty(table + i)) {
            i += 8;
            continue;
        }
        if (e & PTE_P) {
            rc = pte_get_l1(d, d, &e);
            if (unlikely(rc)) {
                put_entries_l1(table, i);
                return rc;
            }
            if (e != table[i])
                WRITE_ONCE(table[i], e);
        }
        i++;
    }
    return 0;
}

/* ---- validation ---- */

/* Goes on with the entries of the table at the top of the stack. @return 0: complete, DESCEND, negative */
static int validate_upper(struct table_walk *w)
{
    struct table_level *l = &w->level[w->top];
    enum frame_type type = frame_type(l->f);

    for (; l->next < PTES_PER_TABLE; l->next++) {
        struct frame *child;
        u64 e;
        int how;

        while (!(l->next & 7) && l->next < PTES_PER_TABLE && eight_empty(l->table + l->next))
            l->next += 8;
        if (l->next == PTES_PER_TABLE)
            break;
        e = l->table[l->next];
        if (!(e & PTE_P) || (type == FRAME_L4 && l4_slot_is_host(l->next)))
            continue;
        if ((e & ~PTE_UPPER_ALLOWED) || !mfn_valid(pte_mfn(e)))
            return -EINVAL;
        child = mfn_to_frame(pte_mfn(e));
        work_done(1);
        if (!frame_get(child, w->d->id))
            return -EINVAL;
        how = frame_type_begin(child, type - 1);
        if (how < 0) {
            frame_put(child);
            return how;
        }
        WRITE_ONCE(l->table[l->next], e | PTE_US);
        if (how != TYPE_HELD) {
            descend(w, child, how == TYPE_RESUMED ? child->partial : 0, how == TYPE_RESUMED);
            return DESCEND;
        }
    }
    if (type == FRAME_L4)
        paging_fill_host_slots(l->table);
    return 0;
}

/* The validation of the table at the top failed: all tables of the stack are to be given up. */
static int validation_failed(struct table_walk *w, int rc)
{
    for (unsigned i = 0; i <= w->top; i++) {
        struct table_level *l = &w->level[i];

        if (l->next > 0) {
            suspend_level(w, i, true);
            continue;
        }
        frame_type_abort(l->f); /* nothing to give back; always so at level 1 */
        if (i > 0)
            frame_put(l->f);
        if (l->resumed)
            frame_put(l->f);
    }
    work_done(PTES_PER_TABLE); /* a level-1 table that fails late is done twice */
    mmu_finish_stale(w->d);
    return rc;
}

static int validate_tree(struct table_walk *w)
{
    for (;;) {
        struct table_level *l = &w->level[w->top];
        int rc = frame_type(l->f) == FRAME_L1 ? get_entries_l1(w->d, l->table) : validate_upper(w);

        if (rc == DESCEND)
            continue;
        if (rc < 0)
            return validation_failed(w, rc);
        frame_note_write(l->f);
        frame_type_commit(l->f);
        if (l->resumed)
            frame_put(l->f);
        if (w->top-- == 0)
            return 0;
        w->level[w->top].next++;
        if (suspend_walk(w, false))
            return -ERESTART;
    }
}

static int validate(struct frame *f, enum frame_type type, enum type_progress how)
{
    struct table_walk w;
    struct domain *d;
    int rc = -EINVAL;

    if (type == FRAME_SEGDESC) {
        if (!pv_descriptor_frame_ok(frame_to_mfn(f))) {
            frame_type_abort(f);
            return -EINVAL;
        }
        frame_note_write(f);
        frame_type_commit(f);
        return 0;
    }
    d = owner_get(f->owner);
    if (unlikely(!d || !d->pv)) { /* HVM guests have no page tables of this kind */
        ASSERT(how == TYPE_FRESH);
        frame_type_abort(f);
        goto out;
    }
    start(&w, d, f, how == TYPE_RESUMED ? f->partial : 0, how == TYPE_RESUMED);
    rc = validate_tree(&w);
out:
    owner_put(d);
    return rc;
}

/* ---- un-validation ---- */

static void clear_host_slots(u64 *l4)
{
    memset(&l4[HV_FIRST_SLOT], 0, (HV_LAST_SLOT - HV_FIRST_SLOT + 1) * sizeof(u64));
}

/* Gives back the entries of the table at the top, from the highest to the lowest. @return 0 or DESCEND */
static int unvalidate_upper(struct table_walk *w)
{
    struct table_level *l = &w->level[w->top];
    enum frame_type type = frame_type(l->f);

    while (l->next > 0) {
        struct frame *child;
        u64 e;

        if (!(l->next & 7) && eight_empty(l->table + l->next - 8)) {
            l->next -= 8;
            continue;
        }
        e = l->table[--l->next];
        if (!(e & PTE_P) || (type == FRAME_L4 && l4_slot_is_host(l->next)))
            continue;
        child = mfn_to_frame(pte_mfn(e));
        work_done(1);
        if (frame_type_drop(child)) {
            descend(w, child, PTES_PER_TABLE, false);
            return DESCEND;
        }
        frame_put(child);
    }
    if (type == FRAME_L4)
        clear_host_slots(l->table);
    return 0;
}

static int unvalidate_tree(struct table_walk *w, bool preemptible)
{
    for (;;) {
        struct table_level *l = &w->level[w->top];

        if (frame_type(l->f) == FRAME_L1)
            put_entries_l1(l->table, l->next);
        else if (unvalidate_upper(w) == DESCEND)
            continue;
        frame_note_write(l->f);
        frame_type_abort(l->f);
        if (l->resumed)
            frame_put(l->f);
        if (w->top == 0)
            return 0;
        frame_put(l->f);
        w->top--;
        if (preemptible && suspend_walk(w, true))
            return -ERESTART;
    }
}

static int invalidate(struct frame *f, bool preemptible)
{
    struct table_walk w;
    struct domain *d;
    int rc;

    if (frame_type(f) == FRAME_SEGDESC) {
        frame_type_abort(f);
        return 0;
    }
    d = owner_get(f->owner);
    BUG_ON(!d); /* its owner exists as long as its frames have references: domain/pages.c */
    start(&w, d, f, PTES_PER_TABLE, false);
    rc = unvalidate_tree(&w, preemptible);
    owner_put(d);
    return rc;
}

int mmu_unvalidate_partial(struct domain *d, struct frame *f)
{
    struct table_walk w;

    if (!frame_type_resume(f))
        return 0;
    start(&w, d, f, f->partial, true);
    return unvalidate_tree(&w, true);
}

int mmu_finish_stale_tables(struct domain *d)
{
    unsigned i = 0;

    while (i < ARRAY_SIZE(d->pv->stale)) {
        struct frame *f = d->pv->stale[i];

        if (!f) {
            i++;
            continue;
        }
        d->pv->stale[i] = NULL;
        if (mmu_unvalidate_partial(d, f))
            return -ERESTART;
    }
    return 0;
}

/* ---- changes of type ---- */

/* @*mask: the CPUs on which @f's owner has run. @return false: it is gone */
static bool owner_cpus(const struct frame *f, struct cpumask *mask)
{
    struct domain *d = owner_get(f->owner);

    if (!d)
        return false;
    *mask = d->dirty_cpus;
    owner_put(d);
    return true;
}

/*
 * The owner's CPUs may hold translations from the time of the old type: writable ones to a frame that becomes a page
 * table, or cached upper levels that lead into a former page table. Other domains map it by grant, which keeps a type
 * reference until the mapper's CPUs have been flushed, or by right of control (Domain 0, a device model): of these nothing
 * tells where they ran, so a frame that was mapped so is flushed everywhere, once: after that no CPU has any of it.
 */
static void flush_before_change(struct frame *f)
{
    bool foreign = READ_ONCE(f->refs) & FRAME_FOREIGN;
    struct cpumask mask;

    if (foreign)
        mask = cpu_online_mask;
    else if (!owner_cpus(f, &mask))
        return;
    tlb_filter(&mask, f->tlb_stamp);
    if (!cpumask_empty(&mask))
        tlb_flush_mask(&mask);
    if (foreign)
        atomic_and(&f->refs, ~(u32)FRAME_FOREIGN);
}

void pv_mmu_init(void)
{
    frame_ops.validate = validate;
    frame_ops.invalidate = invalidate;
    frame_ops.flush = flush_before_change;
}
