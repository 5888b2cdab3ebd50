/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the ACPI tables: RSDP (given by the boot loader or in low memory),
 * then RSDT or XSDT, then the four tables that the hypervisor needs, each of
 * which has its own parser in acpi_*.c. Nothing stays mapped. Called once by
 * boot/main.c; no locks. Also compiled by tests/unit/hypervisor/test_acpi.c.
 */
#include "machine/acpi.h"

#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/platform.h"

#define RSDP_LENGTH_V1 20
#define RSDP_MAX_LENGTH 4096
#define MAX_TABLE_LENGTH MB(4)
#define MAX_TABLES 512
#define EBDA_POINTER 0x40e
#define EBDA_SEARCH 1024
#define BIOS_START 0xe0000
#define BIOS_END 0x100000

struct acpi_rsdp { /* 5.2.5.3 */
    char signature[8];
    u8 checksum;
    char oem_id[6];
    u8 revision;
    u32 rsdt;
    u32 length;
    u64 xsdt;
    u8 extended_checksum, reserved[3];
} __packed;

struct acpi_info acpi;

bool acpi_checksum_ok(const void *p, size_t len)
{
    const u8 *b = p;
    u8 sum = 0;

    while (len--)
        sum += *b++;
    return sum == 0;
}

size_t acpi_rsdp_parse(const void *p, size_t avail, paddr_t *root, bool *is_xsdt)
{
    struct acpi_rsdp r = { .revision = 0 };

    if (avail < RSDP_LENGTH_V1 || memcmp(p, "RSD PTR ", 8) || !acpi_checksum_ok(p, RSDP_LENGTH_V1))
        return 0;
    memcpy(&r, p, MIN(avail, sizeof(r)));
    *root = r.rsdt;
    *is_xsdt = false;
    if (r.revision >= 2 && avail >= sizeof(r) && r.xsdt && r.length >= sizeof(r) && r.length <= avail &&
        acpi_checksum_ok(p, r.length)) {
        *root = r.xsdt;
        *is_xsdt = true;
        return r.length;
    }
    return *root ? RSDP_LENGTH_V1 : 0;
}

/* Looks for the RSDP on 16-byte boundaries of a range, 5.2.5.1. @return its address or 0 */
static paddr_t search(paddr_t start, size_t len)
{
    const u8 *p = platform_memory.map_firmware(start, len);
    paddr_t found = 0;

    if (!p)
        return 0;
    for (size_t at = 0; at + RSDP_LENGTH_V1 <= len && !found; at += 16)
        if (acpi_rsdp_parse(p + at, len - at, &acpi.root, &acpi.is_xsdt))
            found = start + at;
    platform_memory.unmap((void *)p, len);
    return found;
}

static paddr_t search_low_memory(void)
{
    const void *bda = platform_memory.map_firmware(0, PAGE_SIZE);
    paddr_t ebda = 0, found = 0;
    u16 segment;

    if (bda) {
        memcpy(&segment, (const u8 *)bda + EBDA_POINTER, sizeof(segment));
        ebda = (paddr_t)segment << 4;
        platform_memory.unmap((void *)bda, PAGE_SIZE);
    }
    if (ebda >= 0x400 && ebda < 0xa0000)
        found = search(ebda, EBDA_SEARCH);
    return found ? found : search(BIOS_START, BIOS_END - BIOS_START);
}

/* Maps a whole table whose address came from firmware; NULL: broken. */
static const struct acpi_header *map_table(paddr_t pa)
{
    const struct acpi_header *h = platform_memory.map_firmware(pa, sizeof(*h));
    u32 length;

    if (!h)
        return NULL;
    length = h->length;
    platform_memory.unmap((void *)h, sizeof(*h));
    if (length < sizeof(*h) || length > MAX_TABLE_LENGTH || pa + length < pa)
        return NULL;
    h = platform_memory.map_firmware(pa, length);
    if (h && (h->length != length || !acpi_checksum_ok(h, length))) {
        pr_warning("ACPI: table %.4s at %#lx has a wrong checksum, ignored\n", h->signature, pa);
        platform_memory.unmap((void *)h, length);
        return NULL;
    }
    return h;
}

void acpi_table_unmap(const struct acpi_header *table)
{
    if (table)
        platform_memory.unmap((void *)table, table->length);
}

/* Address number @i in the root table, 0 behind its end. */
static paddr_t root_entry(const struct acpi_header *root, unsigned i)
{
    size_t size = acpi.is_xsdt ? 8 : 4;
    u64 pa = 0;

    if (i >= (root->length - sizeof(*root)) / size || i >= MAX_TABLES)
        return 0;
    memcpy(&pa, (const u8 *)(root + 1) + i * size, size);
    return pa;
}

static bool has_signature(paddr_t pa, const char sig[4])
{
    const struct acpi_header *h = platform_memory.map_firmware(pa, sizeof(*h));
    bool same = h && !memcmp(h->signature, sig, 4);

    if (h)
        platform_memory.unmap((void *)h, sizeof(*h));
    return same;
}

const struct acpi_header *acpi_table_map(const char sig[4])
{
    const struct acpi_header *root, *table = NULL;
    paddr_t pa;

    if (!acpi.rsdp || !(root = map_table(acpi.root)))
        return NULL;
    for (unsigned i = 0; !table && (pa = root_entry(root, i)); i++)
        if (has_signature(pa, sig))
            table = map_table(pa);
    acpi_table_unmap(root);
    return table;
}

static void read_tables(void)
{
    const struct acpi_header *t;

    if ((t = acpi_table_map("APIC"))) {
        if (acpi_madt_parse(t, &acpi.madt))
            pr_warning("ACPI: the MADT is broken; only the boot CPU is used\n");
        acpi_table_unmap(t);
    }
    if ((t = acpi_table_map("FACP"))) {
        if (acpi_fadt_parse(t, &acpi.fadt))
            pr_warning("ACPI: the FADT is broken, ignored\n");
        acpi_table_unmap(t);
    }
    if ((t = acpi_table_map("MCFG"))) {
        if (acpi_mcfg_parse(t, &acpi.mcfg))
            pr_warning("ACPI: the MCFG is broken, ignored\n");
        acpi_table_unmap(t);
    }
    if ((t = acpi_table_map("HPET"))) {
        acpi.hpet = acpi_hpet_parse(t);
        acpi_table_unmap(t);
    }
}

/* Checks an RSDP that the boot loader gave us. */
static paddr_t check_given(paddr_t rsdp)
{
    const void *p = rsdp ? platform_memory.map_firmware(rsdp, sizeof(struct acpi_rsdp)) : NULL;
    size_t len = 0;

    if (p) {
        len = acpi_rsdp_parse(p, sizeof(struct acpi_rsdp), &acpi.root, &acpi.is_xsdt);
        platform_memory.unmap((void *)p, sizeof(struct acpi_rsdp));
    }
    return len ? rsdp : 0;
}

void acpi_init(paddr_t rsdp)
{
    acpi_madt_defaults(&acpi.madt);
    if (!platform_options.acpi) {
        pr_info("ACPI: not used (acpi=no): one CPU\n");
        return;
    }
    acpi.rsdp = check_given(rsdp);
    if (!acpi.rsdp)
        acpi.rsdp = search_low_memory();
    if (!acpi.rsdp) {
        pr_warning("ACPI: no tables found; enable ACPI in the firmware: only the boot CPU is used, interrupts as on an old PC\n");
        return;
    }
    read_tables();
    pr_info("ACPI: RSDP at %#lx, %u CPUs, %u IO-APICs%s%s\n", acpi.rsdp, acpi.madt.cpu_count,
            acpi.madt.ioapic_count, acpi.hpet ? ", HPET" : "", acpi.mcfg.count ? ", MCFG" : "");
}
