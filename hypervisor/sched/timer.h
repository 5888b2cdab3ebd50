/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One-shot timers, a pairing heap on each CPU (links inside the timers, so that
 * arming one never needs memory). Their functions run in SOFTIRQ_TIMER with
 * interrupts enabled.
 */
#ifndef HV_SCHED_TIMER_H
#define HV_SCHED_TIMER_H

#include "machine/time.h"

struct timer {
    nsec_t expires;      /* system time */
    void (*fn)(void *);
    void *data;
    unsigned cpu;        /* where it runs */
    bool armed, killed;
    struct timer *child, *next, *prev; /* heap: first child, siblings; prev of a first child is its parent */
};

void timer_init(struct timer *t, void (*fn)(void *), void *data, unsigned cpu);
void timer_set(struct timer *t, nsec_t expires); /* arms or re-arms; in the past: runs soon */
void timer_stop(struct timer *t);                /* it does not start from now on, but may be running */
void timer_kill(struct timer *t);                /* stops it for good and waits until it does not run */
void timer_migrate(struct timer *t, unsigned cpu);
bool timer_armed(const struct timer *t);
void timers_print(unsigned cpu);                 /* for the debug key: what is armed on @cpu, and its clock */
void timers_start(void);                         /* once, before the first timer */
void timers_cpu_start(void);                     /* on each CPU */

/* Deferred work on one CPU: runs once for each time it was scheduled, in SOFTIRQ_TASKLET. */
struct tasklet {
    struct tasklet *next;
    void (*fn)(void *);
    void *data;
    unsigned cpu;        /* where it was scheduled last */
    bool scheduled, killed;
};
void tasklet_init(struct tasklet *t, void (*fn)(void *), void *data);
void tasklet_schedule(struct tasklet *t, unsigned cpu); /* from any context */
void tasklet_kill(struct tasklet *t);                   /* for good; waits until it does not run */
void tasklets_start(void);                              /* once, before the first tasklet */

#endif
