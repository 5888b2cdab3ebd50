/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasklets: work handed to a CPU from any context, run in SOFTIRQ_TASKLET with
 * interrupts enabled, in the order of scheduling. One lock for all lists
 * (LOCK_TASKLET, interrupts disabled): they are rare.
 */
#include "atomic.h"
#include "machine/cpumask.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "machine/spinlock.h"
#include "sched/softirq.h"
#include "sched/timer.h"

struct tasklet_list {
    struct tasklet *first, *last;
    struct tasklet *running; /* its function is being executed; it may free the tasklet */
};

static DEFINE_PERCPU(struct tasklet_list, tasklet_list);
static struct spinlock tasklet_lock = SPINLOCK_INIT(LOCK_TASKLET);

void tasklet_init(struct tasklet *t, void (*fn)(void *), void *data)
{
    *t = (struct tasklet){.fn = fn, .data = data};
}

static void list_append(struct tasklet_list *l, struct tasklet *t)
{
    t->next = NULL;
    if (l->last)
        l->last->next = t;
    else
        l->first = t;
    l->last = t;
}

static void list_remove(struct tasklet_list *l, struct tasklet *t)
{
    struct tasklet *prev = NULL;

    for (struct tasklet *it = l->first; it; prev = it, it = it->next) {
        if (it != t)
            continue;
        if (prev)
            prev->next = t->next;
        else
            l->first = t->next;
        if (l->last == t)
            l->last = prev;
        return;
    }
}

void tasklet_schedule(struct tasklet *t, unsigned cpu)
{
    bool irq = spin_lock_irqsave(&tasklet_lock);
    bool queue = !t->scheduled && !t->killed;

    if (queue) {
        t->scheduled = true;
        t->cpu = cpu;
        list_append(&per_cpu(tasklet_list, cpu), t);
    }
    spin_unlock_irqrestore(&tasklet_lock, irq);
    if (queue)
        softirq_raise_cpu(cpu, SOFTIRQ_TASKLET);
}

void tasklet_kill(struct tasklet *t)
{
    unsigned cpu;
    bool irq = spin_lock_irqsave(&tasklet_lock);

    if (t->scheduled)
        list_remove(&per_cpu(tasklet_list, t->cpu), t);
    t->scheduled = false;
    t->killed = true;
    spin_unlock_irqrestore(&tasklet_lock, irq);
    for_each_online_cpu(cpu) {
        while (cpu != cpu_id() && atomic_load(&per_cpu(tasklet_list, cpu).running) == t)
            smp_wait();
    }
}

/* Runs one tasklet; more are left for another round, so that other softirqs get their turn. */
static void tasklet_softirq(void)
{
    struct tasklet_list *l = &this_cpu(tasklet_list);
    bool irq = spin_lock_irqsave(&tasklet_lock);
    struct tasklet *t = l->first;
    void (*fn)(void *) = NULL;
    void *data = NULL;

    if (t) {
        list_remove(l, t);
        t->scheduled = false;
        l->running = t;
        fn = t->fn;
        data = t->data;
    }
    if (l->first)
        softirq_raise(SOFTIRQ_TASKLET);
    spin_unlock_irqrestore(&tasklet_lock, irq);
    if (!t)
        return;
    fn(data);
    atomic_store(&l->running, NULL);
}

void tasklets_start(void)
{
    softirq_register(SOFTIRQ_TASKLET, tasklet_softirq);
}
