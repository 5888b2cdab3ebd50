/* SPDX-License-Identifier: GPL-2.0-only */
/* The CPUs and their clocks. How several go on at once is in serial.c, or in ../threads. */
#include "shared/host.h"

#include "domain/internal.h"
#include "machine/smp.h"
#include "machine/time.h"
#include "sched/softirq.h"

#define NEVER (~0ul)

struct sim_cpu sim_cpus[SIM_CPUS];
SIM_PER_THREAD unsigned sim_this_cpu;
unsigned cpu_count;
struct cpumask cpu_online_mask;

nsec_t sim_now = 1000000;
void (*clock_event_handler)(void);
static nsec_t deadlines[SIM_CPUS] = { [0 ... SIM_CPUS - 1] = NEVER };

void sim_cpus_start(unsigned n)
{
    cpu_count = n;
    tasklets_start();
    timers_start();
    sched_init("credit2");
    for (unsigned cpu = 0; cpu < n; cpu++) {
        sim_this_cpu = cpu;
        sim_cpus[cpu].top.cpu = cpu;
        cpumask_set(&cpu_online_mask, cpu);
        timers_cpu_start();
        current = idle_vcpu_create(cpu);
        sched_cpu_start(cpu, current);
    }
    sim_this_cpu = 0;
}

void sim_serve(void)
{
    unsigned cpu = sim_this_cpu;

    if (deadlines[cpu] <= sim_now) {
        bool irq = irq_save();

        deadlines[cpu] = NEVER;
        clock_event_handler();
        irq_restore(irq);
    }
    softirq_run();
}

void smp_wait(void)
{
    sim_check_waiting();
    cpu_relax();
}

void smp_kick(unsigned cpu)
{
}

u32 cpu_apic_id(unsigned cpu)
{
    return cpu * 2;
}

/* ---- clocks ---- */

nsec_t system_time(void)
{
    return sim_now;
}

u64 rdtsc(void)
{
    return sim_now;
}

u64 tsc_khz(void)
{
    return 1000000;
}

const struct time_scale *time_scale(void)
{
    static const struct time_scale scale = { .mul = 0x80000000u, .shift = 1 };

    return &scale;
}

void wallclock_base(u64 *sec, u32 *nsec)
{
    *sec = 1700000000;
    *nsec = 0;
}

void clock_event_set(nsec_t deadline)
{
    deadlines[sim_this_cpu] = deadline;
}

const char *symbol_find(u64 va, u64 *offset)
{
    return NULL;
}

void clock_event_state(unsigned cpu, nsec_t *deadline, nsec_t *programmed)
{
    *deadline = *programmed = deadlines[cpu];
}
