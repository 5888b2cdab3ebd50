/* SPDX-License-Identifier: GPL-2.0-only */
/* The pair of 8259 interrupt controllers: silenced, or used when there is no IO-APIC. Intel 8259A data sheet. */
#ifndef HV_MACHINE_PIC_H
#define HV_MACHINE_PIC_H

#include "types.h"

void pic_init(void);                       /* at VECTOR_PIC.., all inputs masked */
void pic_set_mask(unsigned irq, bool masked);
void pic_eoi(unsigned irq);
bool pic_is_level(unsigned irq);           /* by the ELCR, which firmware has set */
bool pic_is_spurious(unsigned irq);        /* irq 7 and 15 only; acknowledged if needed */

#endif
