/* SPDX-License-Identifier: GPL-2.0-only */
/* One CPU after the other; they go on in each other's waiting loops. */
#include "shared/host.h"

#include "machine/cpumask.h"
#include "machine/smp.h"

#define MAX_WAITS 100 /* rounds of waiting in a step; one lets all others go on and is nearly always enough */

static bool waiting[SIM_CPUS];
static unsigned waits; /* rounds of waiting in this step */

static void run(unsigned cpu)
{
    unsigned was = sim_this_cpu;

    sim_this_cpu = cpu;
    sim_serve();
    sim_this_cpu = was;
}

void sim_run_cpu(unsigned cpu)
{
    waits = 0;
    run(cpu);
}

/* A CPU waits: the others do what is pending, except those that wait themselves or have interrupts disabled. */
void cpu_relax(void)
{
    unsigned self = sim_this_cpu, first = sim_rnd(cpu_count);

    if (++waits > MAX_WAITS)
        sim_fail("CPU %u waits for ever", self);
    waiting[self] = true;
    for (unsigned i = 0; i < cpu_count; i++) {
        unsigned cpu = (first + i) % cpu_count;

        if (!waiting[cpu] && !sim_cpus[cpu].irq_off)
            run(cpu);
    }
    waiting[self] = false;
}
