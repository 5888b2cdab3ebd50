/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work that an interrupt handler leaves for later on the same CPU, done before
 * the CPU returns to a guest or idles. Highest priority first.
 */
#ifndef HV_SCHED_SOFTIRQ_H
#define HV_SCHED_SOFTIRQ_H

#include "machine/percpu.h"

enum softirq {
    SOFTIRQ_TIMER,
    SOFTIRQ_SCHEDULE,
    SOFTIRQ_TASKLET,
    SOFTIRQ_COUNT,
};

DECLARE_PERCPU(unsigned long, softirq_pending); /* bit per enum softirq; tested by pv/entry.S too */

void softirq_register(enum softirq nr, void (*fn)(void));
void softirq_raise(enum softirq nr);                   /* on this CPU */
void softirq_raise_cpu(unsigned cpu, enum softirq nr); /* there, with an interrupt if it is another */
void softirq_run(void);                                /* interrupts enabled; returns when none is pending */

/* True when a long operation should stop at its next continuation point. */
static inline bool preempt_needed(void)
{
    return READ_ONCE(this_cpu(softirq_pending)) != 0;
}

#endif
