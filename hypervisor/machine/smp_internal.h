/* SPDX-License-Identifier: GPL-2.0-only */
/* Between smp.c, smpboot.c and interrupt.c; machine/ only. */
#ifndef HV_MACHINE_SMP_INTERNAL_H
#define HV_MACHINE_SMP_INTERNAL_H

#include "types.h"

struct smp_id {
    u32 apic_id, acpi_id;
};

void smp_set_id(unsigned cpu, struct smp_id id);
void smp_init_handlers(void); /* boot CPU: ids of CPU 0, vectors */

/* Block of parameters at a fixed place of the trampoline page, machine/trampoline.S. */
struct trampoline_data {
    u32 code32[2], code64[2]; /* far pointers: address, selector */
    u16 gdt_limit;
    u32 gdt_base;
    u16 pad;
    u32 cr3, efer;
    u64 stack, entry;
} __attribute__((packed));

extern const u8 trampoline_start[], trampoline_end[], trampoline_data_offset[], trampoline_code32[],
    trampoline_code64[], trampoline_gdt[], trampoline_gdt_end[];

#endif
