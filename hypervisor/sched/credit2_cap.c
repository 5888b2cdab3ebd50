/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Caps of credit2: a domain with a cap has a budget of CPU time for each 100 ms,
 * which all its units use up. A period begins when one of them runs, on the CPU where it
 * does; at its end the budget is filled again, and the queues where a unit of the domain
 * may wait look whether it can run now. Budget and set of queues are atomic, since units
 * of a domain run under several queues' locks.
 */
#include "sched/credit2_cap.h"

#include "atomic.h"
#include "errno.h"
#include "mm/heap.h"
#include "sched/softirq.h"

#define CAP_PERIOD 100000000L /* nanoseconds */

struct c2_group {
    struct sched_group *group;
    s64 budget, quota; /* with a cap: nanoseconds left in this period, and for each */
    struct timer refill;
    struct cpumask queues; /* by number: where a unit of it has been put since the last refill; atomic bits */
};

void (*c2_budget_filled)(const struct sched_group *g, const struct cpumask *queues);


bool c2_out_of_budget(const struct sched_unit *u)
{
    const struct c2_group *g = u->group->priv;

    return u->group->cap && READ_ONCE(g->budget) <= 0;
}

static void refill(void *data)
{
    struct c2_group *g = data;
    s64 budget = READ_ONCE(g->budget);
    struct cpumask where;

    if (!g->group->cap)
        return;
    while (!atomic_cmpxchg(&g->budget, &budget, MIN(budget + g->quota, g->quota)))
        continue;
    for (unsigned i = 0; i < ARRAY_SIZE(where.bits); i++)
        where.bits[i] = atomic_xchg(&g->queues.bits[i], 0);
    c2_budget_filled(g->group, &where);
}

void c2_note_queue(struct sched_group *group, unsigned index)
{
    struct c2_group *g = group->priv;

    if (!cpumask_test(&g->queues, index))
        cpumask_set(&g->queues, index);
}

void c2_charge_group(struct sched_group *group, nsec_t delta)
{
    struct c2_group *g = group->priv;

    if (group->cap)
        atomic_sub_return(&g->budget, (s64)delta);
}

/*
 * A unit of a domain with a cap starts to run: so does the period in which it may use its budget.
 */
void c2_start_period(struct sched_group *group, nsec_t now)
{
    struct c2_group *g = group->priv;

    if (!group->cap || timer_armed(&g->refill))
        return;
    timer_migrate(&g->refill, cpu_id());
    timer_set(&g->refill, now + CAP_PERIOD);
}

s64 c2_budget(const struct sched_group *group)
{
    return READ_ONCE(((struct c2_group *)group->priv)->budget);
}

int c2_group_init(struct sched_group *group)
{
    struct c2_group *g = heap_new(struct c2_group);

    if (!g)
        return -ENOMEM;
    g->group = group;
    timer_init(&g->refill, refill, g, 0);
    group->priv = g;
    return 0;
}

void c2_group_destroy(struct sched_group *group)
{
    struct c2_group *g = group->priv;

    if (!g)
        return;
    timer_kill(&g->refill);
    heap_free(g);
    group->priv = NULL;
}

int c2_adjust(struct sched_group *group, unsigned weight, unsigned cap)
{
    struct c2_group *g = group->priv;
    s64 quota = (s64)cap * (CAP_PERIOD / 100);

    WRITE_ONCE(group->weight, weight);
    g->quota = quota;
    WRITE_ONCE(g->budget, quota);
    WRITE_ONCE(group->cap, cap);
    return 0;
}
