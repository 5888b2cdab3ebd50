/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for machine/cpu.h: a physical CPU is a struct of the host program. */
#ifndef HV_MACHINE_CPU_H
#define HV_MACHINE_CPU_H

#include "machine/regs.h"

#define SIM_CPUS 6

struct sim_cpu {
    struct cpu_top top;
    paddr_t cr3;
    bool irq_off;
};
extern struct sim_cpu sim_cpus[SIM_CPUS];
#ifndef SIM_PER_THREAD
#define SIM_PER_THREAD /* __thread where each CPU has one (threads/Makefile); elsewhere the one thread goes from CPU to CPU */
#endif
extern SIM_PER_THREAD unsigned sim_this_cpu;

static inline struct cpu_top *cpu_top(void)
{
    return &sim_cpus[sim_this_cpu].top;
}

static inline struct vcpu *sim_vcpu_on(unsigned cpu)
{
    return sim_cpus[cpu].top.current;
}

#define current (cpu_top()->current)
#define guest_regs() (&cpu_top()->guest)

static inline unsigned cpu_id(void)
{
    return sim_this_cpu;
}

static inline void irq_disable(void)
{
    sim_cpus[sim_this_cpu].irq_off = true;
}

static inline void irq_enable(void)
{
    sim_cpus[sim_this_cpu].irq_off = false;
}

static inline bool irq_enabled(void)
{
    return !sim_cpus[sim_this_cpu].irq_off;
}

static inline bool irq_save(void)
{
    bool was = irq_enabled();

    irq_disable();
    return was;
}

static inline void irq_restore(bool was)
{
    if (was)
        irq_enable();
}

void cpu_relax(void); /* where one CPU runs at a time, waiting would be for ever */

static inline void cpu_idle_wait(void)
{
}

u64 rdtsc(void);

#endif
