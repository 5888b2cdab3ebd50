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

static inline bool softirqs_pending(void)
{
    return READ_ONCE(this_cpu(softirq_pending)) != 0;
}

/*
 * How much one hypercall may do before it has to be continued, whether or not this CPU has other work: others wait for the
 * locks that it holds. Counted in units of about the change of one page-table entry, one to two hundred instructions.
 * Each new entry into the hypervisor by a hypercall begins anew; a multicall is one.
 */
#define WORK_BUDGET 2048
#define WORK_STEP 16 /* what one round of a loop is taken for: an operation on a grant, a port, a frame */

static inline void work_begin(void)
{
    cpu_top()->work_left = WORK_BUDGET;
}

/* For what is more than WORK_STEP between two looks at preempt_needed(). */
static inline void work_done(unsigned units)
{
    cpu_top()->work_left -= (s32)units;
}

/* This hypercall has done nothing worth mentioning yet: what takes more than the budget in one piece may begin. */
static inline bool work_untouched(void)
{
    return cpu_top()->work_left >= WORK_BUDGET - WORK_STEP;
}

/* After @units of work: true when a long operation should stop at its next continuation point. Stays so until it has. */
static inline bool preempt_after(unsigned units)
{
    struct cpu_top *top = cpu_top();

    top->work_left -= (s32)units;
    return top->work_left < 0 || softirqs_pending();
}

static inline bool preempt_needed(void)
{
    return preempt_after(WORK_STEP);
}

#endif
