/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Firmware information for Domain 0: under UEFI the configuration tables, by
 * which it finds ACPI and SMBIOS; under BIOS nothing but empty keyboard flags (we
 * never call the BIOS, so there is no EDD data either). No runtime service is called:
 * the firmware's code never runs again. Called by platform_op.c; no locks.
 */
#include "control/firmware.h"

#include "errno.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/platform.h"

#include <xen/platform.h>

#define EFI_SYSTEM_TABLE_SIGNATURE 0x5453595320494249 /* "IBI SYST", UEFI 4.3 */
#define EFI_PAGE_SHIFT 12

/* UEFI 4.3; pointers are machine addresses, since SetVirtualAddressMap() was not called. */
struct efi_system_table {
    u64 signature;
    u32 revision, header_size, crc, reserved;
    u64 vendor;
    u32 vendor_revision, pad;
    u64 console_in[2], console_out[2], console_error[2];
    u64 runtime_services, boot_services;
    u64 config_entries;
    u64 config_table;
};

struct efi_memory_descriptor { /* UEFI 7.2 */
    u32 type, pad;
    u64 start, virtual_start, pages, attributes;
};

struct firmware firmware;

void firmware_init(paddr_t table, const void *efi_map, u32 map_size, u32 descriptor_size)
{
    struct efi_system_table *st;

    if (!table)
        return;
    st = platform_memory.map_firmware(table, sizeof(*st));
    if (!st || st->signature != EFI_SYSTEM_TABLE_SIGNATURE || st->config_entries > 4096) {
        pr_warning("UEFI: no valid system table at %#lx: Domain 0 will not find ACPI; boot by BIOS instead\n", table);
    } else {
        firmware.efi = true;
        firmware.efi_revision = st->revision;
        firmware.efi_config_table = st->config_table;
        firmware.efi_config_entries = st->config_entries;
    }
    if (st)
        platform_memory.unmap(st, sizeof(*st));
    if (descriptor_size >= sizeof(struct efi_memory_descriptor)) {
        firmware.efi_map = efi_map;
        firmware.efi_map_size = map_size;
        firmware.efi_descriptor_size = descriptor_size;
    }
}

/* The memory descriptor that the range asked for begins in. */
static long efi_memory(union xenpf_efi_info *e)
{
    for (u32 at = 0; at + sizeof(struct efi_memory_descriptor) <= firmware.efi_map_size;
         at += firmware.efi_descriptor_size) {
        struct efi_memory_descriptor d;
        u64 size;

        memcpy(&d, (const char *)firmware.efi_map + at, sizeof(d));
        size = d.pages << EFI_PAGE_SHIFT;
        if (e->mem.addr < d.start || e->mem.addr - d.start >= size)
            continue;
        e->mem.type = d.type;
        e->mem.attr = d.attributes;
        e->mem.size = MIN(e->mem.size, d.start + size - e->mem.addr);
        return 0;
    }
    return -ESRCH;
}

static long efi_info(u32 index, union xenpf_efi_info *e)
{
    if (!firmware.efi)
        return -ENODEV;
    switch (index) {
    case XEN_FW_EFI_VERSION:
        e->version = firmware.efi_revision;
        return 0;
    case XEN_FW_EFI_RT_VERSION:
        return -ENODEV; /* no runtime services */
    case XEN_FW_EFI_CONFIG_TABLE:
        e->cfg.addr = firmware.efi_config_table;
        e->cfg.nent = firmware.efi_config_entries;
        return 0;
    case XEN_FW_EFI_MEM_INFO:
        return efi_memory(e);
    case XEN_FW_EFI_VENDOR: /* lay in boot-services memory, which the boot loader gave up */
    case XEN_FW_EFI_PCI_ROM:
    case XEN_FW_EFI_APPLE_PROPERTIES:
        return -ENODEV;
    default:
        return -EINVAL;
    }
}

long firmware_info(struct xenpf_firmware_info *info)
{
    switch (info->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return -ESRCH;
    case XEN_FW_EFI_INFO:
        return efi_info(info->index, &info->u.efi_info);
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (firmware.efi)
            return -ESRCH;
        info->u.kbd_shift_flags = 0; /* the BIOS is never asked */
        return 0;
    default:
        return -EINVAL;
    }
}
