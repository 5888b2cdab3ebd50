/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers and the credit2 scheduler on simulated CPUs. Time is a variable; each
 * simulated CPU has a clock interrupt and runs its softirqs when it is due, in
 * random order with the others, also in the middle of another CPU's context
 * switch. Units are hogs or run in bursts and sleep in between. Checked: every timer fires once and
 * not early; no unit is ever on two CPUs; shares by weight, work conservation, latency, caps, affinity, pausing.
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#include "../../../hypervisor/lib/bitmap.c"
#include "../../../hypervisor/lib/bug.c"
#include "../../../hypervisor/sched/softirq.c"
#include "../../../hypervisor/sched/tasklet.c"
#include "../../../hypervisor/sched/timer.c"
#undef MIN_PERIOD
#include "../../../hypervisor/sched/credit2.c"
#include "../../../hypervisor/sched/credit2_cap.c"
#include "../../../hypervisor/sched/sched.c"

#define CPUS SIM_CPUS
#define MSEC 1000000UL

/* ---- the machine ---- */

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct cpumask cpu_online_mask;
void (*clock_event_handler)(void);
static nsec_t now_ns, deadline[CPUS];
static unsigned cpus_used;
static bool in_switch[CPUS];
static u64 seed = 12345;

static unsigned rnd(unsigned n)
{
    seed = seed * 6364136223846793005UL + 1442695040888963407UL;
    return (unsigned)(seed >> 33) % n;
}

nsec_t system_time(void) { return now_ns; }
void clock_event_set(nsec_t d) { deadline[sim_this_cpu] = d; }
void clock_event_state(unsigned cpu, nsec_t *wanted, nsec_t *programmed) { *wanted = *programmed = deadline[cpu]; }
const char *symbol_find(u64 va, u64 *offset) { return NULL; }
static unsigned kicks[CPUS];
void smp_kick(unsigned cpu) { kicks[cpu]++; }
void *heap_alloc(size_t n) { return calloc(1, n); }
void heap_free(void *p) { free(p); }
void printk(enum log_level l, const char *fmt, ...) { }
void panic(const char *fmt, ...) { puts(fmt); abort(); }
static void (*others_go_on)(void); /* while a CPU waits; NULL: it would be for ever */
void smp_wait(void) { if (others_go_on) others_go_on(); else abort(); }
void cpu_relax(void) { smp_wait(); }

void spin_lock_init(struct spinlock *l, enum lock_rank rank) { *l = (struct spinlock)SPINLOCK_INIT(rank); }
void spin_lock(struct spinlock *l) { if (l->cpu) abort(); l->cpu = 1; }
static unsigned locked_by_another; /* the next attempts that fail */
bool spin_trylock(struct spinlock *l) { if (l->cpu || (locked_by_another && locked_by_another--)) return false; l->cpu = 1; return true; }
void spin_unlock(struct spinlock *l) { if (!l->cpu) abort(); l->cpu = 0; }
bool spin_lock_irqsave(struct spinlock *l) { bool was = irq_save(); spin_lock(l); return was; }
void spin_unlock_irqrestore(struct spinlock *l, bool was) { spin_unlock(l); irq_restore(was); }

/* ---- units ---- */

struct vcpu { /* what the test knows of one */
    struct sched_unit u;
    struct sched_group group;
    nsec_t burst, sleep;    /* 0: a hog */
    nsec_t left, ran;       /* of this burst; altogether */
    nsec_t woken, worst;    /* latency */
    int on_cpu;             /* where its context is loaded, -1: memory */
    struct timer wake;
    unsigned moves;
};

static struct vcpu idle[CPUS], vcpus[32];
static unsigned count_vcpus;
static struct vcpu *loaded[CPUS];

static void run_cpu(unsigned cpu)
{
    unsigned was = sim_this_cpu;

    sim_this_cpu = cpu;
    if (deadline[cpu] <= now_ns)
        clock_event_handler();
    softirq_run();
    sim_this_cpu = was;
}

static void switched(struct vcpu *prev, struct vcpu *next)
{
    unsigned cpu = cpu_id();

    if (loaded[cpu] != prev || prev->on_cpu != (int)cpu || next->on_cpu >= 0) {
        printf("a unit is on two CPUs\n");
        abort();
    }
    in_switch[cpu] = true;
    if (rnd(2)) { /* others go on meanwhile */
        unsigned other = rnd(cpus_used);

        if (!in_switch[other])
            run_cpu(other);
    }
    in_switch[cpu] = false;
    prev->on_cpu = -1;
    if (next->on_cpu >= 0)
        abort();
    next->on_cpu = (int)cpu;
    loaded[cpu] = next;
    next->moves++;
    if (next->woken) {
        nsec_t latency = now_ns - next->woken;

        if (latency > next->worst)
            next->worst = latency;
        next->woken = 0;
    }
}

static void wake_up(void *data)
{
    struct vcpu *v = data;

    v->left = v->burst;
    v->woken = now_ns;
    sched_wake(&v->u);
}

static void machine_start(unsigned cpus, unsigned per_queue)
{
    memset(sim_cpus, 0, sizeof(sim_cpus));
    memset(queues, 0, sizeof(queues));
    queue_count = 0;
    memset(&cpu_online_mask, 0, sizeof(cpu_online_mask));
    memset(percpu_softirq_pending, 0, sizeof(percpu_softirq_pending));
    memset(percpu_timer_queue, 0, sizeof(percpu_timer_queue));
    memset(idle, 0, sizeof(idle));
    memset(vcpus, 0, sizeof(vcpus));
    count_vcpus = 0;
    cpus_used = cpus;
    credit2_cpus_per_queue = per_queue;
    sched_callbacks.context_switch = switched;
    timers_start();
    sched_init("");
    for (unsigned i = 0; i < cpus; i++) {
        sim_this_cpu = i;
        deadline[i] = ~0UL;
        cpumask_set(&cpu_online_mask, i);
        sched_unit_init(&idle[i].u, &idle[i], NULL, i, true);
        idle[i].on_cpu = (int)i;
        loaded[i] = &idle[i];
        timers_cpu_start();
        sched_cpu_start(i, &idle[i]);
    }
    for (unsigned i = 0; i < cpus; i++)
        run_cpu(i);
    sim_this_cpu = 0;
}

static struct vcpu *unit_new(unsigned weight, nsec_t burst, nsec_t sleep)
{
    struct vcpu *v = &vcpus[count_vcpus++];

    v->burst = burst;
    v->sleep = sleep;
    v->left = burst;
    v->on_cpu = -1;
    sched_group_init(&v->group, (domid_t)count_vcpus);
    sched_adjust(&v->group, weight, 0);
    sched_unit_init(&v->u, v, &v->group, (count_vcpus - 1) % cpus_used, false);
    timer_init(&v->wake, wake_up, v, v->u.cpu);
    sched_unpause(&v->u);
    return v;
}

/* Lets time pass up to the next event; @return false at @end. */
static bool step(nsec_t end)
{
    nsec_t next = end;
    unsigned first = rnd(cpus_used);

    for (unsigned i = 0; i < cpus_used; i++) {
        struct vcpu *v = loaded[i];

        if (deadline[i] < next)
            next = MAX(deadline[i], now_ns);
        if (percpu_softirq_pending[i])
            next = now_ns;
        if (v->burst && now_ns + v->left < next)
            next = now_ns + v->left;
    }
    for (unsigned i = 0; i < cpus_used; i++) {
        struct vcpu *v = loaded[i];

        v->ran += next - now_ns;
        if (v->burst)
            v->left -= next - now_ns;
    }
    now_ns = next;
    for (unsigned n = 0; n < cpus_used; n++) {
        unsigned cpu = (first + n) % cpus_used;
        struct vcpu *v = loaded[cpu];

        sim_this_cpu = cpu;
        if (v->burst && !v->left && v != &idle[cpu] && !v->u.blocked) {
            sched_block(&v->u);
            timer_migrate(&v->wake, cpu);
            timer_set(&v->wake, now_ns + v->sleep);
        }
        if (percpu_softirq_pending[cpu] || deadline[cpu] <= now_ns)
            run_cpu(cpu);
    }
    return now_ns < end;
}

static void run_for(nsec_t t)
{
    nsec_t end = now_ns + t;

    while (step(end))
        continue;
}

static void machine_stop(void)
{
    for (unsigned i = 0; i < count_vcpus; i++) {
        sim_this_cpu = 0;
        timer_kill(&vcpus[i].wake);
        sched_pause(&vcpus[i].u);
    }
    run_for(30 * MSEC);
    for (unsigned i = 0; i < count_vcpus; i++) {
        CHECK(!vcpus[i].u.running);
        sched_unit_destroy(&vcpus[i].u);
        sched_group_destroy(&vcpus[i].group);
    }
    for (unsigned i = 0; i < MAX_CPUS; i++)
        free(queues[i]);
}

static bool near(nsec_t a, nsec_t b, unsigned percent)
{
    nsec_t diff = a > b ? a - b : b - a;

    return diff * 100 <= b * percent;
}

/* ---- timers ---- */

#define TIMERS 200

static struct {
    struct timer t;
    nsec_t want; /* 0: not armed */
    unsigned fired;
} timers[TIMERS];
static unsigned early, unwanted;
static nsec_t last_fired;

static void fire(void *data)
{
    unsigned i = (unsigned)(uintptr_t)data;

    if (!timers[i].want)
        unwanted++;
    else if (now_ns < timers[i].want)
        early++;
    if (timers[i].t.cpu != sim_this_cpu)
        unwanted++;
    timers[i].want = 0;
    timers[i].fired++;
    last_fired = now_ns;
}

/* @return how many timers a walk of both heaps finds; each is armed */
static unsigned walk(void)
{
    unsigned n = 0;

    for (unsigned cpu = 0; cpu < 2; cpu++)
        for (struct timer *t = per_cpu(timer_queue, cpu).root; t; t = heap_next(t))
            n += t->armed && t->cpu == cpu ? 1 : TIMERS + 1;
    return n;
}

static void timer_heap(void)
{
    unsigned late = 0, armed = 0;

    machine_start(2, 8);
    early = unwanted = 0;
    for (unsigned i = 0; i < TIMERS; i++)
        timer_init(&timers[i].t, fire, (void *)(uintptr_t)i, rnd(2));
    for (unsigned n = 0; n < 20000; n++) {
        unsigned i = rnd(TIMERS);

        sim_this_cpu = rnd(2);
        switch (rnd(8)) {
        case 0:
            timer_stop(&timers[i].t);
            timers[i].want = 0;
            break;
        case 1:
            timer_migrate(&timers[i].t, rnd(2));
            break;
        case 2:
            run_for(rnd(1000));
            for (unsigned k = 0; k < TIMERS; k++)
                late += timers[k].want && timers[k].want < now_ns;
            break;
        default:
            timers[i].want = now_ns + rnd(20000);
            timer_set(&timers[i].t, timers[i].want);
        }
        CHECK(timer_armed(&timers[i].t) == (timers[i].want != 0));
        if (n % 64 == 0) {
            armed = 0;
            for (unsigned k = 0; k < TIMERS; k++)
                armed += timer_armed(&timers[k].t);
            CHECK(walk() == armed);
        }
    }
    armed = 0;
    run_for(100000);
    for (unsigned i = 0; i < TIMERS; i++)
        armed += timer_armed(&timers[i].t);
    CHECK(early == 0);
    CHECK(unwanted == 0);
    CHECK(late == 0);
    CHECK(armed == 0);
    machine_stop();
}

static void timer_killed_stays_off(void)
{
    machine_start(1, 8);
    timer_init(&timers[0].t, fire, NULL, 0);
    timers[0].fired = 0;
    timer_set(&timers[0].t, now_ns + 100);
    timer_kill(&timers[0].t);
    timer_set(&timers[0].t, now_ns + 100);
    run_for(1000);
    CHECK(timers[0].fired == 0);
    machine_stop();
}

/* Its function runs on CPU 1 while CPU 0 moves it and kills it: that waits for CPU 1. */
static bool kill_waited;

static void function_ends(void)
{
    kill_waited = true;
    per_cpu(timer_queue, 1).running = NULL;
}

static void moved_and_killed(void *data)
{
    sim_this_cpu = 0;
    timer_migrate(&timers[0].t, 0);
    others_go_on = function_ends;
    timer_kill(&timers[0].t);
    others_go_on = NULL;
    sim_this_cpu = 1;
}

static void timer_killed_after_it_moved(void)
{
    machine_start(2, 8);
    kill_waited = false;
    timer_init(&timers[0].t, moved_and_killed, NULL, 1);
    timer_set(&timers[0].t, now_ns + 100);
    run_for(1000);
    CHECK(kill_waited);
    machine_stop();
}

static unsigned tasks_run;
static void count_task(void *data)
{
    (*(unsigned *)data)++;
}

static void tasklets(void)
{
    struct tasklet a, b;

    machine_start(2, 8);
    tasklets_start();
    tasks_run = 0;
    tasklet_init(&a, count_task, &tasks_run);
    tasklet_init(&b, count_task, &tasks_run);
    tasklet_schedule(&a, 0);
    tasklet_schedule(&a, 0); /* once only */
    tasklet_schedule(&b, 1);
    run_for(1000);
    CHECK(tasks_run == 2);
    tasklet_schedule(&b, 0);
    tasklet_kill(&b);
    run_for(1000);
    CHECK(tasks_run == 2);
    machine_stop();
}

/* ---- credit2 ---- */

static void shares_by_weight(void)
{
    struct vcpu *a, *b;

    machine_start(1, 8);
    a = unit_new(256, 0, 0);
    b = unit_new(512, 0, 0);
    run_for(3000 * MSEC);
    CHECK(near(a->ran, 1000 * MSEC, 3));
    CHECK(near(b->ran, 2000 * MSEC, 3));
    CHECK(a->moves < 1500); /* the rate limit holds */
    machine_stop();
}

static void all_cpus_are_used(void)
{
    machine_start(4, 8);
    for (unsigned i = 0; i < 4; i++)
        unit_new(256, 0, 0);
    run_for(1000 * MSEC);
    for (unsigned i = 0; i < 4; i++)
        CHECK(near(vcpus[i].ran, 1000 * MSEC, 1));
    CHECK(vcpus[0].moves < 10); /* and nobody is moved without need */
    machine_stop();
}

static void three_on_two(void)
{
    machine_start(2, 8);
    for (unsigned i = 0; i < 3; i++)
        unit_new(256, 0, 0);
    run_for(3000 * MSEC);
    for (unsigned i = 0; i < 3; i++)
        CHECK(near(vcpus[i].ran, 2000 * MSEC, 5));
    machine_stop();
}

static void balance_between_queues(void)
{
    nsec_t idle_time = 0;

    machine_start(CPUS, 2);
    for (unsigned i = 0; i < 12; i++)
        unit_new(256, 0, 0);
    run_for(5000 * MSEC);
    for (unsigned i = 0; i < CPUS; i++)
        idle_time += idle[i].ran;
    CHECK(idle_time < 50 * MSEC);
    for (unsigned i = 0; i < 12; i++)
        CHECK(near(vcpus[i].ran, 5000 * MSEC * CPUS / 12, 30));
    machine_stop();
}

static void sleeper_runs_soon(void)
{
    struct vcpu *hog, *sleeper;

    machine_start(1, 8);
    hog = unit_new(256, 0, 0);
    sleeper = unit_new(256, MSEC / 2, 10 * MSEC);
    run_for(2000 * MSEC);
    CHECK(sleeper->worst <= 11 * MSEC / 10);
    CHECK(sleeper->ran > 80 * MSEC);
    CHECK(near(hog->ran + sleeper->ran, 2000 * MSEC, 1));
    machine_stop();
}

static void many_sleepers(void)
{
    machine_start(4, 2);
    for (unsigned i = 0; i < 24; i++)
        unit_new(256, 200000 + i * 10000, (1 + i) * MSEC);
    run_for(2000 * MSEC);
    for (unsigned i = 0; i < 24; i++) {
        CHECK(vcpus[i].ran > 0);
        CHECK(vcpus[i].worst < 30 * MSEC);
    }
    machine_stop();
}

static void cap_limits(void)
{
    struct vcpu *a;

    machine_start(2, 8);
    a = unit_new(256, 0, 0);
    sched_adjust(&a->group, 256, 25);
    run_for(4000 * MSEC);
    CHECK(near(a->ran, 1000 * MSEC, 10));
    machine_stop();
}

/* Also of a unit that runs already, alone, and so without a time slice. */
static void cap_begins_at_once(void)
{
    struct vcpu *a;

    machine_start(2, 8);
    a = unit_new(256, 0, 0);
    run_for(100 * MSEC);
    a->ran = 0;
    sched_adjust(&a->group, 256, 25);
    run_for(4000 * MSEC);
    CHECK(near(a->ran, 1000 * MSEC, 10));
    machine_stop();
}

static void affinity_binds(void)
{
    struct cpumask only = { .bits = { 1UL << 3 } }, none = { .bits = { 0 } };
    struct vcpu *a;

    machine_start(4, 2);
    a = unit_new(256, 0, 0);
    run_for(10 * MSEC);
    CHECK(sched_set_affinity(&a->u, &only, NULL) == 0);
    run_for(10 * MSEC);
    CHECK(a->on_cpu == 3);
    CHECK(sched_set_affinity(&a->u, &none, NULL) == -EINVAL);
    CHECK(sched_pin_override(&a->u, 0) == 0);
    CHECK(sched_pin_override(&a->u, 1) == -EBUSY);
    run_for(10 * MSEC);
    CHECK(a->on_cpu == 0);
    CHECK(sched_pin_override(&a->u, -1) == 0);
    CHECK(sched_pin_override(&a->u, -1) == -EINVAL);
    run_for(10 * MSEC);
    CHECK(a->on_cpu == 3);
    machine_stop();
}

static void pausing(void)
{
    enum run_state state;
    nsec_t entry, times[4], ran;
    struct vcpu *a;

    machine_start(2, 8);
    a = unit_new(256, 0, 0);
    run_for(10 * MSEC);
    sched_pause(&a->u);
    sched_pause(&a->u);
    run_for(MSEC);
    ran = a->ran;
    CHECK(!a->u.running && a->on_cpu < 0);
    run_for(10 * MSEC);
    CHECK(a->ran == ran);
    sched_times(&a->u, &state, &entry, times);
    CHECK(state == RUN_OFFLINE && times[RUN_RUNNING] == ran);
    sched_unpause(&a->u);
    run_for(10 * MSEC);
    CHECK(a->ran == ran);
    sched_unpause(&a->u);
    run_for(10 * MSEC);
    CHECK(near(a->ran, ran + 10 * MSEC, 1));
    machine_stop();
}

static struct c2_unit *credit_of(struct vcpu *v)
{
    return v->u.priv;
}

/* Credit resets of the queue that a unit comes to are not its own; those that it missed in its old queue are. */
static void credit_follows_its_queue(void)
{
    struct cpumask second = { .bits = { 0xc } };
    struct vcpu *a;

    machine_start(4, 2);
    for (unsigned missed = 0; missed < 2; missed++) {
        a = unit_new(256, 0, 0);
        a->u.hard.bits[0] = 3;
        sched_pause(&a->u);
        run_for(MSEC);
        credit_of(a)->credit = -USEC(3000);
        queues[0]->epoch += missed;
        queues[1]->epoch += 50;
        sched_set_affinity(&a->u, &second, NULL);
        sched_unpause(&a->u);
        CHECK(credit_of(a)->credit == -USEC(3000) + (s64)missed * CREDIT_INIT);
        CHECK(a->u.cpu >= 2);
    }
    machine_stop();
}

/* Three units wait on the first two CPUs, and may suddenly run everywhere. */
static void crowd(unsigned queue, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct vcpu *v = unit_new(256, 0, 0);
        struct cpumask here = { .bits = { 3ul << 2 * queue } };

        sched_set_affinity(&v->u, &here, NULL);
        run_for(MSEC / 10);
    }
}

static void let_go(void)
{
    for (unsigned i = 0; i < count_vcpus; i++)
        memset(&vcpus[i].u.hard, 0xff, sizeof(vcpus[i].u.hard));
}

static void idle_cpu_looks_again(void)
{
    machine_start(4, 2);
    crowd(0, 4);
    let_go();
    CHECK(loaded[2] == &idle[2]);
    sim_this_cpu = 2;
    locked_by_another = 1;
    softirq_raise(SOFTIRQ_SCHEDULE);
    run_cpu(2);
    CHECK(loaded[2] != &idle[2]);
    machine_stop();
}

static void queues_are_relieved_in_turn(void)
{
    machine_start(6, 2);
    crowd(0, 4);
    crowd(1, 4);
    let_go();
    CHECK(queues[0]->waiting == 2 && queues[1]->waiting == 2);
    for (unsigned cpu = 4; cpu < 6; cpu++) {
        sim_this_cpu = cpu;
        softirq_raise(SOFTIRQ_SCHEDULE);
        run_cpu(cpu);
    }
    CHECK(queues[0]->waiting == 1 && queues[1]->waiting == 1);
    machine_stop();
}

/* A unit that is queued where nobody is free, although a CPU of another queue idles: that one is told. */
static void idle_cpu_is_told(void)
{
    struct vcpu *v;
    bool irq;

    machine_start(4, 2);
    crowd(0, 3);
    let_go();
    v = &vcpus[count_vcpus - 1];
    for (unsigned i = 0; i < count_vcpus; i++)
        if (((struct c2_unit *)vcpus[i].u.priv)->queued)
            v = &vcpus[i];
    irq = spin_lock_irqsave(&queues[0]->lock);
    c2_dequeue(&v->u);
    c2_enqueue(&v->u, true);
    spin_unlock_irqrestore(&queues[0]->lock, irq);
    run_cpu(2);
    run_cpu(3);
    CHECK(loaded[2] == v || loaded[3] == v);
    machine_stop();
}

/* A domain with a cap disturbs no CPU that has nothing to do with it, and its timer is where it runs. */
static void cap_is_quiet(void)
{
    struct cpumask second = { .bits = { 3ul << 2 } };
    struct vcpu *a;

    machine_start(CPUS, 2);
    a = unit_new(256, 0, 0);
    sched_set_affinity(&a->u, &second, NULL);
    sched_adjust(&a->group, 256, 25);
    run_for(100 * MSEC);
    memset(kicks, 0, sizeof(kicks));
    a->ran = 0;
    run_for(2000 * MSEC);
    CHECK(near(a->ran, 500 * MSEC, 10));
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        if (cpu / 2 != 1)
            CHECK(kicks[cpu] == 0);
    CHECK(((struct c2_group *)a->group.priv)->refill.cpu / 2 == 1);
    machine_stop();
}

static void yield_lets_others(void)
{
    struct vcpu *a, *b;

    machine_start(1, 8);
    a = unit_new(256, 0, 0);
    b = unit_new(256, 0, 0);
    for (unsigned i = 0; i < 1000; i++) {
        run_for(50000);
        if (loaded[0] == a) {
            sim_this_cpu = 0;
            sched_yield();
        }
    }
    CHECK(b->ran > a->ran * 4);
    CHECK(a->ran > 0);
    machine_stop();
}

/* Everything at once, for the rule that a unit is on one CPU only. */
static void random_operations(void)
{
    unsigned paused[16] = { 0 };

    machine_start(CPUS, 2);
    for (unsigned i = 0; i < 16; i++)
        unit_new(1 + rnd(1000), i % 3 ? 1 + rnd(MSEC) : 0, 1 + rnd(2 * MSEC));
    for (unsigned n = 0; n < 20000; n++) {
        unsigned i = rnd(16);
        struct cpumask m = { .bits = { 1 + rnd((1u << CPUS) - 1) } };

        sim_this_cpu = rnd(CPUS);
        switch (rnd(6)) {
        case 0:
            sched_pause(&vcpus[i].u);
            paused[i]++;
            break;
        case 1:
            if (paused[i]) {
                sched_unpause(&vcpus[i].u);
                paused[i]--;
            }
            break;
        case 2:
            CHECK(sched_set_affinity(&vcpus[i].u, &m, NULL) == 0);
            break;
        case 3:
            sched_wake(&vcpus[i].u);
            break;
        default:
            run_for(rnd(200000));
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        for (; paused[i]; paused[i]--)
            sched_unpause(&vcpus[i].u);
        vcpus[i].ran = 0;
    }
    run_for(500 * MSEC);
    for (unsigned i = 0; i < 16; i++)
        CHECK(vcpus[i].ran > 0); /* nobody has been lost */
    machine_stop();
}

int main(void)
{
    now_ns = 1000;
    TEST(timer_heap);
    TEST(timer_killed_stays_off);
    TEST(timer_killed_after_it_moved);
    TEST(tasklets);
    TEST(shares_by_weight);
    TEST(all_cpus_are_used);
    TEST(three_on_two);
    TEST(balance_between_queues);
    TEST(sleeper_runs_soon);
    TEST(many_sleepers);
    TEST(cap_limits);
    TEST(cap_begins_at_once);
    TEST(affinity_binds);
    TEST(pausing);
    TEST(credit_follows_its_queue);
    TEST(idle_cpu_looks_again);
    TEST(queues_are_relieved_in_turn);
    TEST(idle_cpu_is_told);
    TEST(cap_is_quiet);
    TEST(yield_lets_others);
    TEST(random_operations);
    return TEST_RESULT();
}
