/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The physical CPU we run on: who it is, its interrupt flag, its special
 * registers. The sim build has its own version (tests/sim/machine/cpu.h) where
 * a CPU is a struct of the host program.
 */
#ifndef HV_MACHINE_CPU_H
#define HV_MACHINE_CPU_H

#include "machine/regs.h"

static inline struct cpu_top *cpu_top(void)
{
    u64 rsp;

    __asm__("mov %%rsp, %0" : "=r"(rsp));
    return (struct cpu_top *)((rsp | (STACK_SIZE - 1)) + 1) - 1;
}

#define current (cpu_top()->current)       /* the vCPU whose context is loaded, perhaps the idle one */
#define guest_regs() (&cpu_top()->guest)   /* its registers, valid while we are in the hypervisor */

static inline unsigned cpu_id(void)
{
    return cpu_top()->cpu;
}

static inline void irq_disable(void)
{
    __asm__ __volatile__("cli" ::: "memory");
}

static inline void irq_enable(void)
{
    __asm__ __volatile__("sti" ::: "memory");
}

static inline u64 read_rflags(void)
{
    u64 f;

    __asm__ __volatile__("pushf; pop %0" : "=r"(f));
    return f;
}

static inline bool irq_enabled(void)
{
    return read_rflags() & 0x200;
}

/* Disables interrupts and returns the earlier state for irq_restore(). */
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

static inline void cpu_relax(void)
{
    __asm__ __volatile__("pause" ::: "memory");
}

/* Waits for an interrupt with interrupts enabled; call with them disabled after a last look for work. */
static inline void cpu_idle_wait(void)
{
    __asm__ __volatile__("sti; hlt" ::: "memory");
}

static inline u64 rdtsc(void)
{
    u32 lo, hi;

    __asm__ __volatile__("rdtsc" : "=a"(lo), "=d"(hi));
    return (u64)hi << 32 | lo;
}

#endif
