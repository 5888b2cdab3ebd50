/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the start information of the PVH boot protocol. Source: xen/arch-x86/hvm/start_info.h */
#include "boot/boot_info.h"
#include "errno.h"
#include <xen/arch-x86/hvm/start_info.h>

#define VGA_TEXT_BASE 0xb8000
#define MODULES_SANE 64

static int parse_modules(const struct hvm_start_info *si)
{
    const struct hvm_modlist_entry *m = loader_data(si->modlist_paddr, (u64)si->nr_modules * sizeof(*m));

    if (!si->nr_modules)
        return 0;
    if (!m || si->nr_modules > MODULES_SANE)
        return -EINVAL;
    for (u32 i = 0; i < si->nr_modules; i++)
        boot_info_add_module(m[i].paddr, m[i].size, loader_string(m[i].cmdline_paddr));
    return 0;
}

static int parse_map(const struct hvm_start_info *si)
{
    const struct hvm_memmap_table_entry *e = loader_data(si->memmap_paddr, (u64)si->memmap_entries * sizeof(*e));

    if (si->version < 1 || !e)
        return -EINVAL;
    for (u32 i = 0; i < si->memmap_entries; i++)
        boot_info_add_range(e[i].addr, e[i].size, e[i].type);
    return 0;
}

int pvh_parse(paddr_t info)
{
    const struct hvm_start_info *si = loader_data(info, sizeof(*si));
    int rc;

    if (!si || si->magic != XEN_HVM_START_MAGIC_VALUE)
        return -EINVAL;
    boot_info.loader = "PVH";
    boot_info.cmdline = loader_string(si->cmdline_paddr);
    boot_info.rsdp_address = si->rsdp_paddr;
    boot_info.screen = (struct screen_info){ .kind = SCREEN_VGA_TEXT, .base = VGA_TEXT_BASE, .width = 80, .height = 25 };
    rc = parse_modules(si);
    return rc ? rc : parse_map(si);
}
