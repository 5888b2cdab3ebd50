/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler's interface to the floors above. It knows a vCPU only as a
 * unit to be run; whose it is and what a switch means is told by callbacks.
 * A scheduler (credit2, later credit, rt, null) implements struct scheduler.
 */
#ifndef HV_SCHED_SCHED_H
#define HV_SCHED_SCHED_H

#include "list.h"
#include "machine/cpumask.h"
#include "sched/timer.h"
#include <xen/xen.h>

enum run_state { /* values of RUNSTATE_* in xen/vcpu.h */
    RUN_RUNNING = 0,
    RUN_RUNNABLE = 1,
    RUN_BLOCKED = 2,
    RUN_OFFLINE = 3,
};

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
    enum run_state state;
    nsec_t state_entry_time;      /* system time of the last change */
    nsec_t time_in[4];            /* nanoseconds in each state */
    struct cpumask hard, soft;    /* affinity: may run, prefers to run */
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
    void (*state_changed)(struct vcpu *v);                        /* runstate area of the guest may be updated */
};
extern struct sched_callbacks sched_callbacks;

struct scheduler {
    const char *name, *opt_name; /* "SMP Credit Scheduler rev2", "credit2" */
    unsigned id;                 /* XEN_SCHEDULER_* */
    int (*init)(void);
    int (*cpu_add)(unsigned cpu);
    int (*unit_add)(struct sched_unit *u);
    void (*unit_remove)(struct sched_unit *u);
    void (*wake)(struct sched_unit *u);
    void (*sleep)(struct sched_unit *u);
    void (*yield)(struct sched_unit *u);
    struct sched_unit *(*pick_next)(unsigned cpu, nsec_t now, nsec_t *slice); /* slice: time until asked again, 0: no limit */
    void (*put_prev)(struct sched_unit *u, nsec_t now);   /* it stops running; still runnable or not */
    unsigned (*pick_cpu)(struct sched_unit *u);
    void (*affinity_changed)(struct sched_unit *u);
    int (*adjust)(struct sched_group *g, unsigned weight, unsigned cap);
};

void sched_init(const char *opt_name); /* sched= of the command line; unknown: a warning and credit2 */
const struct scheduler *sched_current(void);
void sched_cpu_start(unsigned cpu, struct vcpu *idle); /* on each CPU, with its idle vCPU loaded */

int sched_unit_init(struct sched_unit *u, struct vcpu *v, struct sched_group *g, unsigned cpu, bool idle);
void sched_unit_destroy(struct sched_unit *u);

void sched_wake(struct sched_unit *u);         /* makes it runnable if nothing else holds it; any context */
void sched_block(struct sched_unit *u);        /* the running unit: gives up the CPU until woken */
void sched_yield(void);
void sched_pause(struct sched_unit *u);        /* counts; does not wait */
void sched_unpause(struct sched_unit *u);
void sched_sync(struct sched_unit *u);         /* waits until it runs nowhere (not for the current one) */
int sched_set_affinity(struct sched_unit *u, const struct cpumask *hard, const struct cpumask *soft); /* -EINVAL: empty */
void sched_times(const struct sched_unit *u, enum run_state *state, nsec_t *entry, nsec_t times[4]);

#endif
