/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the information structure of Multiboot 1 (QEMU's -kernel, mboot.c32,
 * GRUB's `multiboot`). Source: Multiboot Specification 0.6.96, section 3.3.
 */
#include "boot/boot_info.h"
#include "boot/multiboot.h"
#include "errno.h"
#include "machine/layout.h"

#define VGA_TEXT_BASE 0xb8000
#define VBE_LINEAR 0x80 /* attribute: linear frame buffer, VBE 3.0 section 4.4 */

static int parse_modules(const struct mb1_info *mbi)
{
    const struct mb1_module *m = loader_data(mbi->mods_addr, (u64)mbi->mods_count * sizeof(*m));

    if (!mbi->mods_count)
        return 0;
    if (!m)
        return -EINVAL;
    for (u32 i = 0; i < mbi->mods_count; i++) {
        if (m[i].end < m[i].start)
            return -EINVAL;
        boot_info_add_module(m[i].start, m[i].end - m[i].start, loader_cmdline(m[i].string));
    }
    return 0;
}

static int parse_map(const struct mb1_info *mbi)
{
    const char *p = loader_data(mbi->mmap_addr, mbi->mmap_length);
    u32 left = mbi->mmap_length;

    if (!p)
        return -EINVAL;
    while (left >= sizeof(struct mb1_mmap)) {
        const struct mb1_mmap *e = (const struct mb1_mmap *)p;
        u64 step = (u64)e->size + sizeof(e->size);

        if (e->size < sizeof(*e) - sizeof(e->size) || step > left)
            break;
        boot_info_add_range(e->addr, e->len, e->type);
        p += step;
        left -= (u32)step;
    }
    return 0;
}

static bool parse_framebuffer(const struct mb1_info *mbi)
{
    struct screen_info *s = &boot_info.screen;

    if (!(mbi->flags & MB1_INFO_FRAMEBUFFER))
        return false;
    if (mbi->framebuffer_type != FRAMEBUFFER_RGB && mbi->framebuffer_type != FRAMEBUFFER_EGA_TEXT)
        return false;
    *s = (struct screen_info){
        .kind = mbi->framebuffer_type == FRAMEBUFFER_RGB ? SCREEN_FRAMEBUFFER : SCREEN_VGA_TEXT,
        .base = mbi->framebuffer_addr,
        .width = mbi->framebuffer_width, .height = mbi->framebuffer_height,
        .pitch = mbi->framebuffer_pitch, .bpp = mbi->framebuffer_bpp,
        .red_position = mbi->red_position, .red_size = mbi->red_size,
        .green_position = mbi->green_position, .green_size = mbi->green_size,
        .blue_position = mbi->blue_position, .blue_size = mbi->blue_size,
    };
    return true;
}

/* A graphical mode that the loader set through VBE (mboot.c32 with vga=). */
static bool parse_vbe(const struct mb1_info *mbi)
{
    const struct vbe_mode_info *v = loader_data(mbi->vbe_mode_info, sizeof(*v));

    if (!(mbi->flags & MB1_INFO_VBE) || !v || !(v->attributes & VBE_LINEAR) || !v->framebuffer)
        return false;
    boot_info.vbe_attributes = v->attributes;
    boot_info.vbe_mode = mbi->vbe_mode;
    boot_info.screen = (struct screen_info){
        .kind = SCREEN_FRAMEBUFFER,
        .base = v->framebuffer, .width = v->width, .height = v->height, .pitch = v->pitch, .bpp = v->bpp,
        .red_position = v->red_position, .red_size = v->red_size,
        .green_position = v->green_position, .green_size = v->green_size,
        .blue_position = v->blue_position, .blue_size = v->blue_size,
    };
    return true;
}

int multiboot1_parse(paddr_t info)
{
    const struct mb1_info *mbi = loader_data(info, sizeof(*mbi));
    int rc = 0;

    if (!mbi)
        return -EINVAL;
    boot_info.loader = mbi->flags & MB1_INFO_LOADER ? loader_string(mbi->boot_loader_name) : "Multiboot";
    if (mbi->flags & MB1_INFO_CMDLINE)
        boot_info.cmdline = loader_cmdline(mbi->cmdline);
    if (mbi->flags & MB1_INFO_MODULES)
        rc = parse_modules(mbi);
    if (!rc && mbi->flags & MB1_INFO_MMAP) {
        rc = parse_map(mbi);
    } else if (!rc && mbi->flags & MB1_INFO_MEMORY) {
        boot_info_add_range(0, KB(mbi->mem_lower), MEMORY_RAM);
        boot_info_add_range(MB(1), KB(mbi->mem_upper), MEMORY_RAM);
    }
    if (!parse_framebuffer(mbi) && !parse_vbe(mbi))
        boot_info.screen = (struct screen_info){ .kind = SCREEN_VGA_TEXT, .base = VGA_TEXT_BASE,
                                                 .width = 80, .height = 25 };
    return rc;
}
