/* SPDX-License-Identifier: GPL-2.0-only */
/* What interrupt.c and smp.c need of irq.c; machine/ only. */
#ifndef HV_MACHINE_IRQ_INTERNAL_H
#define HV_MACHINE_IRQ_INTERNAL_H

#include "types.h"

void irq_init(void);
void irq_dispatch(unsigned vector);    /* interrupts disabled; acknowledges it */
void irq_dispatch_pic(unsigned input); /* of the 8259 pair */

/* A vector on @cpu for @irq, and giving it back. machine/vector.c. @return vector or -ENOSPC */
int vector_alloc(unsigned cpu, unsigned irq);
unsigned vectors_used(unsigned cpu);   /* device vectors of @cpu that are given out */
void vector_free(unsigned cpu, unsigned vector, unsigned irq);
int vector_irq_of(unsigned vector);    /* on this CPU; -1: none */

/* Handler of one of the hypervisor's own vectors, NULL: none. */
void (*interrupt_handler_of(unsigned vector))(void);

#endif
