/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the start information of the PVH boot protocol. Source: xen/arch-x86/hvm/start_info.h */
#include "boot/boot_info.h"
#include "errno.h"
#include "lib/string.h"
#include <xen/arch-x86/hvm/start_info.h>

#define VGA_TEXT_BASE 0xb8000
#define MODULES_SANE 64

static int parse_modules(const struct hvm_start_info *si)
{
    const char *m = loader_data(si->modlist_paddr,
                                (u64)si->nr_modules * sizeof(struct hvm_modlist_entry));

    if (!si->nr_modules)
        return 0;
    if (!m || si->nr_modules > MODULES_SANE)
        return -EINVAL;
    for (u32 i = 0; i < si->nr_modules; i++) {
        struct hvm_modlist_entry e; /* copied, since nothing promises alignment */

        memcpy(&e, m + i * sizeof(e), sizeof(e));
        boot_info_add_module(e.paddr, e.size, loader_string(e.cmdline_paddr));
    }
    return 0;
}

static int parse_map(const struct hvm_start_info *si)
{
    const char *p = loader_data(si->memmap_paddr,
                                (u64)si->memmap_entries * sizeof(struct hvm_memmap_table_entry));

    if (si->version < 1 || !p)
        return -EINVAL;
    for (u32 i = 0; i < si->memmap_entries; i++) {
        struct hvm_memmap_table_entry e;

        memcpy(&e, p + i * sizeof(e), sizeof(e));
        boot_info_add_range(e.addr, e.size, e.type);
    }
    return 0;
}

int pvh_parse(paddr_t info)
{
    const struct hvm_start_info *si = loader_data(info, sizeof(*si));
    int rc;

    if (!si || info % 8 || si->magic != XEN_HVM_START_MAGIC_VALUE)
        return -EINVAL;
    boot_info.loader = "PVH";
    boot_info.cmdline = loader_string(si->cmdline_paddr);
    boot_info.rsdp_address = si->rsdp_paddr;
    boot_info.screen = (struct screen_info){ .kind = SCREEN_VGA_TEXT, .base = VGA_TEXT_BASE,
                                             .width = 80, .height = 25 };
    rc = parse_modules(si);
    return rc ? rc : parse_map(si);
}
