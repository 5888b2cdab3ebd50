/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypervisor itself takes from the firmware's ACPI tables: CPUs and
 * interrupt controllers (MADT), PCI configuration windows (MCFG), the fixed
 * hardware (FADT) and the HPET. Everything else is Domain 0's. Layouts: ACPI
 * specification 6.4 chapter 5. Tables come from firmware that may be broken:
 * all lengths and checksums are verified and nothing outside a table is read.
 */
#ifndef HV_MACHINE_ACPI_H
#define HV_MACHINE_ACPI_H

#include "types.h"

struct acpi_header { /* 5.2.6 */
    char signature[4];
    u32 length;
    u8 revision, checksum;
    char oem_id[6], oem_table_id[8];
    u32 oem_revision;
    char creator_id[4];
    u32 creator_revision;
} __packed;

enum acpi_space { ACPI_MEMORY = 0, ACPI_IO = 1 };

struct acpi_address { /* generic address structure, 5.2.3.2 */
    u8 space, bits, offset, access;
    u64 address;
} __packed;

#define MAX_IOAPICS 32
#define MAX_MCFG 32
#define ISA_IRQS 16

struct acpi_cpu {
    u32 apic_id, acpi_id;
};

struct acpi_ioapic {
    u8 id;
    u32 gsi_base;
    paddr_t base;
};

struct acpi_isa_irq {
    u32 gsi;
    bool level, active_low;
};

struct acpi_madt {
    bool present;
    paddr_t lapic_base;
    unsigned cpu_count, disabled_cpus, ioapic_count; /* what the arrays hold; more are counted in the log only */
    struct acpi_cpu cpus[MAX_CPUS];
    struct acpi_ioapic ioapics[MAX_IOAPICS];
    struct acpi_isa_irq isa[ISA_IRQS];
};

struct acpi_mcfg {
    unsigned count;
    struct {
        paddr_t base; /* of bus 0, even when first_bus is greater */
        u16 segment;
        u8 first_bus, last_bus;
    } windows[MAX_MCFG];
};

struct acpi_fadt {
    bool present;
    bool hw_reduced, pm_timer_32bit, reset_supported;
    struct acpi_address pm_timer, pm1a_control, pm1b_control, sleep_control, reset; /* address 0: none */
    u8 reset_value;
    u16 sci;
};

struct acpi_info {
    paddr_t rsdp; /* 0: no ACPI */
    bool is_xsdt;
    paddr_t root;
    struct acpi_madt madt;
    struct acpi_mcfg mcfg;
    struct acpi_fadt fadt;
    paddr_t hpet; /* 0: none */
};
extern struct acpi_info acpi;

/*
 * Finds and reads the tables; @rsdp as the boot loader gave it, or 0. Without
 * usable tables one line says so and acpi holds the defaults of a PC. Once, on
 * the boot CPU, with platform_memory set.
 */
void acpi_init(paddr_t rsdp);

/*
 * Maps the table with signature @sig, checked; NULL: none or broken. Give it
 * back with acpi_table_unmap(). While booting only.
 */
const struct acpi_header *acpi_table_map(const char sig[4]);
void acpi_table_unmap(const struct acpi_header *table);

/* Pure parts, @table with a length and checksum that have been checked. machine/acpi_*.c */
bool acpi_checksum_ok(const void *p, size_t len);
/* @return bytes of the RSDP at @p of @avail readable ones, 0: none here; *@root, *@is_xsdt: the root table */
size_t acpi_rsdp_parse(const void *p, size_t avail, paddr_t *root, bool *is_xsdt);
void acpi_madt_defaults(struct acpi_madt *m);
int acpi_madt_parse(const struct acpi_header *table, struct acpi_madt *m);  /* 0, -EINVAL: no CPU or broken */
int acpi_mcfg_parse(const struct acpi_header *table, struct acpi_mcfg *m);  /* 0, -EINVAL */
int acpi_fadt_parse(const struct acpi_header *table, struct acpi_fadt *f);  /* 0, -EINVAL */
paddr_t acpi_hpet_parse(const struct acpi_header *table);                   /* 0: none usable */

#endif
