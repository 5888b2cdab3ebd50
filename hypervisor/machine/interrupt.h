/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt vectors: how 0x20..0xff are divided, and the way from a vector to
 * its handler. Device interrupts have a vector on one CPU each (per-CPU
 * tables), those of the hypervisor itself stand above all of them.
 */
#ifndef HV_MACHINE_INTERRUPT_H
#define HV_MACHINE_INTERRUPT_H

#include "machine/regs.h"

enum vector {
    VECTOR_PIC = 0x20,           /* 16 inputs of the 8259 pair */
    VECTOR_DEVICE_FIRST = 0x30,
    VECTOR_GUEST_INT80 = 0x80,   /* never a device's: INT 0x80 of guests */
    VECTOR_GUEST_INT82 = 0x82,   /* never a device's: hypercall of 32-bit guests */
    VECTOR_DEVICE_LAST = 0xef,
    VECTOR_SYSTEM_FIRST = 0xf8,
    VECTOR_STOP = 0xf9,
    VECTOR_TIMER = 0xfa,
    VECTOR_KICK = 0xfb,
    VECTOR_CALL = 0xfc,
    VECTOR_APIC_ERROR = 0xfe,
    VECTOR_SPURIOUS = 0xff,
};

/* True for a vector that only the guest's own INT instruction can have raised. */
static inline bool interrupt_is_guest_int(const struct regs *regs)
{
    return regs->vector == VECTOR_GUEST_INT80 || regs->vector == VECTOR_GUEST_INT82;
}

/* Called by machine/trap.c for vectors from 0x20 on, interrupts disabled. */
void interrupt_dispatch(struct regs *regs);

/* Sets the handler of one of the hypervisor's own vectors (VECTOR_SYSTEM_FIRST and up). */
void interrupt_set_handler(enum vector vector, void (*fn)(void));

/* 8259, local APIC, IO-APICs and the irq table, in that order; boot CPU, after acpi_init(). */
void interrupts_init(void);

#endif
