/* SPDX-License-Identifier: GPL-2.0-only */
/* The screen and the firmware's tables as the boot loader left them; called by boot/main.c only. */
#ifndef HV_BOOT_PLATFORM_INFO_H
#define HV_BOOT_PLATFORM_INFO_H

#include "types.h"

/* Address of the screen's memory with the tables of boot/head.S; NULL: none. */
void *screen_map_early(void);

/* Puts it at the same address in the final tables, before these are loaded. */
void screen_map(void);

/* Address of the ACPI root pointer; 0: search low memory. With the final tables. */
paddr_t find_rsdp(void);

/* Fills machine_info (control/machine_info.h) for Domain 0. */
void fill_machine_info(paddr_t rsdp);

#endif
