/* SPDX-License-Identifier: GPL-2.0-only */
/* Ending the machine: reboot, halt, and the sleep state that Domain 0's ACPI asks for. */
#ifndef HV_MACHINE_RESET_H
#define HV_MACHINE_RESET_H

#include "types.h"

void machine_restart(void) __noreturn; /* other CPUs are stopped first; by every means that platform_options.reboot allows */
void machine_halt(void) __noreturn;

/*
 * XENPF_enter_acpi_sleep: writes the values to PM1a/PM1b control (ACPI 6.4,
 * 4.8.3.2.1), which powers the machine off (S5). @return -ENODEV: no such
 * registers; -EIO: the machine is still there
 */
int machine_enter_sleep(u16 pm1a, u16 pm1b);

#endif
