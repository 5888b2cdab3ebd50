/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the boot loader told us, in one form whatever the loader was. All of it is
 * copied out of the loader's memory, which may be overwritten afterwards; only
 * the modules' contents stay where they are (or are moved by boot/memory.c).
 */
#ifndef HV_BOOT_BOOT_INFO_H
#define HV_BOOT_BOOT_INFO_H

#include "boot/memory_map.h"
#include "machine/console_internal.h"

#define BOOT_MODULES_MAX 8
#define BOOT_STRINGS_SIZE 8192
#define BOOT_RSDP_SIZE 36
#define BOOT_EFI_MAP_SIZE 65536 /* 1365 descriptors of 48 bytes; firmware with many devices has some hundred */

struct boot_module {
    paddr_t start;       /* page aligned after boot_memory_init() */
    u64 size;            /* bytes */
    const char *cmdline; /* without the file's name; "" when there is none */
};

struct boot_info {
    const char *loader;  /* its name, or the protocol's */
    const char *cmdline; /* of the hypervisor, without the file's name */
    unsigned module_count;
    struct boot_module modules[BOOT_MODULES_MAX];
    struct memory_map map; /* as told; boot_memory_init() tidies it up */
    bool map_is_short;     /* the loader's map had more entries than we can keep */

    struct screen_info screen;
    u16 vbe_attributes;    /* of the mode, when the loader told a VBE mode */
    u16 vbe_mode;

    bool has_rsdp;
    u8 rsdp[BOOT_RSDP_SIZE] __attribute__((aligned(8))); /* copy of the ACPI root pointer */
    paddr_t rsdp_address;  /* where it is, if known: 0 otherwise */

    paddr_t efi_system_table; /* 0: not started by UEFI */
    u32 efi_map_size, efi_descriptor_size, efi_descriptor_version;
    bool efi_map_is_long; /* it does not fit below: efi_map_size is 0 */
    u8 efi_map[BOOT_EFI_MAP_SIZE] __attribute__((aligned(8)));
};

extern struct boot_info boot_info;

/*
 * Reads the structure at physical address @info of the loader whose magic is @magic
 * (boot/multiboot.h).
 * The first 4 GiB are mapped. @return 0, -EINVAL: unknown magic or a structure that contradicts
 * itself
 */
int boot_info_init(u32 magic, paddr_t info);

/* For the parsers: @len bytes at @pa, NULL when they do not lie in the first 4 GiB. */
const void *loader_data(u64 pa, u64 len);
/* A copy of the string at @pa (0: none) in boot_info's own memory, cut when there is no room. */
const char *loader_string(u64 pa);
/*
 * The same without its first word, the file's name, unless the loader is one that does not pass it.
 */
const char *loader_cmdline(u64 pa);
void boot_info_add_module(u64 start, u64 size, const char *cmdline);
void boot_info_add_range(u64 start, u64 size, u32 type);

int multiboot1_parse(paddr_t info);
int multiboot2_parse(paddr_t info);
int pvh_parse(paddr_t info);

#endif
