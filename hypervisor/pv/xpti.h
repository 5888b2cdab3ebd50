/* SPDX-License-Identifier: GPL-2.0-only */
/* Isolation of guests' page tables on CPUs that are exposed to Meltdown; see xpti.c. */
#ifndef HV_PV_XPTI_H
#define HV_PV_XPTI_H

/* Registers with the page-table code if cpu_uses_xpti. Once. */
void xpti_init(void);

/* Makes the reduced root of the CPU we run on, if cpu_uses_xpti. Stops the machine without memory for it. */
void xpti_cpu_start(void);

#endif
