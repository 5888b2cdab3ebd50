/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chooses the parser for the boot loader's protocol. Called once by boot/main.c, before there is a
 * console.
 */
#include "boot/boot_info.h"
#include "boot/multiboot.h"
#include "errno.h"

int boot_info_init(u32 magic, paddr_t info)
{
    boot_info.loader = boot_info.cmdline = "";
    switch (magic) {
    case MB1_MAGIC:
        return multiboot1_parse(info);
    case MB2_MAGIC:
        return multiboot2_parse(info);
    case BOOT_MAGIC_PVH:
        return pvh_parse(info);
    }
    return -EINVAL;
}
