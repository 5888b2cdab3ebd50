/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MADT: local APICs (= CPUs), IO-APICs and how ISA interrupts are wired.
 * ACPI 6.4, 5.2.12. Pure: reads a table whose length and checksum are right and
 * fills in a structure; entries that reach over the end, repeat or exceed our
 * arrays are dropped.
 */
#include "errno.h"
#include "lib/string.h"
#include "machine/acpi.h"
#include "machine/console.h"

#define LAPIC_DEFAULT_BASE 0xfee00000
#define IOAPIC_DEFAULT_BASE 0xfec00000

enum madt_type {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_ADDRESS = 5,
    MADT_X2APIC = 9,
};
#define LAPIC_ENABLED BIT(0)

/* Polarity and trigger of an override, 5.2.12.5 ("MPS INTI flags") */
#define INTI_POLARITY_MASK 3
#define INTI_ACTIVE_LOW 3
#define INTI_TRIGGER_MASK 0xc
#define INTI_LEVEL 0xc

struct madt {
    struct acpi_header h;
    u32 lapic_base, flags;
} __packed;

struct madt_entry {
    u8 type, length;
} __packed;

struct madt_lapic {
    struct madt_entry e;
    u8 acpi_id, apic_id;
    u32 flags;
} __packed;

struct madt_ioapic {
    struct madt_entry e;
    u8 id, reserved;
    u32 base, gsi_base;
} __packed;

struct madt_override {
    struct madt_entry e;
    u8 bus, irq;
    u32 gsi;
    u16 flags;
} __packed;

struct madt_lapic_address {
    struct madt_entry e;
    u16 reserved;
    u64 base;
} __packed;

struct madt_x2apic {
    struct madt_entry e;
    u16 reserved;
    u32 apic_id, flags, acpi_id;
} __packed;

/* A PC without tables: IO-APIC at its usual place, ISA interrupts one to one. */
void acpi_madt_defaults(struct acpi_madt *m)
{
    memset(m, 0, sizeof(*m));
    m->lapic_base = LAPIC_DEFAULT_BASE;
    m->ioapic_count = 1;
    m->ioapics[0] = (struct acpi_ioapic){ .base = IOAPIC_DEFAULT_BASE };
    for (unsigned i = 0; i < ISA_IRQS; i++)
        m->isa[i].gsi = i;
}

/* @everybody: the id that addresses all CPUs at once; firmware writes it where there is no CPU, whatever the flags say. */
static void add_cpu(struct acpi_madt *m, u32 apic_id, u32 everybody, u32 acpi_id, u32 flags)
{
    if (!(flags & LAPIC_ENABLED) || apic_id == everybody || m->cpu_count == MAX_CPUS) {
        m->disabled_cpus++;
        return;
    }
    for (unsigned i = 0; i < m->cpu_count; i++)
        if (m->cpus[i].apic_id == apic_id)
            return;
    m->cpus[m->cpu_count++] = (struct acpi_cpu){ .apic_id = apic_id, .acpi_id = acpi_id };
}

static void add_ioapic(struct acpi_madt *m, const struct madt_ioapic *e)
{
    if (m->ioapic_count == MAX_IOAPICS || !e->base)
        return;
    m->ioapics[m->ioapic_count++] =
        (struct acpi_ioapic){ .id = e->id, .gsi_base = e->gsi_base, .base = e->base };
}

static void add_override(struct acpi_madt *m, const struct madt_override *e)
{
    if (e->bus != 0 || e->irq >= ISA_IRQS)
        return;
    m->isa[e->irq] = (struct acpi_isa_irq){
        .gsi = e->gsi,
        .level = (e->flags & INTI_TRIGGER_MASK) == INTI_LEVEL,
        .active_low = (e->flags & INTI_POLARITY_MASK) == INTI_ACTIVE_LOW,
    };
}

/* One entry, copied out because tables are not aligned; @len bytes of it are in the table. */
static void parse_entry(struct acpi_madt *m, const void *p, size_t len)
{
    union {
        struct madt_entry e;
        struct madt_lapic lapic;
        struct madt_ioapic ioapic;
        struct madt_override override;
        struct madt_lapic_address address;
        struct madt_x2apic x2apic;
    } u;

    memset(&u, 0, sizeof(u));
    memcpy(&u, p, MIN(len, sizeof(u)));
    if (u.e.type == MADT_LAPIC && len >= sizeof(u.lapic))
        add_cpu(m, u.lapic.apic_id, 0xff, u.lapic.acpi_id, u.lapic.flags);
    else if (u.e.type == MADT_X2APIC && len >= sizeof(u.x2apic))
        add_cpu(m, u.x2apic.apic_id, ~0u, u.x2apic.acpi_id, u.x2apic.flags);
    else if (u.e.type == MADT_IOAPIC && len >= sizeof(u.ioapic))
        add_ioapic(m, &u.ioapic);
    else if (u.e.type == MADT_OVERRIDE && len >= sizeof(u.override))
        add_override(m, &u.override);
    else if (u.e.type == MADT_LAPIC_ADDRESS && len >= sizeof(u.address))
        m->lapic_base = u.address.base;
}

int acpi_madt_parse(const struct acpi_header *table, struct acpi_madt *m)
{
    const u8 *p = (const u8 *)table;
    size_t at = sizeof(struct madt);
    struct madt madt;

    acpi_madt_defaults(m);
    if (table->length < sizeof(madt))
        return -EINVAL;
    memcpy(&madt, table, sizeof(madt));
    m->lapic_base = madt.lapic_base;
    m->ioapic_count = 0;
    while (at + sizeof(struct madt_entry) <= table->length) {
        u8 len = p[at + 1];

        if (len < sizeof(struct madt_entry) || at + len > table->length)
            break;
        parse_entry(m, p + at, len);
        at += len;
    }
    m->present = m->cpu_count > 0;
    if (!m->present)
        acpi_madt_defaults(m);
    return m->present ? 0 : -EINVAL;
}
