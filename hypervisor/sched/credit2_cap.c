/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Caps of credit2: a domain with a cap has a budget of CPU time for each 100 ms,
 * which all its units use up. A period begins when one of them runs; at its end the
 * budget is filled again and every CPU looks whether somebody may run now. The
 * budget is atomic, since units of a domain run under several queues' locks.
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
};


bool c2_out_of_budget(const struct sched_unit *u)
{
    const struct c2_group *g = u->group->priv;

    return u->group->cap && READ_ONCE(g->budget) <= 0;
}

static void refill(void *data)
{
    struct c2_group *g = data;
    s64 budget = READ_ONCE(g->budget);
    unsigned cpu;

    if (!g->group->cap)
        return;
    while (!atomic_cmpxchg(&g->budget, &budget, MIN(budget + g->quota, g->quota)))
        continue;
    for_each_online_cpu(cpu)
        softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
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

    if (group->cap && !timer_armed(&g->refill))
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
