/* SPDX-License-Identifier: GPL-2.0-only */
/* Ending the machine: reboot, halt, and the sleep state that Domain 0's ACPI asks for. */
#ifndef HV_MACHINE_RESET_H
#define HV_MACHINE_RESET_H

#include "types.h"

void machine_restart(void) __noreturn; /* other CPUs are stopped first; by every means that platform_options.reboot allows */
void machine_halt(void) __noreturn;

/*
 * XENPF_enter_acpi_sleep (xen/platform.h): powers the machine off by writing @a and @b to PM1a and PM1b control,
 * or @a to the sleep control register (@extended, ACPI 6.4 4.8.3.2.1 and 4.8.3.7). @state: 5 (soft off) only.
 * @return -EOPNOTSUPP another state; -ENODEV no such registers; -EIO the machine is still there
 */
int machine_enter_sleep(unsigned state, u16 a, u16 b, bool extended);

#endif
