/* SPDX-License-Identifier: GPL-2.0-only */
/* How the logical CPUs share cores and packages, for the toolstack's listings. */
#ifndef HV_MACHINE_TOPOLOGY_H
#define HV_MACHINE_TOPOLOGY_H

#include "types.h"

struct cpu_topology {
    unsigned threads_per_core, cores_per_socket; /* at least 1 */
    unsigned thread_bits, core_bits;             /* of the APIC id: thread, then core, then package */
};

/* Of the boot CPU, which stands for all. */
struct cpu_topology cpu_topology(void);
unsigned cpu_core(unsigned cpu);   /* number of its core within its package */
unsigned cpu_socket(unsigned cpu);

#endif
