/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the boot loader found: screen, ACPI root pointer, UEFI tables; and how
 * Domain 0 is told. Firmware tables are read once while booting, through
 * mappings that go away again. Boot CPU, no locks.
 *
 * Sources: UEFI Specification 2.10 sections 4.3 and 4.6, xen/xen.h
 * (struct dom0_vga_console_info).
 */
#include "boot/platform_info.h"

#include "boot/boot_info.h"
#include "control/machine_info.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/layout.h"
#include "mm/paging.h"

#define EARLY_MAPPED GB(4)
#define TEXT_BYTES 8192
#define EFI_SIGNATURE 0x5453595320494249 /* "IBI SYST" */
#define EFI_TABLES_MAX 512
#define FONT_HEIGHT 16

struct efi_system_table { /* 4.3 */
    u64 signature;
    u32 revision, header_size, crc, reserved;
    u64 vendor;
    u32 firmware_revision, pad;
    u64 handles_and_services[8];
    u64 table_count, tables;
};

struct efi_config_table { /* 4.6 */
    u64 guid[2];
    u64 table;
};

/* 8868e871-e4f1-11d3-bc22-0080c73c8881 and eb9d2d30-2d88-11d3-9a16-0090273fc14d */
static const u64 acpi20_guid[2] = { 0x11d3e4f18868e871, 0x81883cc7800022bc };
static const u64 acpi10_guid[2] = { 0x11d32d88eb9d2d30, 0x4dc13f279000169a };

/* Level-3 table of boot/head.S, for the first 512 GiB at 0 and in the direct map. */
extern u64 boot_l3[PTES_PER_TABLE];
u64 boot_l3[PTES_PER_TABLE] __attribute__((section(".bss.page_aligned"), aligned(PAGE_SIZE)));

static u64 screen_bytes(const struct screen_info *s)
{
    return s->kind == SCREEN_FRAMEBUFFER ? (u64)s->pitch * s->height : TEXT_BYTES;
}

/*
 * Frame buffers above 4 GiB: one more GiB in the tables of head.S, whose level-3 table serves 0 and
 * the direct map.
 */
static void *map_high(paddr_t base)
{
    static u64 table[PTES_PER_TABLE] __attribute__((section(".bss.page_aligned"),
                                                    aligned(PAGE_SIZE)));
    u64 slot = base >> 30;

    if (slot >= PTES_PER_TABLE)
        return NULL;
    for (u64 i = 0; i < PTES_PER_TABLE; i++)
        table[i] = slot << 30 | i << 21 | PTE_PSE | PTE_RW | PTE_P;
    boot_l3[slot] = image_to_paddr(table) | PTE_RW | PTE_P;
    return paddr_to_virt(base);
}

void *screen_map_early(void)
{
    const struct screen_info *s = &boot_info.screen;

    if (s->kind == SCREEN_NONE)
        return NULL;
    if (s->base + screen_bytes(s) <= EARLY_MAPPED)
        return paddr_to_virt(s->base);
    return s->base >> 30 == (s->base + screen_bytes(s) - 1) >> 30 ? map_high(s->base) : NULL;
}

void screen_map(void)
{
    const struct screen_info *s = &boot_info.screen;
    u64 first = ROUND_DOWN(s->base, PAGE_SIZE), last = ROUND_UP(s->base + screen_bytes(s),
                                                                PAGE_SIZE);

    if (s->kind != SCREEN_NONE && last <= DIRECT_MAP_END - DIRECT_MAP_START &&
        !memory_map_covers(&boot_info.map, first, last, MEMORY_RAM))
        paging_map(DIRECT_MAP_START + first, paddr_to_mfn(first), (last - first) >> PAGE_SHIFT,
                   MAP_WC);
}

/* The system table, mapped read-only, if it is one. Give it back with iounmap. */
static const struct efi_system_table *map_system_table(void)
{
    const struct efi_system_table *t;

    if (!boot_info.efi_system_table)
        return NULL;
    t = ioremap(boot_info.efi_system_table, sizeof(*t), MAP_RO);
    if (t && t->signature == EFI_SIGNATURE && t->table_count <= EFI_TABLES_MAX)
        return t;
    pr_warning("The UEFI system table at %#lx is broken; it is not used\n",
               boot_info.efi_system_table);
    iounmap((void *)t, sizeof(*t));
    return NULL;
}

static paddr_t find_efi_table(const struct efi_system_table *st, const u64 guid[2])
{
    size_t len = st->table_count * sizeof(struct efi_config_table);
    const struct efi_config_table *t = st->table_count ? ioremap(st->tables, len, MAP_RO) : NULL;
    paddr_t found = 0;

    for (u64 i = 0; t && i < st->table_count && !found; i++)
        if (t[i].guid[0] == guid[0] && t[i].guid[1] == guid[1])
            found = t[i].table;
    iounmap((void *)t, len);
    return found;
}

paddr_t find_rsdp(void)
{
    const struct efi_system_table *st;
    paddr_t rsdp = boot_info.rsdp_address;

    st = rsdp ? NULL : map_system_table();
    if (st) {
        rsdp = find_efi_table(st, acpi20_guid);
        if (!rsdp)
            rsdp = find_efi_table(st, acpi10_guid);
        iounmap((void *)st, sizeof(*st));
    }
    if (!rsdp && boot_info.has_rsdp && boot_info.efi_system_table)
        rsdp = image_to_paddr(boot_info.rsdp);
    return rsdp;
}

static void fill_text_mode(struct dom0_vga_console_info *v, const struct screen_info *s)
{
    v->video_type = XEN_VGATYPE_TEXT_MODE_3;
    v->u.text_mode_3.font_height = FONT_HEIGHT;
    v->u.text_mode_3.rows = (u16)s->height;
    v->u.text_mode_3.columns = (u16)s->width;
    v->u.text_mode_3.cursor_y = (u16)(s->height - 1);
}

static void fill_framebuffer(struct dom0_vga_console_info *v, const struct screen_info *s)
{
    v->video_type = boot_info.efi_system_table ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
    v->u.vesa_lfb.width = (u16)s->width;
    v->u.vesa_lfb.height = (u16)s->height;
    v->u.vesa_lfb.bytes_per_line = (u16)s->pitch;
    v->u.vesa_lfb.bits_per_pixel = s->bpp;
    v->u.vesa_lfb.lfb_base = (u32)s->base;
    v->u.vesa_lfb.ext_lfb_base = (u32)(s->base >> 32);
    v->u.vesa_lfb.lfb_size = (u32)DIV_ROUND_UP(screen_bytes(s), 65536);
    v->u.vesa_lfb.red_pos = s->red_position;
    v->u.vesa_lfb.red_size = s->red_size;
    v->u.vesa_lfb.green_pos = s->green_position;
    v->u.vesa_lfb.green_size = s->green_size;
    v->u.vesa_lfb.blue_pos = s->blue_position;
    v->u.vesa_lfb.blue_size = s->blue_size;
    if (s->bpp == 32) {
        v->u.vesa_lfb.rsvd_pos = 24;
        v->u.vesa_lfb.rsvd_size = 8;
    }
    v->u.vesa_lfb.mode_attrs = boot_info.vbe_attributes;
}

static void fill_efi(const struct efi_system_table *st)
{
    size_t len = sizeof(machine_info.efi_vendor) - sizeof(machine_info.efi_vendor[0]);
    const void *vendor = st->vendor ? ioremap(st->vendor, len, MAP_RO) : NULL;

    machine_info.efi_system_table = boot_info.efi_system_table;
    machine_info.efi_config_table = st->tables;
    machine_info.efi_config_count = (u32)st->table_count;
    machine_info.efi_version = st->revision;
    machine_info.efi_revision = st->firmware_revision;
    if (vendor)
        memcpy(machine_info.efi_vendor, vendor, len);
    iounmap((void *)vendor, len);
}

void fill_machine_info(paddr_t rsdp)
{
    const struct memory_map *m = &boot_info.map;
    const struct efi_system_table *st = map_system_table();

    for (unsigned i = 0; i < m->count && i < MACHINE_E820_MAX; i++)
        machine_info.e820[machine_info.e820_count++] = (struct machine_e820){
            m->ranges[i].start, m->ranges[i].end - m->ranges[i].start, m->ranges[i].type
        };
    if (boot_info.screen.kind == SCREEN_VGA_TEXT)
        fill_text_mode(&machine_info.vga, &boot_info.screen);
    else if (boot_info.screen.kind == SCREEN_FRAMEBUFFER)
        fill_framebuffer(&machine_info.vga, &boot_info.screen);
    machine_info.has_vga = boot_info.screen.kind != SCREEN_NONE;
    machine_info.rsdp = rsdp;
    if (st)
        fill_efi(st);
    iounmap((void *)st, sizeof(*st));
}
