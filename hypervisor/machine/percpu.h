/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Variables of which every physical CPU has its own copy. They are defined in
 * the section .percpu, start as zero; percpu_create() gives each CPU a copy while booting and
 * the distance to it is percpu_offset[]. The sim build replaces this file.
 *
 *     DEFINE_PERCPU(unsigned, ticks);
 *     this_cpu(ticks)++;   per_cpu(ticks, 3) = 0;
 */
#ifndef HV_MACHINE_PERCPU_H
#define HV_MACHINE_PERCPU_H

#include "machine/cpu.h"

extern u64 percpu_offset[MAX_CPUS];

/*
 * Variables, stack and tables of a CPU that is about to be started. @return the top of its stack, with cpu and
 * percpu_offset set; NULL: no memory.
 */
struct cpu_top *percpu_create(unsigned cpu);

#define DEFINE_PERCPU(type, name) __section(".percpu") __typeof__(type) percpu_##name
#define DECLARE_PERCPU(type, name) extern __typeof__(type) percpu_##name

#define percpu_at(name, off) (*(__typeof__(percpu_##name) *)((char *)&percpu_##name + (off)))
#define this_cpu(name) percpu_at(name, cpu_top()->percpu_offset)
#define per_cpu(name, cpu) percpu_at(name, percpu_offset[cpu])

#endif
