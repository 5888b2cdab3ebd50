/* SPDX-License-Identifier: GPL-2.0-only */
/* NMIs at a steady rate, for a watchdog: the PIT's channel 0 (Intel 8254, mode 2) through the IO-APIC, where nothing masks it. */
#ifndef HV_MACHINE_NMI_SOURCE_H
#define HV_MACHINE_NMI_SOURCE_H

#include "types.h"

#define NMI_SOURCE_HZ 18 /* the slowest that the PIT can: 1193182 / 65536 */

/* The boot CPU gets them from now on; its GSI is lost for everybody else. @return 0, -ENODEV: there is no IO-APIC */
int nmi_source_start(void);

#endif
