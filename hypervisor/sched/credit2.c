/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The credit2 scheduler. Up to eight CPUs share a run queue. Every unit has a
 * credit that burns while it runs, the faster the smaller its weight; the unit
 * with the most credit runs. When even the best has none left, everyone gets
 * 10 ms more. A running unit is preempted by one with more credit, but not
 * before the rate limit (1 ms) is over. Caps are in credit2_cap.c. A CPU that goes idle, and each queue every 100 ms, takes
 * work from longer queues (try-lock only, so no order between queues is needed; who finds one locked looks again). Whoever
 * queues a unit where nobody is free tells an idle CPU of another queue.
 * Called by sched.c with the queue's lock (LOCK_SCHED), see sched.h.
 */
#include "atomic.h"
#include "bug.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/spinlock.h"
#include "mm/heap.h"
#include "sched/credit2_cap.h"
#include "sched/sched.h"
#include "sched/softirq.h"
#include <xen/domctl.h>

#define USEC(n)        ((s64)(n)*1000)
#define CREDIT_INIT    USEC(10000)
#define CREDIT_CARRY   USEC(500) /* what a reset leaves above the initial credit */
#define CREDIT_MIN     (-10 * CREDIT_INIT)
#define MIGRATE_RESIST USEC(500) /* how much better a unit from another CPU must be */
#define SLICE_MIN      USEC(500)
#define SLICE_MAX      USEC(10000)
#define BALANCE_PERIOD USEC(100000)

struct c2_queue {
    struct spinlock lock;
    struct list units; /* waiting, most credit first */
    unsigned waiting;  /* length of the list */
    struct cpumask cpus, idle, tickled;
    struct cpumask unlimited; /* run their unit without a time slice, because nobody waited */
    u32 epoch;                /* number of credit resets */
    unsigned index;           /* in queues[] */
    unsigned relieve;         /* offset to the queue that it takes from first, so that all have their turn */
    nsec_t next_balance;
};

struct c2_unit {
    struct list link;
    struct sched_unit *unit;
    s64 credit;
    struct c2_queue *queue; /* the one that it was last in, and */
    u32 epoch;              /* that one's when the credit was last brought up to date */
    bool queued;
    nsec_t charged, started; /* running: charged up to here; picked at */
};

nsec_t sched_ratelimit = 1000000; /* 1 ms, as Xen's default sched_ratelimit_us=1000 */

/* CPUs of one queue; a power of two. The unit test makes it smaller. */
unsigned credit2_cpus_per_queue = 8;

static struct c2_queue *queues[MAX_CPUS];
static unsigned queue_count; /* behind the last one; NULL where no CPU has started */
static struct sched_unit *running[MAX_CPUS], *idle_unit[MAX_CPUS];

static struct c2_queue *queue_of(unsigned cpu)
{
    return queues[cpu / credit2_cpus_per_queue];
}

/* Burns the credit of a running unit up to @now. */
static void charge(struct sched_unit *u, nsec_t now)
{
    struct c2_unit *c = u->priv;
    nsec_t delta;

    if (u->idle || now <= c->charged)
        return;
    delta = now - c->charged;
    c->charged = now;
    c->credit -= (s64)(delta * SCHED_DEFAULT_WEIGHT / MAX(u->group->weight, 1u));
    c->credit = MAX(c->credit, CREDIT_MIN);
    c2_charge_group(u->group, delta);
}

/* Gives a unit the resets that its queue had while it slept. From now on those of @q, another perhaps, are its own. */
static void catch_up(struct c2_queue *q, struct c2_unit *c)
{
    u32 missed = c->queue ? READ_ONCE(c->queue->epoch) - c->epoch : 0;

    c->queue = q;
    c->epoch = q->epoch;
    if (missed)
        c->credit = MIN(c->credit + (s64)MIN(missed, 100u) * CREDIT_INIT, CREDIT_INIT);
}

static void reset_credit(struct c2_queue *q, struct c2_unit *picked)
{
    s64 add = CREDIT_INIT;
    struct c2_unit *c;
    unsigned cpu;

    if (picked->credit < 0) /* in one go, also after a very long run */
        add += -picked->credit / CREDIT_INIT * CREDIT_INIT;
    q->epoch++;
    for_each_cpu(cpu, &q->cpus) {
        if (running[cpu]->idle)
            continue;
        c = running[cpu]->priv;
        c->credit = MIN(c->credit + add, CREDIT_INIT + CREDIT_CARRY);
        c->epoch = q->epoch;
    }
    list_for_each(c, &q->units, link) {
        c->credit = MIN(c->credit + add, CREDIT_INIT + CREDIT_CARRY);
        c->epoch = q->epoch;
    }
    if (picked->epoch != q->epoch) {
        picked->credit = MIN(picked->credit + add, CREDIT_INIT + CREDIT_CARRY);
        picked->epoch = q->epoch;
    }
}

static void insert_sorted(struct c2_queue *q, struct c2_unit *c)
{
    struct c2_unit *it;

    list_for_each(it, &q->units, link) {
        if (it->credit < c->credit)
            break;
    }
    list_add_tail(&c->link, &it->link);
    c->queued = true;
    q->waiting++;
    c2_note_queue(c->unit->group, q->index);
}

static void take_out(struct c2_queue *q, struct c2_unit *c)
{
    list_del(&c->link);
    c->queued = false;
    q->waiting--;
}

static void tickle_cpu(struct c2_queue *q, unsigned cpu)
{
    cpumask_set(&q->tickled, cpu);
    softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
}

/*
 * An idle CPU for @u: the one it last ran on, one it prefers, any that it may use. MAX_CPUS: none
 */
static unsigned find_idle(const struct c2_queue *q, const struct sched_unit *u)
{
    struct cpumask may, prefers;

    cpumask_and(&may, &q->idle, &u->hard);
    for (unsigned i = 0; i < ARRAY_SIZE(may.bits); i++)
        may.bits[i] &= ~q->tickled.bits[i];
    cpumask_and(&prefers, &may, &u->soft);
    if (cpumask_test(&prefers, u->cpu))
        return u->cpu;
    if (!cpumask_empty(&prefers))
        return cpumask_first(&prefers);
    return cpumask_first(&may);
}

/* Somebody who idles in another queue comes and takes @u, for which nobody is free in @q. */
static void tickle_elsewhere(const struct c2_queue *q, const struct sched_unit *u)
{
    smp_mb(); /* @u is queued; an idle CPU says that it is before it looks for work in other queues */
    for (unsigned k = 1; k < queue_count; k++) {
        struct c2_queue *other = queues[(q->index + k) % queue_count];
        struct cpumask may;

        if (!other)
            continue;
        cpumask_and(&may, &other->idle, &u->hard);
        if (cpumask_empty(&may))
            continue;
        softirq_raise_cpu(cpumask_first(&may), SOFTIRQ_SCHEDULE);
        return;
    }
}

/*
 * Makes a CPU look at the queue, because @u is better than what it runs, or it must limit that from
 * now on.
 */
static void tickle(struct c2_queue *q, struct sched_unit *u)
{
    struct c2_unit *c = u->priv;
    unsigned cpu = find_idle(q, u), worst = MAX_CPUS, unlimited = MAX_CPUS;
    s64 worst_credit = c->credit;
    nsec_t now;

    if (cpu < MAX_CPUS) {
        tickle_cpu(q, cpu);
        return;
    }
    tickle_elsewhere(q, u);
    now = system_time();
    for_each_cpu(cpu, &q->cpus) {
        struct sched_unit *r = running[cpu];
        s64 credit;

        if (r->idle || !cpumask_test(&u->hard, cpu) || cpumask_test(&q->tickled, cpu))
            continue;
        charge(r, now);
        if (cpumask_test(&q->unlimited, cpu))
            unlimited = cpu;
        credit = ((struct c2_unit *)r->priv)->credit + (cpu == u->cpu ? 0 : MIGRATE_RESIST);
        if (credit < worst_credit) {
            worst = cpu;
            worst_credit = credit;
        }
    }
    if (worst >= MAX_CPUS)
        worst = unlimited;
    if (worst < MAX_CPUS)
        tickle_cpu(q, worst);
}

static void c2_enqueue(struct sched_unit *u, bool woken)
{
    struct c2_queue *q = queue_of(u->cpu);
    struct c2_unit *c = u->priv;

    if (c->queued)
        return;
    catch_up(q, c);
    insert_sorted(q, c);
    tickle(q, u);
}

static void c2_dequeue(struct sched_unit *u)
{
    struct c2_unit *c = u->priv;

    if (c->queued)
        take_out(queue_of(u->cpu), c);
}

/* The best waiting unit that may run on @cpu. */
static struct c2_unit *best_for(struct c2_queue *q, unsigned cpu)
{
    struct c2_unit *c;

    list_for_each(c, &q->units, link) {
        if (cpumask_test(&c->unit->hard, cpu) && !c2_out_of_budget(c->unit))
            return c;
    }
    return NULL;
}

/* Takes a unit for @cpu of queue @mine out of @q, if it has one. */
static struct c2_unit *rob(struct c2_queue *q, struct c2_queue *mine, unsigned cpu)
{
    struct c2_unit *c = best_for(q, cpu);

    if (c) {
        take_out(q, c);
        catch_up(mine, c);
        WRITE_ONCE(c->unit->cpu, cpu);
    }
    return c;
}

/* Takes a waiting unit from a queue that has more than @least; moves it to @cpu's queue. @busy: one was locked. */
static struct c2_unit *steal(unsigned cpu, unsigned least, bool *busy)
{
    struct c2_queue *mine = queue_of(cpu);

    for (unsigned k = 0; k + 1 < queue_count; k++) {
        unsigned distance = 1 + (mine->relieve + k) % (queue_count - 1);
        struct c2_queue *q = queues[(mine->index + distance) % queue_count];
        struct c2_unit *c;

        if (!q || READ_ONCE(q->waiting) <= least)
            continue;
        if (!spin_trylock(&q->lock)) {
            *busy = true;
            continue;
        }
        c = rob(q, mine, cpu);
        spin_unlock(&q->lock);
        if (c) {
            mine->relieve = distance; /* the one behind it is the first next time */
            return c;
        }
    }
    return NULL;
}

static void balance(struct c2_queue *q, unsigned cpu, nsec_t now)
{
    struct c2_unit *c;
    bool busy;

    if (now < q->next_balance)
        return;
    q->next_balance = now + BALANCE_PERIOD;
    c = steal(cpu, q->waiting + 1, &busy);
    if (c)
        insert_sorted(q, c);
}

/* The CPU has nothing to do: it says so, looks at the other queues, and looks again soon when one of them was locked. */
static struct c2_unit *look_elsewhere(struct c2_queue *q, unsigned cpu)
{
    bool busy = false;
    struct c2_unit *c;

    cpumask_set(&q->idle, cpu);
    smp_mb(); /* tickle_elsewhere() */
    c = steal(cpu, 0, &busy);
    if (!c && busy)
        softirq_raise(SOFTIRQ_SCHEDULE);
    return c;
}

/* True when @prev goes on although others wait. Sets *@slice to what is left of the rate limit. */
static bool keeps_cpu(struct sched_unit *prev, struct c2_unit *best, unsigned cpu, nsec_t now,
                      nsec_t *slice)
{
    struct c2_unit *p = prev->priv;

    if (prev->idle || !sched_runnable(prev) || !cpumask_test(&prev->hard, cpu) ||
        c2_out_of_budget(prev))
        return false;
    if (!best)
        return true;
    if (prev->yielded) {
        p->credit = MIN(p->credit, best->credit - 1);
        return false;
    }
    if (now - p->started < sched_ratelimit) {
        *slice = sched_ratelimit - (now - p->started);
        return true;
    }
    return p->credit + (best->unit->cpu == cpu ? 0 : MIGRATE_RESIST) >= best->credit;
}

/* How long @c may run before the next in line has more credit, or its domain no budget. */
static nsec_t slice_for(struct c2_queue *q, struct c2_unit *c, unsigned cpu)
{
    struct c2_unit *next = best_for(q, cpu);
    s64 slice = 0;

    if (next) {
        slice = (c->credit - next->credit) * (s64)c->unit->group->weight / SCHED_DEFAULT_WEIGHT;
        slice = MIN(MAX(slice, MAX((s64)sched_ratelimit, SLICE_MIN)), SLICE_MAX);
    }
    if (c->unit->group->cap) {
        s64 budget = c2_budget(c->unit->group);

        budget = MAX(budget, SLICE_MIN);
        slice = slice ? MIN(slice, budget) : budget;
    }
    return (nsec_t)slice;
}

static struct sched_unit *c2_pick_next(unsigned cpu, struct sched_unit *prev, nsec_t now,
                                       nsec_t *slice)
{
    struct c2_queue *q = queue_of(cpu);
    struct c2_unit *c;

    charge(prev, now);
    cpumask_clear(&q->tickled, cpu);
    cpumask_clear(&q->unlimited, cpu);
    balance(q, cpu, now);
    c = best_for(q, cpu);
    *slice = 0;
    if (keeps_cpu(prev, c, cpu, now, slice)) {
        c = prev->priv;
    } else if (c) {
        take_out(q, c);
    } else {
        c = look_elsewhere(q, cpu);
    }
    if (!c) {
        running[cpu] = idle_unit[cpu];
        return idle_unit[cpu];
    }
    cpumask_clear(&q->idle, cpu);
    if (c->unit != prev)
        c->charged = c->started = now;
    running[cpu] = c->unit;
    c2_start_period(c->unit->group, now);
    if (c->credit <= 0)
        reset_credit(q, c);
    if (!*slice)
        *slice = slice_for(q, c, cpu);
    if (!*slice)
        cpumask_set(&q->unlimited, cpu);
    return c->unit;
}

static bool has_idle(const struct c2_queue *q, const struct sched_unit *u)
{
    struct cpumask m;

    cpumask_and(&m, &q->idle, &u->hard);
    return !cpumask_empty(&m);
}

/* A CPU of @q that @u may use; MAX_CPUS: none */
static unsigned cpu_in(const struct c2_queue *q, const struct sched_unit *u)
{
    struct cpumask m, soft;

    cpumask_and(&m, &q->cpus, &u->hard);
    if (cpumask_test(&m, u->cpu))
        return u->cpu;
    cpumask_and(&soft, &m, &u->soft);
    return cpumask_empty(&soft) ? cpumask_first(&m) : cpumask_first(&soft);
}

/*
 * Stays in the queue when that has an idle CPU; else another with one; else where it may run at
 * all.
 */
static unsigned c2_pick_cpu(struct sched_unit *u)
{
    struct c2_queue *own = queue_of(u->cpu);
    unsigned fallback = cpu_in(own, u);

    if (fallback < MAX_CPUS && has_idle(own, u))
        return fallback;
    for (unsigned k = 1; k < queue_count; k++) {
        const struct c2_queue *q = queues[(own->index + k) % queue_count];
        unsigned cpu = q ? cpu_in(q, u) : MAX_CPUS;

        if (cpu >= MAX_CPUS)
            continue;
        if (has_idle(q, u))
            return cpu;
        if (fallback >= MAX_CPUS)
            fallback = cpu;
    }
    return fallback < MAX_CPUS ? fallback : u->cpu;
}

/* A new period for a domain with a cap: its units in @where may run again. */
static void budget_filled(const struct sched_group *g, const struct cpumask *where)
{
    unsigned i;

    for_each_cpu(i, where) {
        struct c2_queue *q = queues[i];
        struct c2_unit *c;
        bool irq = spin_lock_irqsave(&q->lock);

        list_for_each(c, &q->units, link) {
            if (c->unit->group != g)
                continue;
            c2_note_queue(c->unit->group, i);
            tickle(q, c->unit);
        }
        spin_unlock_irqrestore(&q->lock, irq);
    }
}

static int c2_init(void)
{
    c2_budget_filled = budget_filled;
    return 0;
}

static struct spinlock *c2_cpu_add(unsigned cpu, struct sched_unit *idle)
{
    struct c2_queue *q = queue_of(cpu);
    bool fresh = !q, irq;

    if (fresh) {
        q = heap_new(struct c2_queue);
        if (!q)
            return NULL;
        spin_lock_init(&q->lock, LOCK_SCHED);
        list_init(&q->units);
        q->index = cpu / credit2_cpus_per_queue;
        atomic_store(&queues[q->index], q);
        atomic_store(&queue_count, MAX(queue_count, q->index + 1)); /* CPUs are added one at a time */
    }
    running[cpu] = idle_unit[cpu] = idle;
    irq = spin_lock_irqsave(&q->lock);
    cpumask_set(&q->cpus, cpu);
    cpumask_set(&q->idle, cpu);
    spin_unlock_irqrestore(&q->lock, irq);
    return &q->lock;
}

static int c2_unit_add(struct sched_unit *u)
{
    struct c2_unit *c = heap_new(struct c2_unit);

    if (!c)
        return -ENOMEM;
    list_init(&c->link);
    c->unit = u;
    c->credit = CREDIT_INIT;
    c->queue = queue_of(u->cpu);
    c->epoch = c->queue ? c->queue->epoch : 0;
    u->priv = c;
    return 0;
}

static void c2_unit_remove(struct sched_unit *u)
{
    heap_free(u->priv);
    u->priv = NULL;
}

/* Units that run are charged up to now before a cap counts, and asked at once: alone they have no time slice. */
static int adjust(struct sched_group *g, unsigned weight, unsigned cap)
{
    struct cpumask theirs = { .bits = { 0 } };
    unsigned cpu;
    int rc;

    for_each_online_cpu(cpu) {
        struct c2_queue *q = queue_of(cpu);
        bool irq = spin_lock_irqsave(&q->lock);

        if (running[cpu]->group == g) {
            charge(running[cpu], system_time());
            cpumask_set(&theirs, cpu);
        }
        spin_unlock_irqrestore(&q->lock, irq);
    }
    rc = c2_adjust(g, weight, cap);
    for_each_cpu(cpu, &theirs)
        softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
    return rc;
}

static void c2_unit_params(const struct sched_unit *u, int *credit, nsec_t *spent)
{
    *credit = (int)(((struct c2_unit *)u->priv)->credit / 1000);
    *spent = u->time_in[RUN_RUNNING];
}

const struct scheduler sched_credit2 = {
    .name = "SMP Credit Scheduler rev2",
    .opt_name = "credit2",
    .id = XEN_SCHEDULER_CREDIT2,
    .init = c2_init,
    .cpu_add = c2_cpu_add,
    .group_init = c2_group_init,
    .group_destroy = c2_group_destroy,
    .unit_add = c2_unit_add,
    .unit_remove = c2_unit_remove,
    .enqueue = c2_enqueue,
    .dequeue = c2_dequeue,
    .pick_next = c2_pick_next,
    .pick_cpu = c2_pick_cpu,
    .adjust = adjust,
    .unit_params = c2_unit_params,
};
