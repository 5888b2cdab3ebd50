/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the tags of Multiboot 2 (GRUB 2 on BIOS and UEFI). Source: Multiboot2
 * Specification 2.0, section 3.6. Under UEFI the loader has left boot
 * services; both maps, the converted and the original, are passed.
 */
#include "boot/boot_info.h"
#include "boot/efi_map.h"
#include "boot/multiboot.h"
#include "errno.h"
#include "lib/string.h"

#define INFO_MAX MB(16) /* a larger information structure is not believed */

static paddr_t tag_pa; /* physical address of the tag being read */

static int parse_module(const struct mb2_module *m)
{
    if (m->tag.size < sizeof(*m) || m->end < m->start)
        return -EINVAL;
    boot_info_add_module(m->start, m->end - m->start,
                         m->tag.size > sizeof(*m) ? loader_cmdline(tag_pa + offsetof(struct mb2_module, cmdline)) : "");
    return 0;
}

static int parse_map(const struct mb2_mmap *m)
{
    u64 at = sizeof(*m);

    if (m->tag.size < sizeof(*m) || m->entry_size < sizeof(struct mb2_mmap_entry))
        return -EINVAL;
    for (; at + m->entry_size <= m->tag.size; at += m->entry_size) {
        const struct mb2_mmap_entry *e = (const void *)((const char *)m + at);

        boot_info_add_range(e->addr, e->len, e->type);
    }
    return 0;
}

static void parse_framebuffer(const struct mb2_framebuffer *f)
{
    if (f->tag.size < sizeof(*f) - 6 || (f->type == FRAMEBUFFER_RGB && f->tag.size < sizeof(*f)))
        return;
    if (f->type != FRAMEBUFFER_RGB && f->type != FRAMEBUFFER_EGA_TEXT)
        return;
    boot_info.screen = (struct screen_info){
        .kind = f->type == FRAMEBUFFER_RGB ? SCREEN_FRAMEBUFFER : SCREEN_VGA_TEXT,
        .base = f->addr, .width = f->width, .height = f->height, .pitch = f->pitch, .bpp = f->bpp,
    };
    if (f->type != FRAMEBUFFER_RGB)
        return;
    boot_info.screen.red_position = f->red_position;
    boot_info.screen.red_size = f->red_size;
    boot_info.screen.green_position = f->green_position;
    boot_info.screen.green_size = f->green_size;
    boot_info.screen.blue_position = f->blue_position;
    boot_info.screen.blue_size = f->blue_size;
}

/* The tag holds a copy of the root pointer: 20 bytes of version 1 or all of version 2. */
static void parse_rsdp(const struct mb2_tag *tag)
{
    u32 len = MIN(tag->size - (u32)sizeof(*tag), BOOT_RSDP_SIZE);

    if (boot_info.has_rsdp && tag->type == MB2_TAG_ACPI_OLD)
        return;
    memset(boot_info.rsdp, 0, sizeof(boot_info.rsdp));
    memcpy(boot_info.rsdp, tag + 1, len);
    boot_info.has_rsdp = true;
}

static void parse_efi_map(const struct mb2_efi_mmap *m)
{
    u32 size = m->tag.size - (u32)sizeof(*m);

    if (m->tag.size < sizeof(*m) || m->descriptor_size < EFI_DESCRIPTOR_MIN ||
        size < m->descriptor_size)
        return;
    if (size > BOOT_EFI_MAP_SIZE) { /* then the loader's own conversion has to do */
        boot_info.efi_map_is_long = true;
        return;
    }
    size -= size % m->descriptor_size;
    memcpy(boot_info.efi_map, m + 1, size);
    boot_info.efi_map_size = size;
    boot_info.efi_descriptor_size = m->descriptor_size;
    boot_info.efi_descriptor_version = m->descriptor_version;
}

static int parse_tag(const struct mb2_tag *tag)
{
    switch (tag->type) {
    case MB2_TAG_CMDLINE:
        boot_info.cmdline = loader_cmdline(tag_pa + sizeof(*tag));
        return 0;
    case MB2_TAG_MODULE:
        return parse_module((const struct mb2_module *)tag);
    case MB2_TAG_MMAP:
        return parse_map((const struct mb2_mmap *)tag);
    case MB2_TAG_FRAMEBUFFER:
        parse_framebuffer((const struct mb2_framebuffer *)tag);
        return 0;
    case MB2_TAG_EFI64:
        if (tag->size >= sizeof(struct mb2_efi64))
            boot_info.efi_system_table = ((const struct mb2_efi64 *)tag)->pointer;
        return 0;
    case MB2_TAG_ACPI_OLD:
    case MB2_TAG_ACPI_NEW:
        parse_rsdp(tag);
        return 0;
    case MB2_TAG_EFI_MMAP:
        parse_efi_map((const struct mb2_efi_mmap *)tag);
        return 0;
    }
    return 0;
}

/*
 * Calls @parse for each tag (@only: of this type, 0: all). @return its first error, -EINVAL for a
 * broken chain
 */
static int for_each_tag(paddr_t info, u64 total, u32 only, int (*parse)(const struct mb2_tag *))
{
    u64 at = 8;

    while (at + sizeof(struct mb2_tag) <= total) {
        const struct mb2_tag *tag = loader_data(info + at, sizeof(*tag));
        int rc = 0;

        if (!tag || tag->size < sizeof(*tag) || tag->size > total - at)
            return -EINVAL;
        if (tag->type == MB2_TAG_END)
            return 0;
        tag_pa = info + at;
        if (!only || tag->type == only)
            rc = parse(tag);
        if (rc)
            return rc;
        at += ROUND_UP((u64)tag->size, 8);
    }
    return 0;
}

/* First of all, since it decides how the strings are read. */
static int parse_loader(const struct mb2_tag *tag)
{
    boot_info.loader = loader_string(tag_pa + sizeof(*tag));
    return 0;
}

int multiboot2_parse(paddr_t info)
{
    const u32 *total = loader_data(info, 8);
    int rc;

    if (!total || info % 8 || *total > INFO_MAX || !loader_data(info, *total))
        return -EINVAL;
    boot_info.loader = "Multiboot2";
    rc = for_each_tag(info, *total, MB2_TAG_LOADER, parse_loader);
    if (!rc)
        rc = for_each_tag(info, *total, 0, parse_tag);
    if (!rc && boot_info.efi_map_size &&
        efi_map_convert(boot_info.efi_map, boot_info.efi_map_size, boot_info.efi_descriptor_size, &boot_info.map))
        boot_info.map_is_short = true;
    return rc;
}
