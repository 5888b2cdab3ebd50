/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of the machine Domain 0 may drive itself: everything but what the
 * hypervisor drives: interrupt controllers, timer, its serial port, PCI
 * configuration (which is emulated). Called once while Domain 0 is built.
 */
#include "control/dom0_internal.h"
#include "domain/iomem.h"
#include "domain/ioports.h"
#include "machine/acpi.h"
#include "machine/console_internal.h"
#include "machine/irq.h"
#include "machine/panic.h"

#define FRAMES (1UL << (52 - PAGE_SHIFT))
#define MSI_START 0xfee00000UL /* where devices send message interrupts, SDM Vol 3 10.11.1 */
#define MSI_END 0xfeefffffUL
#define HT_START 0xfd00000000UL /* HyperTransport's configuration space on AMD */
#define HT_END 0xffffffffffUL
#define TIMER_IRQ 0

/* Ports of the hypervisor's devices. */
static const struct {
    u16 first, last;
} kept_ports[] = {
    { 0x20, 0x21 },   /* 8259 */
    { 0xa0, 0xa1 },
    { 0x4d0, 0x4d1 }, /* trigger modes of its inputs */
    { 0x40, 0x43 },   /* 8254 */
    { 0x61, 0x61 },   /* its gate and the speaker */
    { 0xcf8, 0xcff }, /* PCI configuration: emulated (pv/emulate_io.c) */
};

static void check(int rc)
{
    if (rc)
        panic_configuration("Not enough memory for Domain 0's permissions\n");
}

static void keep_ports(struct domain *d, unsigned first, unsigned count)
{
    check(domain_ioports_permit(d, first, count, false));
}

static void ports(struct domain *d)
{
    const struct acpi_address *pm = &acpi.fadt.pm_timer;

    check(domain_ioports_permit(d, 0, 0x10000, true));
    for (unsigned i = 0; i < ARRAY_SIZE(kept_ports); i++)
        keep_ports(d, kept_ports[i].first, kept_ports[i].last - kept_ports[i].first + 1);
    if (acpi.fadt.present && pm->space == ACPI_IO && pm->address && pm->address < 0xfffc)
        keep_ports(d, (unsigned)pm->address, 4);
    for (unsigned i = 0; i < SERIAL_LINES; i++)
        if (serial_line_port(i))
            keep_ports(d, serial_line_port(i), 8);
}

/* Frames of the bytes [@first, @last]. */
static void keep_memory(struct domain *d, u64 first, u64 last)
{
    check(domain_iomem_permit(d, paddr_to_mfn(first), (last >> PAGE_SHIFT) - (first >> PAGE_SHIFT) + 1, false));
}

static void memory(struct domain *d)
{
    check(domain_iomem_permit(d, MFN(0), FRAMES, true));
    keep_memory(d, acpi.madt.lapic_base, acpi.madt.lapic_base);
    keep_memory(d, MSI_START, MSI_END);
    for (unsigned i = 0; i < acpi.madt.ioapic_count; i++)
        keep_memory(d, acpi.madt.ioapics[i].base, acpi.madt.ioapics[i].base);
    keep_memory(d, HT_START, HT_END);
}

static void interrupts(struct domain *d)
{
    for (unsigned gsi = TIMER_IRQ + 1; gsi < irq_gsi_count(); gsi++)
        check(domain_irq_permit(d, gsi, true));
}

void dom0_permissions(struct domain *d)
{
    ports(d);
    memory(d);
    interrupts(d);
}
