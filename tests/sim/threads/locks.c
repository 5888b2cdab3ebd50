/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's own locks with their checks; what each CPU holds is seen from here. */
#include "../../../hypervisor/machine/spinlock_debug.c"

#include "shared/host.h"

void sim_check_no_locks(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
        const struct lock_stack *s = &per_cpu(lock_stack, cpu);

        if (s->count)
            sim_fail("CPU %u still holds a lock of rank %u", cpu, s->held[s->count - 1]->rank);
        if (sim_cpus[cpu].irq_off)
            sim_fail("CPU %u has interrupts disabled", cpu);
    }
}

/* As smp_wait() does on the machine. */
void sim_check_waiting(void)
{
    spin_debug_wait();
}
