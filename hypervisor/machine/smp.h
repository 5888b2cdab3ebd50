/* SPDX-License-Identifier: GPL-2.0-only */
/* Other physical CPUs: starting them, interrupting them, calling functions there. */
#ifndef HV_MACHINE_SMP_H
#define HV_MACHINE_SMP_H

#include "machine/cpumask.h"

extern unsigned cpu_count;               /* CPUs that are present and allowed by maxcpus= */
u32 cpu_apic_id(unsigned cpu);

void smp_start_others(void);             /* brings up all of the MADT; each ends in cpu_main() of boot/ */

/* Makes @cpu look at its pending work (softirqs) soon. From any context. */
void smp_kick(unsigned cpu);

/* Runs @fn(@arg) on the CPUs of @mask (the own one included) and waits. Interrupts enabled. */
void smp_call(const struct cpumask *mask, void (*fn)(void *), void *arg);

/* Stops the other CPUs for good (panic, reboot). From any context, does not wait for ever. */
void smp_stop_others(void);

#endif
