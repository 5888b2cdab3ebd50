/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread for each CPU: whoever waits lets the host run another one. */
#include "shared/host.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "machine/spinlock.h"

void cpu_relax(void)
{
    static __thread unsigned n;

    __builtin_ia32_pause();
    if (++n % 64 == 0)
        syscall(SYS_sched_yield); /* the C library's function has the name of one of the hypervisor's */
}

/* Before the threads begin and after they have ended. */
void sim_run_cpu(unsigned cpu)
{
    unsigned was = sim_this_cpu;

    sim_this_cpu = cpu;
    sim_serve();
    sim_this_cpu = was;
}

void __real_spin_lock(struct spinlock *l);
void __wrap_spin_lock(struct spinlock *l);

/*
 * Every spin_lock() comes here (the linker's --wrap): now and then another thread gets the CPU just before, so that what a
 * vCPU is in the middle of lasts as long as whole hypercalls of others, on a host with few or busy CPUs too.
 */
void __wrap_spin_lock(struct spinlock *l)
{
    static __thread unsigned n;

    n = n * 1664525 + 1013904223;
    if (n >> 23 == 0)
        syscall(SYS_sched_yield);
    __real_spin_lock(l);
}
