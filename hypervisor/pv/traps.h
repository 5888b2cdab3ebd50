/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_PV_TRAPS_H
#define HV_PV_TRAPS_H

#include "machine/regs.h"

/* An exception of a PV guest; registered as guest_trap_handler (machine/trap.h). */
void pv_trap(struct regs *regs, u64 cr2);

/* Page faults of domains in log-dirty mode are looked at first, from now on / no longer. */
void pv_log_traps(bool on);

#endif
