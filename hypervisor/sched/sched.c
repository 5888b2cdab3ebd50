/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Core of the scheduler: what is common to all of them. Blocking, pausing and
 * waking units, the time each spends in which state, affinity, and the switch
 * itself in SOFTIRQ_SCHEDULE. Which unit runs next is asked of the scheduler.
 * Lock: the run-queue lock of the unit's CPU (LOCK_SCHED), interrupts disabled.
 */
#include "sched/sched.h"

#include "atomic.h"
#include "bug.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "sched/softirq.h"

struct cpu_sched {
    struct spinlock *lock;
    struct sched_unit *unit, *idle; /* running now; its idle one */
    struct timer slice;
};

static struct cpu_sched cpus[MAX_CPUS];
static struct spinlock early_lock = SPINLOCK_INIT(LOCK_SCHED);
static const struct scheduler *const schedulers[] = {&sched_credit2};
static const struct scheduler *ops = &sched_credit2;

struct sched_callbacks sched_callbacks;

const struct scheduler *sched_current(void)
{
    return ops;
}

static struct spinlock *lock_of(unsigned cpu)
{
    struct spinlock *l = atomic_load(&cpus[cpu].lock);

    return l ? l : &early_lock;
}

/* Locks the run queue of @u, which may move to another CPU until we have it. */
static struct spinlock *unit_lock(const struct sched_unit *u, bool *irq)
{
    for (;;) {
        struct spinlock *l = lock_of(READ_ONCE(u->cpu));

        *irq = spin_lock_irqsave(l);
        if (likely(l == lock_of(READ_ONCE(u->cpu))))
            return l;
        spin_unlock_irqrestore(l, *irq);
    }
}

static void set_state(struct sched_unit *u, enum run_state state, nsec_t now)
{
    if (u->state == state)
        return;
    if (now > u->state_entry_time) {
        u->time_in[u->state] += now - u->state_entry_time;
        u->state_entry_time = now;
    }
    u->state = state;
}

/* The state of a unit that is not running: a paused one is offline unless it was waiting anyway. */
static enum run_state resting_state(const struct sched_unit *u)
{
    if (u->blocked)
        return RUN_BLOCKED;
    return u->pause_count ? RUN_OFFLINE : RUN_RUNNABLE;
}

/*
 * Queues @u where the scheduler wants it, if it can run and its context is
 * saved. Called with the lock of its CPU held; returns with the lock released.
 */
static void place_and_unlock(struct sched_unit *u, struct spinlock *l, bool irq, bool woken)
{
    while (!u->running && sched_runnable(u)) {
        unsigned cpu = ops->pick_cpu(u);

        if (lock_of(cpu) == l) {
            u->cpu = cpu;
            ops->enqueue(u, woken);
            break;
        }
        ops->dequeue(u);
        WRITE_ONCE(u->cpu, cpu);
        spin_unlock_irqrestore(l, irq);
        l = unit_lock(u, &irq);
        if (cpumask_test(&u->hard, u->cpu)) { /* do not ask again: two queues could play ball */
            if (!u->running && sched_runnable(u))
                ops->enqueue(u, woken);
            break;
        }
    }
    spin_unlock_irqrestore(l, irq);
}

void sched_wake(struct sched_unit *u)
{
    bool irq;
    struct spinlock *l;

    if (!READ_ONCE(u->blocked))
        return;
    l = unit_lock(u, &irq);
    if (!u->blocked) {
        spin_unlock_irqrestore(l, irq);
        return;
    }
    u->blocked = false;
    if (!u->running)
        set_state(u, resting_state(u), system_time());
    place_and_unlock(u, l, irq, true);
}

void sched_block(struct sched_unit *u)
{
    bool irq;
    struct spinlock *l = unit_lock(u, &irq);

    u->blocked = true;
    spin_unlock_irqrestore(l, irq);
    smp_mb(); /* the caller looks for pending events next; a sender looks at blocked after setting
                 one */
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void sched_yield(void)
{
    cpus[cpu_id()].unit->yielded = true;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

void sched_pause(struct sched_unit *u)
{
    bool irq;
    struct spinlock *l = unit_lock(u, &irq);

    if (u->pause_count++ == 0) {
        if (u->running) {
            softirq_raise_cpu(u->cpu, SOFTIRQ_SCHEDULE);
        } else {
            ops->dequeue(u);
            set_state(u, resting_state(u), system_time());
        }
    }
    spin_unlock_irqrestore(l, irq);
}

void sched_unpause(struct sched_unit *u)
{
    bool irq;
    struct spinlock *l = unit_lock(u, &irq);

    ASSERT(u->pause_count > 0);
    if (--u->pause_count == 0 && !u->running) {
        set_state(u, resting_state(u), system_time());
        place_and_unlock(u, l, irq, true);
        return;
    }
    spin_unlock_irqrestore(l, irq);
}

void sched_sync(struct sched_unit *u)
{
    if (u == cpus[cpu_id()].unit)
        return;
    while (atomic_load(&u->running) && READ_ONCE(u->pause_count))
        smp_wait();
}

/* Moves a unit off a CPU that it may not use any more. */
static int affinity_set(struct sched_unit *u, const struct cpumask *hard,
                        const struct cpumask *soft)
{
    struct cpumask usable;
    struct spinlock *l;
    bool irq;

    cpumask_and(&usable, hard, &cpu_online_mask);
    if (cpumask_empty(&usable))
        return -EINVAL;
    l = unit_lock(u, &irq);
    u->hard = *hard;
    if (soft)
        u->soft = *soft;
    if (u->running) {
        softirq_raise_cpu(u->cpu, SOFTIRQ_SCHEDULE);
        spin_unlock_irqrestore(l, irq);
        return 0;
    }
    ops->dequeue(u);
    place_and_unlock(u, l, irq, false);
    return 0;
}

int sched_set_affinity(struct sched_unit *u, const struct cpumask *hard, const struct cpumask *soft)
{
    return affinity_set(u, hard ? hard : &u->hard, soft);
}

int sched_pin_override(struct sched_unit *u, int cpu)
{
    struct cpumask one = {{0}};

    if (cpu < 0) {
        if (!u->pinned_override)
            return -EINVAL;
        u->pinned_override = false;
        return affinity_set(u, &u->saved_hard, NULL);
    }
    if (cpu >= MAX_CPUS || !cpumask_test(&cpu_online_mask, (unsigned)cpu))
        return -EINVAL;
    if (u->pinned_override)
        return -EBUSY;
    u->saved_hard = u->hard;
    u->pinned_override = true;
    cpumask_set(&one, (unsigned)cpu);
    return affinity_set(u, &one, NULL);
}

void sched_times(const struct sched_unit *u, enum run_state *state, nsec_t *entry, nsec_t times[4])
{
    bool irq;
    struct spinlock *l = unit_lock(u, &irq);

    *state = u->state;
    *entry = u->state_entry_time;
    memcpy(times, u->time_in, sizeof(u->time_in));
    spin_unlock_irqrestore(l, irq);
}

/* The context of @prev is in memory now: it may run elsewhere. */
static void context_saved(struct sched_unit *prev)
{
    bool irq;
    struct spinlock *l = unit_lock(prev, &irq);

    atomic_store(&prev->running, false);
    if (prev->idle || !sched_runnable(prev)) {
        set_state(prev, resting_state(prev), system_time());
        spin_unlock_irqrestore(l, irq);
        return;
    }
    set_state(prev, RUN_RUNNABLE, system_time());
    place_and_unlock(prev, l, irq, false);
}

static void schedule(void)
{
    unsigned cpu = cpu_id();
    struct cpu_sched *c = &cpus[cpu];
    struct sched_unit *prev = c->unit, *next;
    nsec_t now, slice = 0;
    bool irq = spin_lock_irqsave(c->lock);

    now = system_time();
    next = ops->pick_next(cpu, prev, now, &slice);
    prev->yielded = false;
    if (slice)
        timer_set(&c->slice, now + slice);
    else
        timer_stop(&c->slice);
    if (next == prev) {
        spin_unlock_irqrestore(c->lock, irq);
        return;
    }
    ASSERT(!next->running);
    set_state(prev, prev->idle ? RUN_RUNNABLE : resting_state(prev), now);
    set_state(next, RUN_RUNNING, now);
    WRITE_ONCE(next->cpu, cpu);
    next->running = true;
    c->unit = next;
    spin_unlock(c->lock); /* interrupts stay disabled until the new context is complete */
    sched_callbacks.context_switch(prev->vcpu, next->vcpu);
    context_saved(prev);
    irq_restore(irq);
}

static void slice_over(void *data)
{
    (void)data;
    softirq_raise(SOFTIRQ_SCHEDULE);
}

int sched_group_init(struct sched_group *g, domid_t domid)
{
    g->domid = domid;
    g->weight = SCHED_DEFAULT_WEIGHT;
    g->cap = 0;
    return ops->group_init(g);
}

void sched_group_destroy(struct sched_group *g)
{
    ops->group_destroy(g);
}

int sched_adjust(struct sched_group *g, unsigned weight, unsigned cap)
{
    if (weight == 0 || weight > SCHED_MAX_WEIGHT)
        return -EINVAL;
    return ops->adjust(g, weight, cap);
}

int sched_unit_init(struct sched_unit *u, struct vcpu *v, struct sched_group *g, unsigned cpu,
                    bool idle)
{
    memset(u, 0, sizeof(*u));
    u->vcpu = v;
    u->group = g;
    u->cpu = cpu;
    u->idle = idle;
    u->state = idle ? RUN_RUNNING : RUN_OFFLINE;
    u->state_entry_time = system_time();
    memset(&u->soft, 0xff, sizeof(u->soft));
    if (idle) {
        u->running = true;
        cpumask_set(&u->hard, cpu);
        cpus[cpu].idle = u;
        return 0;
    }
    memset(&u->hard, 0xff, sizeof(u->hard));
    u->pause_count = 1; /* until the owner says that it is complete: sched_unpause() */
    return ops->unit_add(u);
}

void sched_unit_destroy(struct sched_unit *u)
{
    bool irq;
    struct spinlock *l;

    if (u->idle || !u->priv)
        return;
    l = unit_lock(u, &irq);
    ASSERT(!u->running);
    ops->dequeue(u);
    spin_unlock_irqrestore(l, irq);
    ops->unit_remove(u);
}

struct sched_unit *sched_current_unit(void)
{
    return cpus[cpu_id()].unit;
}

struct sched_unit *sched_cpu_unit(unsigned cpu)
{
    return READ_ONCE(cpus[cpu].unit);
}

nsec_t sched_idle_time(unsigned cpu)
{
    struct sched_unit *u = cpus[cpu].idle;
    enum run_state state;
    nsec_t entry, times[4], now = system_time();

    if (!u)
        return 0;
    sched_times(u, &state, &entry, times);
    return times[RUN_RUNNING] + (state == RUN_RUNNING && now > entry ? now - entry : 0);
}

void sched_init(const char *opt_name)
{
    bool found = !opt_name || !*opt_name;

    for (unsigned i = 0; !found && i < ARRAY_SIZE(schedulers); i++) {
        if (strcmp(opt_name, schedulers[i]->opt_name) == 0) {
            ops = schedulers[i];
            found = true;
        }
    }
    if (!found)
        pr_warning("sched=%s: no such scheduler, %s is used\n", opt_name, ops->opt_name);
    if (ops->init())
        panic("Scheduler %s cannot start: no memory\n", ops->opt_name);
    softirq_register(SOFTIRQ_SCHEDULE, schedule);
}

void sched_cpu_start(unsigned cpu, struct vcpu *idle)
{
    struct cpu_sched *c = &cpus[cpu];
    struct spinlock *lock;

    ASSERT(c->idle && c->idle->vcpu == idle);
    c->unit = c->idle;
    timer_init(&c->slice, slice_over, NULL, cpu);
    lock = ops->cpu_add(cpu, c->idle);
    if (!lock)
        panic("CPU %u: no memory for its run queue\n", cpu);
    atomic_store(&c->lock, lock);
    softirq_raise(SOFTIRQ_SCHEDULE);
}
