/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each CPU has of its own: variables, stack, tables. CPU 0 uses the
 * section .percpu itself, so its distance is 0 from the start, and the stack of
 * boot/head.S; machine/smp.c has the others made before they run. Written
 * while a CPU is being started, read without a lock.
 */
#include "machine/percpu.h"

#include "lib/string.h"
#include "machine/platform.h"
#include "machine/tables.h"

u64 percpu_offset[MAX_CPUS];

extern char percpu_start[], percpu_end[];

static unsigned order_of(size_t bytes)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < bytes)
        order++;
    return order;
}

struct cpu_top *percpu_create(unsigned cpu)
{
    unsigned order = order_of((size_t)(percpu_end - percpu_start));
    char *copy = platform_memory.alloc_pages(order);
    struct cpu_top *top;

    if (!copy)
        return NULL;
    if (cpu_tables_create(cpu)) {
        platform_memory.free_pages(copy, order);
        return NULL;
    }
    percpu_offset[cpu] = (u64)copy - (u64)percpu_start;
    top = cpu_top_of(cpu);
    top->cpu = cpu;
    top->percpu_offset = percpu_offset[cpu];
    return top;
}
