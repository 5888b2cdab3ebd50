/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connects the serial lines with their interrupts; apart from serial.c since the
 * interrupt code prints through it. Called once by boot/main.c when interrupts
 * work.
 */
#include "machine/console.h"
#include "machine/console_internal.h"
#include "machine/irq.h"

static void handle_interrupt(unsigned irq, void *data)
{
    serial_line_serve((unsigned)(u64)data);
    irq_eoi(irq);
}

/* @return 0 when the line interrupts from now on */
static int start_line(unsigned i, unsigned isa)
{
    bool level, low;
    unsigned gsi = irq_isa_to_gsi(isa, &level, &low);
    int rc = irq_setup_gsi(gsi, level, low);

    if (!rc)
        rc = irq_bind(gsi, handle_interrupt, (void *)(u64)i);
    if (rc)
        return rc;
    irq_unmask(gsi);
    serial_line_start(i);
    return 0;
}

bool serial_start_interrupts(void)
{
    bool all = true;

    for (unsigned i = 0; i < SERIAL_LINES; i++) {
        unsigned isa;
        int rc;

        if (!serial_line_irq(i, &isa))
            continue;
        rc = start_line(i, isa);
        if (rc)
            pr_warning("com%u: interrupt %u cannot be used (error %d), it is polled instead\n",
                       i + 1, isa, -rc);
        all &= !rc;
    }
    return all;
}
