/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks of locking in debug builds. Each CPU keeps the locks it holds; a lock
 * is taken only when its rank is above all held in the same context (an
 * interrupt handler starts a new one). Three rules catch deadlocks with
 * interrupts before they happen: a rank that is taken in an interrupt handler
 * is never taken with interrupts enabled; while such a rank is held, none
 * is taken that elsewhere is taken with interrupts enabled; and a rank that is
 * taken with interrupts disabled is never held while its holder waits for other
 * CPUs (smp_wait), since who waits for it so does not serve.
 */
#include "machine/spinlock_debug.h"

#include "atomic.h"
#include "bug.h"
#include "machine/percpu.h"

#define MAX_HELD 16
#define MAX_RANK 64

enum rank_use { USED_IN_IRQ = 1, USED_IRQS_ON = 2, USED_IRQS_OFF = 4, HELD_WAITING = 8 };

struct lock_stack {
    unsigned count, base; /* base: first one of this context */
    unsigned irq_depth;
    struct spinlock *held[MAX_HELD];
};

DEFINE_PERCPU(struct lock_stack, lock_stack);

static u8 rank_use[MAX_RANK];
static bool reported; /* one report: printing takes locks too */
static lock_reporter reporter;

void spin_debug_set_reporter(lock_reporter fn)
{
    reporter = fn;
}

static void report(const char *what, const struct spinlock *l, const struct lock_stack *s)
{
    if (atomic_xchg(&reported, true))
        return;
    if (reporter)
        reporter(what, l, s->held, s->count);
    bug(__FILE__, __LINE__, what);
}

static void check_interrupts(struct spinlock *l, const struct lock_stack *s)
{
    u8 *use = &rank_use[l->rank];

    if (s->irq_depth)
        *use |= USED_IN_IRQ;
    *use |= irq_enabled() ? USED_IRQS_ON : USED_IRQS_OFF;
    if ((*use & (USED_IRQS_OFF | HELD_WAITING)) == (USED_IRQS_OFF | HELD_WAITING))
        report("taken with interrupts disabled, but held elsewhere while waiting for other CPUs", l, s);
    if ((*use & (USED_IN_IRQ | USED_IRQS_ON)) == (USED_IN_IRQ | USED_IRQS_ON))
        report("taken in interrupts and with interrupts enabled", l, s);
    if (!(*use & USED_IRQS_ON))
        return;
    for (unsigned i = 0; i < s->count; i++)
        if (rank_use[s->held[i]->rank] & USED_IN_IRQ)
            report("taken with interrupts enabled elsewhere, here inside a lock that interrupts take", l, s);
}

void spin_debug_acquire(struct spinlock *l, bool trylock, bool same_rank)
{
    bool was = irq_enabled();
    struct lock_stack *s = &this_cpu(lock_stack);

    if (l->rank == 0 || l->rank >= MAX_RANK)
        report("not initialised", l, s);
    if (!trylock) {
        check_interrupts(l, s);
        for (unsigned i = 0; i < s->count; i++)
            if (s->held[i] == l)
                report("already held", l, s);
        for (unsigned i = s->base; i < s->count; i++)
            if (s->held[i]->rank > l->rank || (s->held[i]->rank == l->rank && !same_rank))
                report("out of order", l, s);
    }
    irq_disable();
    if (s->count < MAX_HELD)
        s->held[s->count++] = l;
    irq_restore(was);
}

void spin_debug_release(struct spinlock *l)
{
    bool was = irq_save();
    struct lock_stack *s = &this_cpu(lock_stack);

    for (unsigned i = s->count; i-- > 0;) {
        if (s->held[i] != l)
            continue;
        for (s->count--; i < s->count; i++)
            s->held[i] = s->held[i + 1];
        break;
    }
    irq_restore(was);
}

void spin_debug_wait(void)
{
    const struct lock_stack *s = &this_cpu(lock_stack);

    if (s->irq_depth)
        bug(__FILE__, __LINE__, "waits for other CPUs in an interrupt handler");
    for (unsigned i = 0; i < s->count; i++) {
        rank_use[s->held[i]->rank] |= HELD_WAITING;
        if (rank_use[s->held[i]->rank] & USED_IRQS_OFF)
            report("held while waiting for other CPUs, but taken with interrupts disabled elsewhere", s->held[i], s);
    }
}

unsigned spin_debug_enter_irq(void)
{
    struct lock_stack *s = &this_cpu(lock_stack);
    unsigned before = s->base;

    s->base = s->count;
    s->irq_depth++;
    return before;
}

void spin_debug_leave_irq(unsigned before)
{
    struct lock_stack *s = &this_cpu(lock_stack);

    s->base = before;
    s->irq_depth--;
}
