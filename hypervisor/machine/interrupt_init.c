/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Brings the interrupt hardware up in its one possible order. Called once by
 * boot/main.c on the boot CPU, interrupts disabled.
 */
#include "machine/apic.h"
#include "machine/interrupt.h"
#include "machine/ioapic.h"
#include "machine/irq_internal.h"
#include "machine/pic.h"
#include "machine/smp_internal.h"

void interrupts_init(void)
{
    pic_init();
    apic_init();
    ioapic_init();
    irq_init();
    smp_init_handlers();
}
