/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deferred work of a CPU: a word of pending bits, one function for each bit.
 * Raised from any context; run by domain/cpu_loop.c and by the return path to
 * guests before a guest or the idle loop goes on. No locks.
 */
#include "sched/softirq.h"

#include "atomic.h"
#include "bug.h"
#include "machine/smp.h"

DEFINE_PERCPU(unsigned long, softirq_pending);

static void (*handlers[SOFTIRQ_COUNT])(void);

void softirq_register(enum softirq nr, void (*fn)(void))
{
    ASSERT(nr < SOFTIRQ_COUNT);
    handlers[nr] = fn;
}

void softirq_raise(enum softirq nr)
{
    atomic_or(&this_cpu(softirq_pending), BIT(nr));
}

void softirq_raise_cpu(unsigned cpu, enum softirq nr)
{
    unsigned long old = atomic_or(&per_cpu(softirq_pending, cpu), BIT(nr));

    if (!(old & BIT(nr)) && cpu != cpu_id())
        smp_kick(cpu);
}

void softirq_run(void)
{
    unsigned long pending;

    while ((pending = READ_ONCE(this_cpu(softirq_pending))) != 0) {
        unsigned nr = (unsigned)__builtin_ctzl(pending);

        atomic_and(&this_cpu(softirq_pending), ~BIT(nr));
        if (nr < SOFTIRQ_COUNT && handlers[nr])
            handlers[nr]();
    }
}
