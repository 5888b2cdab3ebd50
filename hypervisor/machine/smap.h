/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * STAC and CLAC for assembly: three bytes of NOP that smap_patch() turns into the
 * instruction on CPUs where SMAP is used. CLAC stands in every entry from a guest,
 * since a guest may set RFLAGS.AC itself.
 */
#ifndef HV_MACHINE_SMAP_H
#define HV_MACHINE_SMAP_H

#ifdef __ASSEMBLY__
.macro SMAP_SITE opcode
661: .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .balign 4
    .long 661b - .
    .long \opcode
    .popsection
.endm
#define ASM_STAC SMAP_SITE 0xcb
#define ASM_CLAC SMAP_SITE 0xca
#else
/*
 * Puts the instructions in place. Once, while booting, on the only running CPU,
 * while the text is still writable (before paging_init), if CR4.SMAP will be set.
 */
void smap_patch(void);
#endif

#endif
