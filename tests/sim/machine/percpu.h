/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands in for machine/percpu.h: an array with one element for each CPU. */
#ifndef HV_MACHINE_PERCPU_H
#define HV_MACHINE_PERCPU_H

#include "machine/cpu.h"

#define DEFINE_PERCPU(type, name) __typeof__(type) percpu_##name[MAX_CPUS]
#define DECLARE_PERCPU(type, name) extern __typeof__(type) percpu_##name[MAX_CPUS]
#define this_cpu(name) (percpu_##name[cpu_id()])
#define per_cpu(name, cpu) (percpu_##name[cpu])

#endif
