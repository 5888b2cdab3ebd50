/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Multiboot loaders pass, from the specifications: Multiboot 0.6.96
 * (section 3.3) and Multiboot2 2.0 (sections 3.1 and 3.6). The numbers are usable
 * from assembly.
 */
#ifndef HV_BOOT_MULTIBOOT_H
#define HV_BOOT_MULTIBOOT_H

#define MB1_HEADER_MAGIC 0x1badb002
#define MB1_HEADER_FLAGS 0x00000003 /* modules on page boundaries, memory information */
#define MB1_MAGIC 0x2badb002        /* in EAX */

#define MB2_HEADER_MAGIC 0xe85250d6
#define MB2_MAGIC 0x36d76289 /* in EAX */
#define MB2_HEADER_TAG_REQUEST 1
#define MB2_HEADER_TAG_CONSOLE 4
#define MB2_HEADER_TAG_FRAMEBUFFER 5
#define MB2_HEADER_TAG_ALIGN 6
#define MB2_HEADER_TAG_RELOCATABLE 10

#define MB2_TAG_END 0
#define MB2_TAG_CMDLINE 1
#define MB2_TAG_LOADER 2
#define MB2_TAG_MODULE 3
#define MB2_TAG_BASIC_MEMORY 4
#define MB2_TAG_MMAP 6
#define MB2_TAG_VBE 7
#define MB2_TAG_FRAMEBUFFER 8
#define MB2_TAG_EFI64 12
#define MB2_TAG_ACPI_OLD 14
#define MB2_TAG_ACPI_NEW 15
#define MB2_TAG_EFI_MMAP 17

#define BOOT_MAGIC_PVH 0x336ec578 /* XEN_HVM_START_MAGIC_VALUE */

#ifndef __ASSEMBLY__
#include "types.h"

/* struct mb1_info.flags */
#define MB1_INFO_MEMORY BIT(0)
#define MB1_INFO_CMDLINE BIT(2)
#define MB1_INFO_MODULES BIT(3)
#define MB1_INFO_MMAP BIT(6)
#define MB1_INFO_LOADER BIT(9)
#define MB1_INFO_VBE BIT(11)
#define MB1_INFO_FRAMEBUFFER BIT(12)

struct mb1_info {
    u32 flags;
    u32 mem_lower, mem_upper; /* KiB below 640 KiB and from 1 MiB on */
    u32 boot_device;
    u32 cmdline;
    u32 mods_count, mods_addr;
    u32 syms[4];
    u32 mmap_length, mmap_addr;
    u32 drives_length, drives_addr;
    u32 config_table;
    u32 boot_loader_name;
    u32 apm_table;
    u32 vbe_control_info, vbe_mode_info;
    u16 vbe_mode, vbe_interface_seg, vbe_interface_off, vbe_interface_len;
    u64 framebuffer_addr;
    u32 framebuffer_pitch, framebuffer_width, framebuffer_height;
    u8 framebuffer_bpp, framebuffer_type;
    u8 red_position, red_size, green_position, green_size, blue_position, blue_size;
} __packed;

struct mb1_module {
    u32 start, end, string, reserved;
} __packed;

struct mb1_mmap {
    u32 size; /* of the rest */
    u64 addr, len;
    u32 type;
} __packed;

#define FRAMEBUFFER_RGB 1
#define FRAMEBUFFER_EGA_TEXT 2

struct mb2_tag {
    u32 type, size; /* the next one is at the next multiple of 8 */
};

struct mb2_module {
    struct mb2_tag tag;
    u32 start, end;
    char cmdline[];
};

struct mb2_mmap {
    struct mb2_tag tag;
    u32 entry_size, entry_version;
    /* entries of entry_size bytes: u64 addr, u64 len, u32 type, u32 zero */
};

struct mb2_mmap_entry {
    u64 addr, len;
    u32 type, zero;
} __packed;

struct mb2_framebuffer {
    struct mb2_tag tag;
    u64 addr;
    u32 pitch, width, height;
    u8 bpp, type;
    u16 reserved;
    u8 red_position, red_size, green_position, green_size, blue_position, blue_size;
} __packed;

struct mb2_efi64 {
    struct mb2_tag tag;
    u64 pointer;
};

struct mb2_efi_mmap {
    struct mb2_tag tag;
    u32 descriptor_size, descriptor_version;
};

/* VBE mode information block, VBE 3.0 section 4.4 (the members that we read). */
struct vbe_mode_info {
    u16 attributes;
    u8 window[14];
    u16 pitch, width, height;
    u8 char_width, char_height, planes, bpp, banks, memory_model, bank_size, pages, reserved;
    u8 red_size, red_position, green_size, green_position, blue_size, blue_position;
    u8 rsvd_size, rsvd_position, direct_color;
    u32 framebuffer;
} __packed;
#endif

#endif
