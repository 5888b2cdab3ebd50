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
 * Runs @fn(@arg) with interrupts disabled on the CPUs of @mask that are online (the own one included) and waits until
 * all have, however many calls others make. @fn calls nobody and takes no lock but the console's. Interrupts in any
 * state: calls of others are served while waiting. Not from interrupt context, and not with a lock held that is
 * anywhere taken with interrupts disabled: who waits for that serves nobody (debug builds check it).
 */
void smp_call(const struct cpumask *mask, void (*fn)(void *), void *arg);

/* Does what others call this CPU for. Interrupts disabled. */
void smp_serve(void);

/*
 * One round of waiting for what another CPU does, that may in its turn wait in smp_call() for this one. Interrupts in any
 * state; locks held as with smp_call(). Every loop that waits so goes round by it.
 */
void smp_wait(void);

/* Stops the other CPUs for good (panic, reboot). From any context, does not wait for ever. */
void smp_stop_others(void);

/* For the NMI handler: does not return when the machine is being stopped. @return false: it was another NMI */
bool smp_handle_nmi(void);

#endif
