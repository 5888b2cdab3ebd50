/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rest of what the linked floors call: time that advances by steps,
 * interrupts that never come, extended state that is nothing, and the hypercalls
 * whose implementation knows the hardware.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/hypercall.h"
#include "control/machine_info.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/fpu.h"
#include "machine/irq.h"
#include "machine/smp.h"
#include "machine/time.h"
#include "machine/panic.h"
#include "mm/heap.h"
#include "pv/callbacks.h"
#include "pv/segments.h"

struct panic_hooks panic_hooks;

/* ---- heap ---- */

void *heap_alloc(size_t size)
{
    size_t rounded = ROUND_UP(size ? size : 1, 64);
    void *p;

    if (size > KB(64))
        return NULL;
    p = aligned_alloc(64, rounded);
    return p ? memset(p, 0, rounded) : NULL;
}

void heap_free(void *p)
{
    free(p);
}

void *heap_array(size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : heap_alloc(bytes);
}

/* ---- time ---- */

nsec_t sim_now = 1000000;
void (*clock_event_handler)(void);
static nsec_t deadlines[SIM_CPUS];

nsec_t system_time(void)
{
    return sim_now;
}

const struct time_scale *time_scale(void)
{
    static const struct time_scale scale = { .mul = 0x80000000u, .shift = 1 };

    return &scale;
}

u64 tsc_khz(void)
{
    return 1000000;
}

nsec_t tsc_to_system(u64 tsc)
{
    return tsc;
}

u64 rdtsc(void)
{
    return sim_now;
}

void wallclock_base(u64 *sec, u32 *nsec)
{
    *sec = 1700000000;
    *nsec = 0;
}

void wallclock_set(u64 sec, u32 nsec, nsec_t now)
{
}

void clock_event_set(nsec_t deadline)
{
    deadlines[sim_this_cpu] = deadline;
}

void sim_tick(void)
{
    bool was = irq_save();

    sim_now += 200000;
    if (deadlines[sim_this_cpu] <= sim_now && clock_event_handler) {
        deadlines[sim_this_cpu] = ~0ul;
        clock_event_handler();
    }
    irq_restore(was);
}

/* ---- other CPUs ---- */

unsigned cpu_count = SIM_CPUS;

u32 cpu_apic_id(unsigned cpu)
{
    return cpu * 2;
}

u32 cpu_acpi_id(unsigned cpu)
{
    return cpu;
}

void smp_kick(unsigned cpu)
{
}

void smp_call(const struct cpumask *mask, void (*fn)(void *), void *arg)
{
    unsigned self = sim_this_cpu;

    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (cpumask_test(mask, cpu)) {
            sim_this_cpu = cpu;
            fn(arg);
        }
    sim_this_cpu = self;
}

/* ---- FPU ---- */

u64 fpu_xcr0_mask;

size_t fpu_area_size(void)
{
    return 512;
}

void fpu_area_init(void *area)
{
    memset(area, 0, 512);
}

void fpu_save(void *area, u64 xcr0)
{
}

void fpu_load(const void *area, u64 xcr0)
{
}

/* ---- interrupts of devices ---- */

unsigned irq_gsi_count(void)
{
    return 24;
}

int irq_bind(unsigned irq, irq_handler handler, void *data)
{
    return 0;
}

void irq_unbind(unsigned irq)
{
}

void irq_unmask(unsigned irq)
{
}

void irq_mask(unsigned irq)
{
}

void irq_eoi(unsigned irq)
{
}

bool irq_is_level(unsigned irq)
{
    return irq < 4;
}

void irq_set_affinity(unsigned irq, unsigned cpu)
{
}

/* ---- lib/, console ---- */

void (*console_input_handler)(void);
struct machine_info machine_info;

/* ---- hypercalls that are not here ---- */

#define NOT_HERE(type, name, ...) \
    type name(__VA_ARGS__)        \
    {                             \
        return -ENOSYS;           \
    }

NOT_HERE(long, do_set_trap_table, vaddr_t traps)
NOT_HERE(long, do_set_callbacks, u64 event, u64 failsafe, u64 syscall)
NOT_HERE(long, do_callback_op, u64 cmd, vaddr_t arg)
NOT_HERE(long, do_nmi_op, u64 cmd, vaddr_t arg)
NOT_HERE(long, do_iret, void)
NOT_HERE(long, do_stack_switch, u64 ss, u64 sp)
NOT_HERE(long, do_fpu_taskswitch, u64 set)
NOT_HERE(long, do_set_debugreg, u64 reg, u64 value)
NOT_HERE(u64, do_get_debugreg, u64 reg)
NOT_HERE(long, do_set_gdt, vaddr_t frames, u32 entries)
NOT_HERE(long, do_update_descriptor, u64 ma, u64 desc)
NOT_HERE(long, do_set_segment_base, u32 which, u64 base)
NOT_HERE(long, do_platform_op, vaddr_t arg)
NOT_HERE(long, do_physdev_op, u64 cmd, vaddr_t arg)
NOT_HERE(long, do_physdev_op_compat, vaddr_t arg)
NOT_HERE(long, do_sysctl, vaddr_t arg)
NOT_HERE(long, do_domctl, vaddr_t arg)
NOT_HERE(long, do_console_io, u64 cmd, u64 count, vaddr_t buffer)

const u8 build_id_note[1], build_id_note_end[1]; /* none */
