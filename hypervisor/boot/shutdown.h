/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_BOOT_SHUTDOWN_H
#define HV_BOOT_SHUTDOWN_H

#include "types.h"

/*
 * Domain 0 has shut down with @reason (SHUTDOWN_* of xen/sched.h): ends the machine accordingly.
 * Any context.
 */
void shutdown_machine(u8 reason) __noreturn;

#endif
