/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From an interrupt vector to its handler: the hypervisor's own vectors through
 * a small table, device vectors through irq.c. Runs with interrupts disabled on
 * the interrupted stack. No locks: the table is written while booting only.
 */
#include "machine/interrupt.h"

#include "machine/apic.h"
#include "machine/ioapic.h"
#include "machine/irq_internal.h"
#include "machine/percpu.h"
#include "machine/pic.h"
#include "machine/smp_internal.h"

#define SYSTEM_VECTORS (256 - VECTOR_SYSTEM_FIRST)

static void (*system_handlers[SYSTEM_VECTORS])(void);
static DEFINE_PERCPU(u64, timer_interrupts);
static DEFINE_PERCPU(u64, other_interrupts);

void interrupt_set_handler(enum vector vector, void (*fn)(void))
{
    system_handlers[vector - VECTOR_SYSTEM_FIRST] = fn;
}

u64 interrupt_count(unsigned cpu, bool timer)
{
    return timer ? per_cpu(timer_interrupts, cpu) : per_cpu(other_interrupts, cpu);
}

/* A spurious interrupt has no bit in the in-service register and must not be acknowledged, SDM Vol 3 10.9. */
static void dispatch_system(unsigned vector)
{
    void (*fn)(void) = system_handlers[vector - VECTOR_SYSTEM_FIRST];

    if (vector == VECTOR_SPURIOUS)
        return;
    apic_eoi();
    if (fn)
        fn();
}

void interrupt_dispatch(struct regs *regs)
{
    unsigned vector = regs->vector;

    if (vector == VECTOR_TIMER)
        this_cpu(timer_interrupts)++;
    else
        this_cpu(other_interrupts)++;
    if (vector >= VECTOR_SYSTEM_FIRST)
        dispatch_system(vector);
    else if (vector >= VECTOR_DEVICE_FIRST)
        irq_dispatch(vector);
    else
        irq_dispatch_pic(vector - VECTOR_PIC);
}

void interrupts_init(void)
{
    pic_init();
    apic_init();
    ioapic_init();
    irq_init();
    smp_init_handlers();
}
