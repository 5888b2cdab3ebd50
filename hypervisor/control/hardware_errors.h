/* SPDX-License-Identifier: GPL-2.0-only */
/* What the machine floor notes of hardware errors (machine/machine_check.h) is said aloud each second, and Domain 0 gets its NMI. */
#ifndef HV_CONTROL_HARDWARE_ERRORS_H
#define HV_CONTROL_HARDWARE_ERRORS_H

/* Starts looking, on the boot CPU. Once, timers running. */
void hardware_errors_start(void);

#endif
