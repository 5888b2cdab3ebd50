/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smaller tables: FADT (fixed hardware: timer, reset, sleep), MCFG (PCI
 * configuration space in memory) and HPET. ACPI 6.4, 5.2.9; PCI Firmware
 * Specification 3.0, 4.1.2; IA-PC HPET 1.0a, 3.2.4. Pure parsers of tables whose
 * length and checksum are right.
 */
#include "errno.h"
#include "lib/string.h"
#include "machine/acpi.h"

/* FADT offsets and flags, table 5.9 */
enum fadt_offset {
    FADT_SCI = 46,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_PM_TIMER = 76,
    FADT_PM_TIMER_LENGTH = 91,
    FADT_FLAGS = 112,
    FADT_RESET = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_PM1A_CONTROL = 172,
    FADT_X_PM1B_CONTROL = 184,
    FADT_X_PM_TIMER = 208,
    FADT_SLEEP_CONTROL = 244,
};
#define FADT_LENGTH_V1 116
#define FADT_FLAG_TIMER_32BIT BIT(8)
#define FADT_FLAG_RESET BIT(10)
#define FADT_FLAG_HW_REDUCED BIT(20)

/* Reads @size bytes at @offset; zeros where the table is shorter. */
static u64 field(const struct acpi_header *t, unsigned offset, unsigned size)
{
    u64 v = 0;

    if (offset + size <= t->length)
        memcpy(&v, (const u8 *)t + offset, size);
    return v;
}

/* The extended address at @extended or, when that is absent, the old 32-bit port at @port. */
static struct acpi_address choose_address(const struct acpi_header *t, unsigned extended, unsigned port,
                                          u8 bits)
{
    struct acpi_address a = { .space = ACPI_IO, .bits = bits };

    if (extended + sizeof(a) <= t->length)
        memcpy(&a, (const u8 *)t + extended, sizeof(a));
    if (!a.address || a.space > ACPI_IO)
        a = (struct acpi_address){ .space = ACPI_IO, .bits = bits, .address = port ? field(t, port, 4) : 0 };
    return a;
}

int acpi_fadt_parse(const struct acpi_header *t, struct acpi_fadt *f)
{
    u32 flags;

    memset(f, 0, sizeof(*f));
    if (t->length < FADT_LENGTH_V1)
        return -EINVAL;
    flags = (u32)field(t, FADT_FLAGS, 4);
    f->present = true;
    f->sci = (u16)field(t, FADT_SCI, 2);
    f->hw_reduced = flags & FADT_FLAG_HW_REDUCED;
    f->pm_timer_32bit = flags & FADT_FLAG_TIMER_32BIT;
    if (!f->hw_reduced) {
        f->pm1a_control = choose_address(t, FADT_X_PM1A_CONTROL, FADT_PM1A_CONTROL, 16);
        f->pm1b_control = choose_address(t, FADT_X_PM1B_CONTROL, FADT_PM1B_CONTROL, 16);
        if (field(t, FADT_PM_TIMER_LENGTH, 1) == 4)
            f->pm_timer = choose_address(t, FADT_X_PM_TIMER, FADT_PM_TIMER, 32);
    }
    f->sleep_control = choose_address(t, FADT_SLEEP_CONTROL, 0, 8);
    f->reset = choose_address(t, FADT_RESET, 0, 8);
    f->reset_value = (u8)field(t, FADT_RESET_VALUE, 1);
    f->reset_supported = (flags & FADT_FLAG_RESET) && f->reset.address;
    return 0;
}

struct mcfg_entry {
    u64 base;
    u16 segment;
    u8 first_bus, last_bus;
    u32 reserved;
} __packed;

#define MCFG_ENTRIES 44 /* offset of the first entry */

int acpi_mcfg_parse(const struct acpi_header *t, struct acpi_mcfg *m)
{
    struct mcfg_entry e;

    memset(m, 0, sizeof(*m));
    if (t->length < MCFG_ENTRIES)
        return -EINVAL;
    for (size_t at = MCFG_ENTRIES; at + sizeof(e) <= t->length && m->count < MAX_MCFG; at += sizeof(e)) {
        memcpy(&e, (const u8 *)t + at, sizeof(e));
        if (!e.base || e.base & 0xfffff || e.last_bus < e.first_bus)
            continue;
        m->windows[m->count].base = e.base;
        m->windows[m->count].segment = e.segment;
        m->windows[m->count].first_bus = e.first_bus;
        m->windows[m->count++].last_bus = e.last_bus;
    }
    return m->count ? 0 : -EINVAL;
}

#define HPET_ADDRESS 40

paddr_t acpi_hpet_parse(const struct acpi_header *t)
{
    struct acpi_address a;

    if (t->length < HPET_ADDRESS + sizeof(a))
        return 0;
    memcpy(&a, (const u8 *)t + HPET_ADDRESS, sizeof(a));
    return a.space == ACPI_MEMORY && !(a.address & (PAGE_SIZE - 1)) ? a.address : 0;
}
