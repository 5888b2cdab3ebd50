/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Performance counters, one of each for every CPU, that wrap at 32 bits (XEN_SYSCTL_perfc_op, xenperf). They count what is
 * rare enough that counting costs nothing to speak of: no system call, page fault or hypercall passes one.
 */
#ifndef HV_MACHINE_PERFC_H
#define HV_MACHINE_PERFC_H

#include "machine/percpu.h"

enum perfc {
    PERFC_TIMER_INTERRUPTS,
    PERFC_OTHER_INTERRUPTS,
    PERFC_CONTEXT_SWITCHES,
    PERFC_REMOTE_TLB_FLUSHES,
    PERFC_PRIVILEGED_EMULATED,
    PERFC_PT_WRITES_EMULATED,
    PERFC_COUNT
};

DECLARE_PERCPU(u32 [PERFC_COUNT], perfc);

#define perfc_incr(counter) ((void)this_cpu(perfc)[counter]++)

const char *perfc_name(enum perfc counter);
u32 perfc_value(enum perfc counter, unsigned cpu);
void perfc_reset(void); /* what other CPUs count meanwhile may be lost */

#endif
