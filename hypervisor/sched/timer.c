/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One-shot timers. Each CPU has a pairing heap (Fredman et al., 1986) ordered
 * by expiry: arming is O(1), taking the first O(log n) amortised, and nothing is
 * ever allocated. The interrupt of the CPU's clock raises SOFTIRQ_TIMER, where
 * what has expired is run. A timer armed for another CPU kicks that CPU when it
 * became the first there. Lock: LOCK_TIMER of the CPU, interrupts disabled.
 */
#include "sched/timer.h"

#include "atomic.h"
#include "bug.h"
#include "machine/console.h"
#include "machine/cpumask.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "machine/spinlock.h"
#include "machine/symbols.h"
#include "sched/softirq.h"

#define NEVER (~0UL)
#define PRINTED_MAX 32 /* timers of one CPU */

struct timer_queue {
    struct spinlock lock;
    struct timer *root;
    struct timer *running; /* its function is being executed on this CPU */
};

static DEFINE_PERCPU(struct timer_queue, timer_queue);

/* Makes the heap with the later root the first child of the other; either may be NULL. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->expires < a->expires) {
        struct timer *t = a;

        a = b;
        b = t;
    }
    b->next = a->child;
    if (a->child)
        a->child->prev = b;
    b->prev = a;
    a->child = b;
    return a;
}

/* Melds a row of siblings into one heap: in pairs from the left, then all from the right. */
static struct timer *heap_meld_row(struct timer *first)
{
    struct timer *pairs = NULL, *root = NULL, *t;

    while (first) {
        struct timer *a = first, *b = first->next;

        first = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        t = heap_meld(a, b);
        t->next = pairs;
        pairs = t;
    }
    while ((t = pairs) != NULL) {
        pairs = t->next;
        t->next = NULL;
        root = heap_meld(root, t);
    }
    if (root)
        root->prev = root->next = NULL;
    return root;
}

static void heap_remove(struct timer_queue *q, struct timer *t)
{
    struct timer *below = heap_meld_row(t->child);

    if (q->root == t) {
        q->root = below;
    } else {
        if (t->prev->child == t)
            t->prev->child = t->next;
        else
            t->prev->next = t->next;
        if (t->next)
            t->next->prev = t->prev;
        q->root = heap_meld(q->root, below);
    }
    t->child = t->next = t->prev = NULL;
    t->armed = false;
}

static void heap_insert(struct timer_queue *q, struct timer *t)
{
    t->child = t->next = t->prev = NULL;
    t->armed = true;
    q->root = heap_meld(q->root, t);
}

/* Locks the queue that @t belongs to; timer_migrate() may move it meanwhile. */
static struct timer_queue *queue_lock(struct timer *t, bool *irq)
{
    for (;;) {
        unsigned cpu = READ_ONCE(t->cpu);
        struct timer_queue *q = &per_cpu(timer_queue, cpu);

        *irq = spin_lock_irqsave(&q->lock);
        if (likely(READ_ONCE(t->cpu) == cpu))
            return q;
        spin_unlock_irqrestore(&q->lock, *irq);
    }
}

/* @t has become the first of its CPU: the clock interrupt must come earlier. */
static void first_changed(const struct timer *t)
{
    if (t->cpu == cpu_id())
        clock_event_set(t->expires);
    else
        softirq_raise_cpu(t->cpu, SOFTIRQ_TIMER);
}

void timer_init(struct timer *t, void (*fn)(void *), void *data, unsigned cpu)
{
    *t = (struct timer){.fn = fn, .data = data, .cpu = cpu};
}

void timer_set(struct timer *t, nsec_t expires)
{
    bool irq;
    struct timer_queue *q = queue_lock(t, &irq);

    if (t->armed)
        heap_remove(q, t);
    if (!t->killed) {
        t->expires = expires;
        heap_insert(q, t);
        if (q->root == t)
            first_changed(t);
    }
    spin_unlock_irqrestore(&q->lock, irq);
}

void timer_stop(struct timer *t)
{
    bool irq;
    struct timer_queue *q;

    if (!READ_ONCE(t->armed))
        return;
    q = queue_lock(t, &irq);
    if (t->armed)
        heap_remove(q, t);
    spin_unlock_irqrestore(&q->lock, irq);
}

void timer_kill(struct timer *t)
{
    struct timer_queue *q;
    unsigned cpu;
    bool irq;

    if (!t->fn)
        return; /* never initialised */
    q = queue_lock(t, &irq);
    if (t->armed)
        heap_remove(q, t);
    t->killed = true;
    spin_unlock_irqrestore(&q->lock, irq);

    /*
     * It may be running on any CPU that it was on before it migrated. On this one it can only be running if its own
     * function is what called us.
     */
    for_each_online_cpu(cpu) {
        while (cpu != cpu_id() && atomic_load(&per_cpu(timer_queue, cpu).running) == t)
            smp_wait();
    }
}

void timer_migrate(struct timer *t, unsigned cpu)
{
    struct timer_queue *q;
    nsec_t expires;
    bool irq, armed;

    if (READ_ONCE(t->cpu) == cpu)
        return;
    q = queue_lock(t, &irq);
    armed = t->armed;
    expires = t->expires;
    if (armed)
        heap_remove(q, t);
    WRITE_ONCE(t->cpu, cpu);
    spin_unlock_irqrestore(&q->lock, irq);
    if (armed)
        timer_set(t, expires);
}

bool timer_armed(const struct timer *t)
{
    return READ_ONCE(t->armed);
}

static void timer_softirq(void)
{
    struct timer_queue *q = &this_cpu(timer_queue);
    bool irq = spin_lock_irqsave(&q->lock);
    struct timer *t;

    while ((t = q->root) != NULL && t->expires <= system_time()) {
        void (*fn)(void *) = t->fn;
        void *data = t->data;

        heap_remove(q, t);
        q->running = t;
        spin_unlock_irqrestore(&q->lock, irq);
        fn(data);
        irq = spin_lock_irqsave(&q->lock);
        atomic_store(&q->running, NULL);
    }
    clock_event_set(t ? t->expires : NEVER);
    spin_unlock_irqrestore(&q->lock, irq);
}

/* The timer after @t when a heap is walked, each before its children. */
static struct timer *heap_next(struct timer *t)
{
    if (t->child)
        return t->child;
    while (t && !t->next) {
        while (t->prev && t->prev->child != t) /* to the first of the siblings */
            t = t->prev;
        t = t->prev; /* their parent */
    }
    return t ? t->next : NULL;
}

/* @return microseconds from @now to @time, negative when it is past */
static long from_now(nsec_t time, nsec_t now)
{
    return time == NEVER ? -1 : (long)(time - now) / 1000;
}

void timers_print(unsigned cpu)
{
    struct timer_queue *q = &per_cpu(timer_queue, cpu);
    struct timer found[PRINTED_MAX];
    nsec_t deadline, programmed, now;
    unsigned n = 0;
    bool irq = spin_lock_irqsave(&q->lock);

    for (struct timer *t = q->root; t && n < PRINTED_MAX; t = heap_next(t))
        found[n++] = *t;
    clock_event_state(cpu, &deadline, &programmed);
    now = system_time();
    spin_unlock_irqrestore(&q->lock, irq);

    printk(LOG_ERROR, "CPU %u: timer wanted in %ld us, set for %ld us (-1: never)\n", cpu, from_now(deadline, now),
           from_now(programmed, now));
    for (unsigned i = 0; i < n; i++) {
        u64 offset;
        const char *name = symbol_find((u64)found[i].fn, &offset);

        printk(LOG_ERROR, "    in %ld us: %s\n", from_now(found[i].expires, now), name ? name : "?");
    }
}

static void clock_interrupt(void)
{
    softirq_raise(SOFTIRQ_TIMER);
}

void timers_start(void)
{
    softirq_register(SOFTIRQ_TIMER, timer_softirq);
    clock_event_handler = clock_interrupt;
}

void timers_cpu_start(void)
{
    spin_lock_init(&this_cpu(timer_queue).lock, LOCK_TIMER);
    softirq_raise(SOFTIRQ_TIMER);
}
