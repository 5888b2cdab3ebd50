/* SPDX-License-Identifier: GPL-2.0-only */
/* Other physical CPUs: starting them, interrupting them, calling functions there. */
#ifndef HV_MACHINE_SMP_H
#define HV_MACHINE_SMP_H

#include "machine/cpumask.h"

extern unsigned cpu_count;               /* CPUs that run; grows in smp_start_others() */
u32 cpu_apic_id(unsigned cpu);
u32 cpu_acpi_id(unsigned cpu);           /* processor UID of the MADT (XENPF_get_cpuinfo) */

void smp_start_others(void);             /* brings up all of the MADT; each ends in smp_cpu_main() */

/* Set by boot/: where a CPU goes when it is set up, interrupts disabled, on its own stack. */
extern void (*smp_cpu_main)(unsigned cpu) __noreturn;

/* Makes @cpu look at its pending work (softirqs) soon. From any context. */
void smp_kick(unsigned cpu);

/*
 * Runs @fn(@arg) with interrupts disabled on the CPUs of @mask that are online
 * (the own one included) and waits until all have. Interrupts in any state:
 * requests of others are served while waiting. Not from interrupt context, and
 * not with a lock held that another CPU may want with its interrupts disabled.
 */
void smp_call(const struct cpumask *mask, void (*fn)(void *), void *arg);

/* Stops the other CPUs for good (panic, reboot). From any context, does not wait for ever. */
void smp_stop_others(void);

/* For the NMI handler: does not return when the machine is being stopped. @return false: it was another NMI */
bool smp_handle_nmi(void);

#endif
