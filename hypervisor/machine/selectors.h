/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Segment selectors of the GDT page that each CPU adds behind the 14 pages of the
 * running guest. Those of guests are fixed by the ABI
 * (xen/arch-x86/xen-x86_64.h: FLAT_RING3_*). Usable from assembly.
 */
#ifndef HV_MACHINE_SELECTORS_H
#define HV_MACHINE_SELECTORS_H

#define HV_GDT_OFFSET 0xe000 /* of our page in the GDT: FIRST_RESERVED_GDT_BYTE */

#define SEL_HV_CS 0xe008      /* 64-bit code, ring 0 */
#define SEL_HV_DS 0xe010      /* data, ring 0; also SS */
#define SEL_RING3_CS32 0xe023 /* MSR_STAR: SYSRET takes CS32, SS = +8, CS64 = +16 from here */
#define SEL_RING3_DS 0xe02b
#define SEL_RING3_CS64 0xe033
#define SEL_TSS 0xe040        /* 16 bytes */
#define SEL_LDT 0xe050        /* 16 bytes; the running guest's LDT */
#define HV_GDT_LIMIT 0xe05f

#ifdef __ASSEMBLY__
#define CPU_TOP_BYTES 224 /* sizeof(struct cpu_top), checked in machine/tables.c, rounded up to 16 */
#endif

#endif
