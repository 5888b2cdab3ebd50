/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine/acpi*.c on tables made here, whole and broken: every table is also cut
 * at each length and has each byte damaged, under AddressSanitizer, so that a
 * read outside a table ends the test. A small arena stands for machine memory.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define strlcpy hv_strlcpy
#include "machine/acpi.c"
#include "machine/acpi_madt.c"
#include "machine/acpi_tables.c"

struct platform_memory platform_memory;
struct platform_options platform_options = { .acpi = true };

void printk(enum log_level level, const char *fmt, ...)
{
}

/* Machine memory: a list of separately allocated pieces, so that ASan sees their ends. */
static struct {
    paddr_t at;
    size_t len;
    u8 *data;
} pieces[16];
static unsigned piece_count;

static void forget_pieces(void)
{
    while (piece_count)
        free(pieces[--piece_count].data);
}

static void place(paddr_t at, const void *data, size_t len)
{
    pieces[piece_count].at = at;
    pieces[piece_count].len = len;
    pieces[piece_count].data = malloc(len);
    memcpy(pieces[piece_count++].data, data, len);
}

/* A copy of the range; bytes outside of all pieces are 0xff, as on a bus. */
static void *map(paddr_t pa, size_t len)
{
    u8 *copy = malloc(len);

    memset(copy, 0xff, len);
    for (unsigned i = 0; i < piece_count; i++)
        for (size_t n = 0; n < pieces[i].len; n++)
            if (pieces[i].at + n - pa < len)
                copy[pieces[i].at + n - pa] = pieces[i].data[n];
    return copy;
}

static void unmap(void *va, size_t len)
{
    free(va);
}

static void fix_checksum(u8 *table, size_t len, size_t at)
{
    u8 sum = 0;

    table[at] = 0;
    for (size_t i = 0; i < len; i++)
        sum += table[i];
    table[at] = (u8)-sum;
}

static size_t finish(u8 *t, const char *sig, size_t len)
{
    struct acpi_header *h = (void *)t;

    memcpy(h->signature, sig, 4);
    h->length = (u32)len;
    h->revision = 3;
    fix_checksum(t, len, 9);
    return len;
}

static size_t add(u8 *t, size_t at, const void *entry, size_t len)
{
    memcpy(t + at, entry, len);
    return at + len;
}

/* Four CPUs (one disabled, one twice, one as x2APIC; and twice the id that means all), two IO-APICs, two overrides. */
static size_t make_madt(u8 *t)
{
    static const u8 lapics[] = {
        0, 8, 0, 0, 1, 0, 0, 0,  0, 8, 1, 2, 1, 0, 0, 0,  0, 8, 2, 4, 0, 0, 0, 0,  0, 8, 3, 2, 1, 0, 0, 0,
        0, 8, 4, 0xff, 1, 0, 0, 0,
    };
    static const u8 x2apic[] = {
        9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0,  9, 16, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 8, 0, 0, 0,
    };
    static const u8 ioapics[] = { 1, 12, 5, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,
                                  1, 12, 6, 0, 0, 0x10, 0xc0, 0xfe, 24, 0, 0, 0 };
    static const u8 overrides[] = { 2, 10, 0, 0, 2, 0, 0, 0, 0, 0,  2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0 };
    size_t at = 44;

    memset(t, 0, 256);
    t[36] = 0; t[37] = 0; t[38] = 0xe0; t[39] = 0xfe;
    at = add(t, at, lapics, sizeof(lapics));
    at = add(t, at, x2apic, sizeof(x2apic));
    at = add(t, at, ioapics, sizeof(ioapics));
    at = add(t, at, overrides, sizeof(overrides));
    return finish(t, "APIC", at);
}

static struct acpi_madt madt;

/* Parses a copy that ends exactly where the table says. */
static int parse_exact(const u8 *t, size_t len)
{
    u8 *copy = malloc(len);
    int rc;

    memcpy(copy, t, len);
    rc = acpi_madt_parse((void *)copy, &madt);
    free(copy);
    return rc;
}

static void test_madt(void)
{
    u8 t[256];
    size_t len = make_madt(t);

    CHECK(parse_exact(t, len) == 0);
    CHECK(madt.present && madt.cpu_count == 3 && madt.disabled_cpus == 3);
    CHECK(madt.cpus[0].apic_id == 0 && madt.cpus[1].apic_id == 2 && madt.cpus[2].apic_id == 256);
    CHECK(madt.cpus[2].acpi_id == 7);
    CHECK(madt.lapic_base == 0xfee00000);
    CHECK(madt.ioapic_count == 2 && madt.ioapics[1].gsi_base == 24 && madt.ioapics[1].base == 0xfec01000);
    CHECK(madt.isa[0].gsi == 2 && !madt.isa[0].level);
    CHECK(madt.isa[9].level && madt.isa[9].active_low);
    CHECK(madt.isa[5].gsi == 5);
}

static void test_madt_cut(void)
{
    u8 t[256];
    size_t full = make_madt(t);

    for (size_t len = sizeof(struct acpi_header); len < full; len++) {
        ((struct acpi_header *)t)->length = (u32)len;
        parse_exact(t, len);
        CHECK(madt.cpu_count <= 3 && madt.ioapic_count <= 2);
        CHECK(madt.present == (madt.cpu_count > 0));
    }
}

static void test_madt_damaged(void)
{
    u8 t[256], bad[256];
    size_t len = make_madt(t);

    for (size_t at = sizeof(struct acpi_header); at < len; at++)
        for (unsigned v = 0; v < 256; v += 15) {
            memcpy(bad, t, len);
            bad[at] = (u8)v;
            parse_exact(bad, len);
            CHECK(madt.cpu_count <= MAX_CPUS && madt.ioapic_count <= MAX_IOAPICS);
        }
}

static void test_madt_many_cpus(void)
{
    size_t len = 44 + 8 * 1000, at = 44;
    u8 *t = calloc(1, len);

    for (unsigned i = 0; i < 1000; i++) {
        const u8 e[] = { 9, 16, 0, 0, (u8)i, (u8)(i >> 8), 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 };

        if (at + 16 <= len)
            at = add(t, at, e, 16);
    }
    len = finish(t, "APIC", at);
    CHECK(parse_exact(t, len) == 0);
    CHECK(madt.cpu_count == MAX_CPUS);
    free(t);
}

static void test_fadt(void)
{
    struct acpi_fadt f;
    u8 t[276] = { 0 };

    t[46] = 9;
    t[64] = 4; t[65] = 6;                 /* PM1a control 0x604 */
    t[76] = 8; t[77] = 6; t[91] = 4;      /* PM timer 0x608 */
    t[113] = 5;                           /* flags: 32-bit timer, reset register */
    t[116] = ACPI_IO; t[117] = 8; t[120] = 0xf9; t[121] = 0x0c; t[128] = 0x0f;
    finish(t, "FACP", sizeof(t));
    CHECK(acpi_fadt_parse((void *)t, &f) == 0);
    CHECK(f.pm_timer.address == 0x608 && f.pm_timer_32bit);
    CHECK(f.pm1a_control.address == 0x604 && !f.pm1b_control.address);
    CHECK(f.reset_supported && f.reset.address == 0xcf9 && f.reset_value == 0xf);
    t[172] = ACPI_MEMORY; t[176] = 1;     /* the extended address goes first */
    CHECK(acpi_fadt_parse((void *)t, &f) == 0 && f.pm1a_control.space == ACPI_MEMORY);
    finish(t, "FACP", 116);
    CHECK(acpi_fadt_parse((void *)t, &f) == 0 && !f.reset_supported && f.pm_timer.address == 0x608);
    finish(t, "FACP", 115);
    CHECK(acpi_fadt_parse((void *)t, &f) == -EINVAL && !f.present);
}

static void test_mcfg_hpet(void)
{
    struct acpi_mcfg m;
    u8 t[128] = { 0 };

    t[47] = 0xb0; t[55] = 255;            /* base 0xb0000000, buses 0..255 */
    t[60] = 1; t[70] = 5; t[71] = 4;      /* base not aligned, buses backwards */
    finish(t, "MCFG", 76);
    CHECK(acpi_mcfg_parse((void *)t, &m) == 0 && m.count == 1);
    CHECK(m.windows[0].base == 0xb0000000 && m.windows[0].last_bus == 255);
    finish(t, "MCFG", 59);
    CHECK(acpi_mcfg_parse((void *)t, &m) == -EINVAL);

    memset(t, 0, sizeof(t));
    t[46] = 0xd0; t[47] = 0xfe;
    finish(t, "HPET", 56);
    CHECK(acpi_hpet_parse((void *)t) == 0xfed00000);
    t[40] = ACPI_IO;
    CHECK(acpi_hpet_parse((void *)t) == 0);
    finish(t, "HPET", 51);
    CHECK(acpi_hpet_parse((void *)t) == 0);
}

#define RSDP_AT 0xf5ac0
#define ROOT_AT 0x7fe0000

/* RSDP, root table with @n entries of @size bytes, and a MADT as the last of them. */
static void build_machine(bool xsdt, unsigned n, size_t size)
{
    u8 rsdp[36] = "RSD PTR ", root[36 + 64] = { 0 }, t[256], bda[0x500] = { 0 };
    size_t len = make_madt(t);
    u64 at = 0x7fe1000, nowhere = 0x7ff0000;

    forget_pieces();
    rsdp[15] = xsdt ? 2 : 0;
    memcpy(rsdp + 16, &(u32){ ROOT_AT }, 4);
    rsdp[20] = sizeof(rsdp);
    memcpy(rsdp + 24, &(u64){ ROOT_AT }, 8);
    fix_checksum(rsdp, 20, 8);
    fix_checksum(rsdp, 36, 32);
    for (unsigned i = 0; i < n; i++)
        memcpy(root + 36 + i * size, i == n - 1 ? &at : &nowhere, size);
    finish(root, xsdt ? "XSDT" : "RSDT", 36 + n * size);
    place(0, bda, sizeof(bda));
    place(RSDP_AT, rsdp, sizeof(rsdp));
    place(ROOT_AT, root, 36 + n * size);
    place(at, t, len);
    memset(&acpi, 0, sizeof(acpi));
}

static void test_find(void)
{
    build_machine(false, 3, 4);
    acpi_init(0);
    CHECK(acpi.rsdp == RSDP_AT && !acpi.is_xsdt && acpi.madt.cpu_count == 3);
    build_machine(true, 5, 8);
    acpi_init(0);
    CHECK(acpi.rsdp == RSDP_AT && acpi.is_xsdt && acpi.madt.cpu_count == 3);
    build_machine(true, 2, 8);
    acpi_init(RSDP_AT);
    CHECK(acpi.rsdp == RSDP_AT && acpi.madt.present);
    build_machine(true, 2, 8);
    acpi_init(0x1234); /* what the loader says is wrong */
    CHECK(acpi.rsdp == RSDP_AT && acpi.madt.present);
}

static void test_nothing(void)
{
    build_machine(true, 1, 8);
    pieces[1].data[3] ^= 1;
    acpi_init(0);
    CHECK(!acpi.rsdp && !acpi.madt.present && acpi.madt.ioapics[0].base == 0xfec00000);
    build_machine(true, 1, 8);
    platform_options.acpi = false;
    acpi_init(RSDP_AT);
    CHECK(!acpi.rsdp);
    platform_options.acpi = true;
}

static void test_broken_tables(void)
{
    build_machine(true, 1, 8);
    pieces[3].data[50] ^= 1; /* the MADT's checksum is wrong now */
    acpi_init(0);
    CHECK(acpi.rsdp && !acpi.madt.present);
    for (unsigned piece = 1; piece < 4; piece++)
        for (unsigned at = 0; at < 36; at++) {
            build_machine(true, 1, 8);
            pieces[piece].data[at] ^= 0xff;
            acpi_init(0);
            CHECK(!acpi.madt.present || acpi.madt.cpu_count == 3);
        }
}

static void test_long_table(void)
{
    build_machine(true, 1, 8);
    ((struct acpi_header *)pieces[3].data)->length = 0xffffffff;
    acpi_init(0);
    CHECK(!acpi.madt.present);
    build_machine(true, 1, 8);
    ((struct acpi_header *)pieces[3].data)->length = 3;
    acpi_init(0);
    CHECK(!acpi.madt.present);
}

int main(void)
{
    platform_memory.map_firmware = map;
    platform_memory.unmap = unmap;
    TEST(test_madt);
    TEST(test_madt_cut);
    TEST(test_madt_damaged);
    TEST(test_madt_many_cpus);
    TEST(test_fadt);
    TEST(test_mcfg_hpet);
    TEST(test_find);
    TEST(test_nothing);
    TEST(test_broken_tables);
    TEST(test_long_table);
    forget_pieces();
    return TEST_RESULT();
}
