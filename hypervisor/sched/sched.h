/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler's interface to the floors above. It knows a vCPU only as a
 * unit to be run; whose it is and what a switch means is told by callbacks.
 * A scheduler (credit2, later credit, rt, null) implements struct scheduler.
 *
 * Rules between the core (sched.c) and a scheduler:
 * - Every CPU has a run-queue lock, which the scheduler's cpu_add() names; several
 *   CPUs may share one. A unit is guarded by the
 *   lock of the CPU it is on (unit.cpu). All callbacks below except init, cpu_add,
 *   unit_add, unit_remove, group_* and adjust run with that lock held and interrupts disabled.
 * - A unit whose context is still on a CPU (unit.running) is in no queue. It is
 *   queued again when its context has been saved.
 */
#ifndef HV_SCHED_SCHED_H
#define HV_SCHED_SCHED_H

#include "list.h"
#include "machine/cpumask.h"
#include "machine/spinlock.h"
#include "sched/timer.h"
#include <xen/xen.h>

enum run_state { /* values of RUNSTATE_* in xen/vcpu.h */
    RUN_RUNNING = 0,
    RUN_RUNNABLE = 1,
    RUN_BLOCKED = 2,
    RUN_OFFLINE = 3,
};

#define SCHED_DEFAULT_WEIGHT 256
#define SCHED_MAX_WEIGHT 65535

struct sched_group; /* the units of one domain share weight and cap */

struct sched_unit {
    struct vcpu *vcpu;            /* handed back in callbacks, never looked into here */
    struct sched_group *group;
    unsigned cpu;                 /* where it runs or last ran; changes under the run queue's lock only */
    unsigned pause_count;         /* > 0: must not run */
    bool blocked;                 /* waits for an event */
    bool running;                 /* its context is (still) on a CPU */
    bool idle;                    /* the idle unit of its CPU */
    bool yielded;
    bool pinned_override;         /* SCHEDOP_pin_override: hard affinity is temporary */
    enum run_state state;
    nsec_t state_entry_time;      /* system time of the last change */
    nsec_t time_in[4];            /* nanoseconds in each state */
    struct cpumask hard, soft;    /* affinity: may run, prefers to run */
    struct cpumask saved_hard;    /* while pinned_override */
    void *priv;                   /* of the scheduler */
};

struct sched_group {
    domid_t domid;
    unsigned weight;              /* 256 is normal */
    unsigned cap;                 /* percent of one CPU, 0: no limit */
    void *priv;
};

/* Registered by domain/: called with interrupts disabled, on the CPU that switches. */
struct sched_callbacks {
    void (*context_switch)(struct vcpu *prev, struct vcpu *next); /* saves and loads all register state */
};
extern struct sched_callbacks sched_callbacks;

struct scheduler {
    const char *name, *opt_name; /* "SMP Credit Scheduler rev2", "credit2" */
    unsigned id;                 /* XEN_SCHEDULER_* */
    int (*init)(void);
    struct spinlock *(*cpu_add)(unsigned cpu, struct sched_unit *idle); /* its run-queue lock; NULL: no memory */
    int (*group_init)(struct sched_group *g);
    void (*group_destroy)(struct sched_group *g);
    int (*unit_add)(struct sched_unit *u);                /* allocates u->priv */
    void (*unit_remove)(struct sched_unit *u);            /* not queued, not running: frees u->priv */
    void (*enqueue)(struct sched_unit *u, bool woken);    /* runnable, not running: into the queue; preempts whom it beats */
    void (*dequeue)(struct sched_unit *u);                /* out of the queue, if it is in */
    /* Charges @prev for its time; gives the unit to run, out of the queue. @slice: time until asked again, 0: no limit */
    struct sched_unit *(*pick_next)(unsigned cpu, struct sched_unit *prev, nsec_t now, nsec_t *slice);
    unsigned (*pick_cpu)(struct sched_unit *u);           /* where it should be queued; another CPU's lock may guard that */
    int (*adjust)(struct sched_group *g, unsigned weight, unsigned cap);
    void (*unit_params)(const struct sched_unit *u, int *credit, nsec_t *spent); /* for debug keys: microseconds, nanoseconds */
};
extern const struct scheduler sched_credit2;

void sched_init(const char *opt_name); /* sched= of the command line; unknown: a warning and credit2 */
const struct scheduler *sched_current(void);
void sched_cpu_start(unsigned cpu, struct vcpu *idle); /* on each CPU, with its idle vCPU (made before) loaded */

/* The minimum time a unit runs before another may preempt it; 0: none. XEN_SYSCTL_SCHED_RATELIMIT_MIN.. */
extern nsec_t sched_ratelimit;

int sched_group_init(struct sched_group *g, domid_t domid);
void sched_group_destroy(struct sched_group *g);
int sched_adjust(struct sched_group *g, unsigned weight, unsigned cap); /* -EINVAL */

int sched_unit_init(struct sched_unit *u, struct vcpu *v, struct sched_group *g, unsigned cpu, bool idle);
void sched_unit_destroy(struct sched_unit *u); /* paused and nowhere running */

void sched_wake(struct sched_unit *u);         /* no longer blocked: runs if nothing else holds it; any context */
void sched_block(struct sched_unit *u);        /* the running unit: gives up the CPU until woken */
void sched_yield(void);
void sched_pause(struct sched_unit *u);        /* counts; does not wait; any context */
void sched_unpause(struct sched_unit *u);
void sched_sync(struct sched_unit *u);         /* waits until it runs nowhere (not for the current one) */
int sched_set_affinity(struct sched_unit *u, const struct cpumask *hard, const struct cpumask *soft); /* -EINVAL: empty */
/* SCHEDOP_pin_override: pins to @cpu until undone (@cpu < 0). -EINVAL (also: nothing to undo), -EBUSY (pinned already) */
int sched_pin_override(struct sched_unit *u, int cpu);
void sched_times(const struct sched_unit *u, enum run_state *state, nsec_t *entry, nsec_t times[4]);
struct sched_unit *sched_current_unit(void);
struct sched_unit *sched_cpu_unit(unsigned cpu);  /* what runs there now; a hint */
nsec_t sched_idle_time(unsigned cpu);

/* For schedulers. */
static inline bool sched_runnable(const struct sched_unit *u)
{
    return !u->blocked && !u->pause_count;
}

#endif
