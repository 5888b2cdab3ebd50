/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parsers of boot loaders' information (boot/multiboot1.c, multiboot2.c, pvh.c): good structures, and
 * thousands of damaged ones in an address space of 4 GiB with nothing behind it, where a read
 * past the end is fatal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

#define HV_ERRNO_H /* the host's numbers will do */
#define HV_MACHINE_LAYOUT_H
#define HV_LIB_STRING_H
#include "types.h"
static char *memory; /* machine memory 0..4 GiB */
static void *paddr_to_virt(paddr_t pa)
{
    return memory + pa;
}
#include "boot/memory_map.c"
#include "boot/efi_map.c"
#include "boot/boot_info.c"
#define parse_modules mb1_parse_modules
#define parse_map mb1_parse_map
#define parse_framebuffer mb1_parse_framebuffer
#include "boot/multiboot1.c"
#undef parse_modules
#undef parse_map
#undef parse_framebuffer
#undef VGA_TEXT_BASE
#define parse_map mb2_parse_map
#include "boot/multiboot2.c"
#undef parse_map
#define parse_modules pvh_parse_modules
#define parse_map pvh_parse_map
#include "boot/pvh.c"

#define TOP (GB(4))
#define INFO 0x10000 /* where the structures are built */

static void reset(void)
{
    memset(&boot_info, 0, sizeof(boot_info));
    boot_info.loader = boot_info.cmdline = "";
    strings_used = 0;
    memset(memory + INFO, 0, 0x10000);
}

static void good_multiboot1(void)
{
    struct mb1_info *m;
    struct mb1_module *mod;
    struct mb1_mmap *map;

    reset();
    m = (void *)(memory + INFO);
    mod = (void *)(memory + INFO + 0x1000);
    map = (void *)(memory + INFO + 0x2000);
    strcpy(memory + INFO + 0x3000, "hospes com1=9600 mem=1G");
    strcpy(memory + INFO + 0x3100, "vmlinuz console=hvc0");
    mod[0] = (struct mb1_module){ 0x100000, 0x200000, INFO + 0x3100, 0 };
    map[0] = (struct mb1_mmap){ 20, 0, 0x9f000, 1 };
    map[1] = (struct mb1_mmap){ 20, 0x100000, 0x1000000, 1 };
    *m = (struct mb1_info){ .flags = MB1_INFO_CMDLINE | MB1_INFO_MODULES | MB1_INFO_MMAP,
                            .cmdline = INFO + 0x3000, .mods_count = 1, .mods_addr = INFO + 0x1000,
                            .mmap_addr = INFO + 0x2000, .mmap_length = 48 };
    CHECK(multiboot1_parse(INFO) == 0);
    CHECK(!strcmp(boot_info.cmdline, "com1=9600 mem=1G"));
    CHECK(boot_info.module_count == 1 && boot_info.modules[0].size == 0x100000);
    CHECK(!strcmp(boot_info.modules[0].cmdline, "console=hvc0"));
    CHECK(boot_info.map.count == 2 && boot_info.map.ranges[1].end == 0x1100000);
    CHECK(boot_info.screen.kind == SCREEN_VGA_TEXT);
}

static u8 *put_tag(u8 *p, u32 type, u32 size, const void *data)
{
    struct mb2_tag tag = { type, size };

    memcpy(p, &tag, sizeof(tag));
    memcpy(p + sizeof(tag), data, size - sizeof(tag));
    return p + ROUND_UP(size, 8);
}

/* @return bytes of the structure */
static u32 build_multiboot2(void)
{
    struct mb2_mmap_entry e[2] = { { 0, 0x9f000, 1, 0 }, { 0x100000, 0x1000000, 1, 0 } };
    u8 map[8 + sizeof(e)] = { sizeof(e[0]) }, *p = (u8 *)memory + INFO + 8;
    u32 module[2] = { 0x100000, 0x200000 };
    u8 mod[8 + 16];
    u64 system_table = 0x7f000000;

    memcpy(map + 8, e, sizeof(e));
    memcpy(mod, module, 8);
    strcpy((char *)mod + 8, "console=hvc0");
    p = put_tag(p, MB2_TAG_CMDLINE, 8 + 5, "mem=1");
    p = put_tag(p, MB2_TAG_LOADER, 8 + 10, "GRUB 2.06");
    p = put_tag(p, MB2_TAG_MODULE, 8 + sizeof(mod), mod);
    p = put_tag(p, MB2_TAG_MMAP, 8 + sizeof(map), map);
    p = put_tag(p, MB2_TAG_EFI64, 16, &system_table);
    p = put_tag(p, MB2_TAG_ACPI_NEW, 8 + 36, "RSD PTR 0123456789012345678901234567");
    p = put_tag(p, MB2_TAG_END, 8, "");
    *(u32 *)(memory + INFO) = (u32)(p - (u8 *)memory - INFO);
    return *(u32 *)(memory + INFO);
}

static void good_multiboot2(void)
{
    reset();
    build_multiboot2();
    CHECK(multiboot2_parse(INFO) == 0);
    CHECK(!strcmp(boot_info.loader, "GRUB 2.06"));
    CHECK(!strcmp(boot_info.cmdline, "mem=1")); /* GRUB 2 passes no file name */
    CHECK(boot_info.module_count == 1 && !strcmp(boot_info.modules[0].cmdline, "console=hvc0"));
    CHECK(boot_info.map.count == 2);
    CHECK(boot_info.efi_system_table == 0x7f000000);
    CHECK(boot_info.has_rsdp && !memcmp(boot_info.rsdp, "RSD PTR ", 8));
}

static void broken_multiboot2(void)
{
    u32 size;

    reset();
    size = build_multiboot2();
    *(u32 *)(memory + INFO) = 0xffffffff;
    CHECK(multiboot2_parse(INFO) == -EINVAL);
    *(u32 *)(memory + INFO) = size - 20; /* the last tag is cut */
    CHECK(multiboot2_parse(INFO) == -EINVAL);
    CHECK(multiboot2_parse(TOP - 4) == -EINVAL);
    CHECK(multiboot2_parse(0) == -EINVAL);
    reset();
    build_multiboot2();
    ((struct mb2_tag *)(memory + INFO + 8))->size = 4; /* shorter than its head: an endless loop otherwise */
    CHECK(multiboot2_parse(INFO) == -EINVAL);
}

/* A UEFI map of @count descriptors of @step bytes, pages of RAM with holes between them. @return bytes of the structure */
static u32 build_efi(u32 count, u32 step)
{
    u32 size = sizeof(struct mb2_efi_mmap) + count * step;
    struct mb2_efi_mmap *m = (void *)(memory + INFO + 8);
    u8 *p = (u8 *)m + ROUND_UP(size, 8u);

    memset(m, 0, size);
    m->tag = (struct mb2_tag){ MB2_TAG_EFI_MMAP, size };
    m->descriptor_size = step;
    for (u32 i = 0; i < count; i++) {
        struct efi_descriptor *d = (void *)((u8 *)(m + 1) + i * step);

        d->type = 7;
        d->start = (u64)i * 2 * PAGE_SIZE + GB(1);
        d->pages = 1;
        d->attributes = 8;
    }
    p = put_tag(p, MB2_TAG_END, 8, "");
    return *(u32 *)(memory + INFO) = (u32)(p - (u8 *)memory - INFO);
}

/* Maps as large machines have them reach Domain 0 whole; one that does not fit is said not to be there, never cut in silence. */
static void efi_maps(void)
{
    static const struct { u32 count, step; bool whole, is_short; } cases[] = {
        { 100, 48, true, false }, { 300, 48, true, true }, { 1365, 48, true, true }, { 1366, 48, false, false },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        u32 bytes = cases[i].count * cases[i].step;

        reset();
        build_efi(cases[i].count, cases[i].step);
        CHECK(multiboot2_parse(INFO) == 0);
        CHECK(boot_info.efi_map_size == (cases[i].whole ? bytes : 0) && boot_info.efi_map_is_long == !cases[i].whole);
        CHECK(boot_info.map_is_short == cases[i].is_short); /* more ranges than MEMORY_MAP_MAX */
        memset(memory + INFO, 0, bytes + 0x1000);
    }
}

static void good_pvh(void)
{
    struct hvm_start_info *si;
    struct hvm_modlist_entry *mod;
    struct hvm_memmap_table_entry *map;

    reset();
    si = (void *)(memory + INFO);
    mod = (void *)(memory + INFO + 0x1000);
    map = (void *)(memory + INFO + 0x2000);
    strcpy(memory + INFO + 0x3000, "com1=9600");
    mod[0] = (struct hvm_modlist_entry){ 0x100000, 77, INFO + 0x3000, 0 };
    map[0] = (struct hvm_memmap_table_entry){ 0x100000, 0x1000000, 1, 0 };
    *si = (struct hvm_start_info){ XEN_HVM_START_MAGIC_VALUE, 1, 0, 1, INFO + 0x1000, INFO + 0x3000, 0xf5000,
                                   INFO + 0x2000, 1, 0 };
    CHECK(pvh_parse(INFO) == 0);
    CHECK(boot_info.module_count == 1 && boot_info.modules[0].size == 77);
    CHECK(boot_info.rsdp_address == 0xf5000 && boot_info.map.count == 1);
    si->memmap_paddr = TOP - 8;
    CHECK(pvh_parse(INFO) == -EINVAL);
    si->magic = 0;
    CHECK(pvh_parse(INFO) == -EINVAL);
}

static void strings_end_with_memory(void)
{
    reset();
    memset(memory + TOP - 100, 'x', 100); /* no zero before the end */
    CHECK(strlen(loader_string(TOP - 100)) == 100);
    CHECK(!strcmp(loader_string(TOP), ""));
    CHECK(!strcmp(loader_string(0), ""));
    for (int i = 0; i < 200; i++)
        loader_string(TOP - 100); /* more than there is room for */
    CHECK(strings_used <= BOOT_STRINGS_SIZE);
}

/* Random damage: whatever comes out stays within its bounds. */
static void damaged(void)
{
    srand(2);
    for (int round = 0; round < 20000; round++) {
        u32 size;

        reset();
        size = build_multiboot2();
        for (int n = 1 + rand() % 8; n > 0; n--)
            memory[INFO + rand() % size] = (char)(rand() % 3 ? rand() : 0xff);
        if (round % 3 == 0)
            multiboot2_parse(INFO);
        else if (round % 3 == 1)
            multiboot1_parse(INFO);
        else {
            *(u32 *)(memory + INFO) = XEN_HVM_START_MAGIC_VALUE;
            pvh_parse(INFO);
        }
        CHECK(boot_info.module_count <= BOOT_MODULES_MAX && boot_info.map.count <= MEMORY_MAP_MAX);
        CHECK(strings_used <= BOOT_STRINGS_SIZE && strlen(boot_info.cmdline) < BOOT_STRINGS_SIZE);
    }
}

int main(void)
{
    char *area = mmap(NULL, TOP + PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (area == MAP_FAILED || mprotect(area + TOP, PAGE_SIZE, PROT_NONE)) {
        perror("mmap");
        return 1;
    }
    memory = area;
    TEST(good_multiboot1);
    TEST(good_multiboot2);
    TEST(broken_multiboot2);
    TEST(efi_maps);
    TEST(good_pvh);
    TEST(strings_end_with_memory);
    TEST(damaged);
    return TEST_RESULT();
}
