/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The watchdog over the hypervisor itself (options watchdog, watchdog_timeout; off as in Xen): a CPU that does not come to its timers
 * for some seconds, with interrupts disabled or waiting for a lock for ever, ends in a panic with that CPU's backtrace.
 */
#ifndef HV_CONTROL_WATCHDOG_H
#define HV_CONTROL_WATCHDOG_H

/* The CPU we run on is watched once watchdog_start() has run. Timers running. */
void watchdog_cpu_start(void);
/* On the boot CPU, when all CPUs run and it has no long work left; takes a fraction of a second. Without the option: nothing. */
void watchdog_start(void);

#endif
