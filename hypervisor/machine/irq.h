/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device interrupts. An irq is a number of ours: 0..irq_gsi_count()-1 are the
 * IO-APIC inputs (GSIs), numbers above are given out for MSI and MSI-X.
 * Level-triggered lines are masked when they fire and unmasked by irq_eoi().
 * All functions may be called with interrupts disabled; each descriptor has a
 * lock (LOCK_IRQ).
 */
#ifndef HV_MACHINE_IRQ_H
#define HV_MACHINE_IRQ_H

#include "types.h"

#define MAX_IRQS 2048 /* a multiple of 64 */
#define IRQS_PER_CPU 190 /* that it has vectors for, machine/vector.c */

typedef void (*irq_handler)(unsigned irq, void *data); /* in interrupt context */

unsigned irq_gsi_count(void);

/* Sets trigger and polarity of a GSI and gives it a vector, masked. @return 0, -EINVAL, -EBUSY (in use, other mode), -ENOSPC */
int irq_setup_gsi(unsigned gsi, bool level, bool active_low);

/* GSI behind an ISA interrupt (MADT overrides), with its mode. */
unsigned irq_isa_to_gsi(unsigned isa, bool *level, bool *active_low);

/* Gives out / takes back an irq for one MSI vector, on the CPU that has the fewest; masked. @return irq or -ENOSPC */
int irq_alloc_msi(void);
void irq_free_msi(unsigned irq);
void irq_rewrite_msi(unsigned irq); /* its mask and message to the device again */
/* Who had the irq does not have it any more: an MSI vector goes back to its device's driver, lines stay as they are. */
void irq_release(unsigned irq);

/* Address and data that a device must send for @irq (which has a vector and a target CPU). */
void irq_compose_msi(unsigned irq, u64 *address, u32 *data);

/* Installs the one handler; the irq stays masked. @return 0, -EBUSY, -EINVAL */
int irq_bind(unsigned irq, irq_handler handler, void *data);
void irq_unbind(unsigned irq); /* masks it and waits until no CPU runs the handler */

void irq_unmask(unsigned irq);
void irq_mask(unsigned irq);
void irq_eoi(unsigned irq);                       /* the handler's work is done: level lines may fire again */
bool irq_is_level(unsigned irq);
void irq_set_affinity(unsigned irq, unsigned cpu); /* deliver to @cpu from now on */

/*
 * Set by passthrough/msi.c: masks or unmasks the MSI behind an irq, rewrites its address and data after a move (both with the
 * descriptor's lock held); takes the vector back.
 */
struct irq_msi_ops {
    void (*set_mask)(unsigned irq, bool masked);
    void (*rewrite)(unsigned irq);
    void (*release)(unsigned irq);
};
extern const struct irq_msi_ops *irq_msi_ops;

#endif
