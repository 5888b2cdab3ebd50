/* SPDX-License-Identifier: GPL-2.0-only */
/* What the firmware told about itself, for Domain 0 (XENPF_firmware_info). Filled while booting, read-only afterwards. */
#ifndef HV_CONTROL_FIRMWARE_H
#define HV_CONTROL_FIRMWARE_H

#include "types.h"

struct firmware {
    bool efi;                    /* the machine was started by UEFI */
    u32 efi_revision;            /* of the system table, UEFI 4.3 */
    u64 efi_config_table;        /* machine address of the configuration tables */
    u32 efi_config_entries;
    const void *efi_map;         /* UEFI memory map, efi_map_size bytes; NULL: not known */
    u32 efi_map_size, efi_descriptor_size;
};
extern struct firmware firmware;

/*
 * Reads the UEFI system table at @table (0: not started by UEFI) and keeps the
 * map. While booting, with platform_memory set. Warns when the table is broken.
 */
void firmware_init(paddr_t table, const void *efi_map, u32 map_size, u32 descriptor_size);

/* One XENPF_firmware_info request. @return 0, -EINVAL, -ESRCH (no such item), -ENODEV */
struct xenpf_firmware_info;
long firmware_info(struct xenpf_firmware_info *info);

#endif
