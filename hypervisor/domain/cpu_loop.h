/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_DOMAIN_CPU_LOOP_H
#define HV_DOMAIN_CPU_LOOP_H

#include "types.h"

/*
 * Where every CPU ends after its start-up, on its own stack, with its idle vCPU
 * current and sched_cpu_start() done: runs softirqs, guests and waits.
 */
void cpu_loop(void) __noreturn;

#endif
