/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From an interrupt vector to its handler: the hypervisor's own vectors through
 * the table of vector.c, device vectors through irq.c. Called by trap.c with
 * interrupts disabled, on the interrupted stack. No locks.
 */
#include "machine/interrupt.h"

#include "machine/apic.h"
#include "machine/irq_internal.h"
#include "machine/perfc.h"

/* A spurious interrupt has no bit in the in-service register and must not be acknowledged, SDM Vol 3 10.9. */
static void dispatch_system(unsigned vector)
{
    void (*fn)(void) = interrupt_handler_of(vector);

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
        perfc_incr(PERFC_TIMER_INTERRUPTS);
    else
        perfc_incr(PERFC_OTHER_INTERRUPTS);
    if (vector >= VECTOR_SYSTEM_FIRST)
        dispatch_system(vector);
    else if (vector >= VECTOR_DEVICE_FIRST)
        irq_dispatch(vector);
    else
        irq_dispatch_pic(vector - VECTOR_PIC);
}
