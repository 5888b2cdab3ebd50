/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the loader and firmware said about the machine, as far as Domain 0 may
 * ask for it. boot/main.c fills it in before dom0_build().
 */
#ifndef HV_CONTROL_MACHINE_INFO_H
#define HV_CONTROL_MACHINE_INFO_H

#include "types.h"
#include <xen/xen.h>

#define MACHINE_E820_MAX 128 /* what Linux takes from the hypervisor */

struct machine_e820 { /* the layout of XENMEM_machine_memory_map */
    u64 start, size;
    u32 type;
} __packed;

struct machine_info {
    unsigned e820_count;
    struct machine_e820 e820[MACHINE_E820_MAX]; /* sorted; what the hypervisor keeps is RAM here, too */

    bool has_vga;
    struct dom0_vga_console_info vga;

    paddr_t rsdp;               /* 0: to be searched in low memory */

    paddr_t efi_system_table;   /* 0: no UEFI */
    paddr_t efi_config_table;   /* copied from the system table while booting */
    u32 efi_config_count;
    u32 efi_version, efi_revision;
    u16 efi_vendor[64];         /* UCS-2, terminated */
};
extern struct machine_info machine_info;

#endif
