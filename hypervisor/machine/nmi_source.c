/* SPDX-License-Identifier: GPL-2.0-only */
/* See the header. Called once while booting; no locks. */
#include "machine/nmi_source.h"

#include "errno.h"
#include "machine/ioapic.h"
#include "machine/irq.h"
#include "machine/smp.h"
#include "machine/x86.h"

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND 0x43
#define PIT_CHANNEL0_RATE 0x34 /* both bytes, mode 2, binary */
#define PIT_ISA_IRQ 0

int nmi_source_start(void)
{
    bool level, active_low;
    unsigned gsi = irq_isa_to_gsi(PIT_ISA_IRQ, &level, &active_low);

    if (!ioapic_has_gsi(gsi))
        return -ENODEV;
    outb(PIT_COMMAND, PIT_CHANNEL0_RATE);
    outb(PIT_CHANNEL0, 0); /* 65536 */
    outb(PIT_CHANNEL0, 0);
    ioapic_route_nmi(gsi, cpu_apic_id(0));
    return 0;
}
