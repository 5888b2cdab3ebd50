/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the first instructions of each CPU (boot/head.S, machine/trampoline.S): takes back what firmware's set-up may have
 * switched off on Intel processors in IA32_MISC_ENABLE (SDM Vol 4, table 2-2): no-execute pages ("XD disable", bit 34; with it
 * CPUID denies NX and EFER.NXE faults) and CPUID leaves above 3 (bit 22). The register exists on each Intel processor with long mode.
 *
 * INTEL_MISC_ENABLE: in 32-bit code, no stack needed. Uses EAX, EBX, ECX, EDX; leaves in EAX the bits that were set: 22, and 2 for 34.
 */
#ifndef HV_MACHINE_MISC_ENABLE_H
#define HV_MACHINE_MISC_ENABLE_H

#define MISC_ENABLE_LIMIT_CPUID 22
#define MISC_ENABLE_NO_NX_HIGH 2 /* bit 34, in the upper half */

#ifdef __ASSEMBLER__
#include "machine/x86.h"

.macro INTEL_MISC_ENABLE
    xor %eax, %eax
    cpuid
    xor %eax, %eax
    cmp $0x756e6547, %ebx /* Genu */
    jne 9f
    cmp $0x49656e69, %edx /* ineI */
    jne 9f
    cmp $0x6c65746e, %ecx /* ntel */
    jne 9f
    mov $MSR_MISC_ENABLE, %ecx
    rdmsr
    xor %ebx, %ebx
    btr $MISC_ENABLE_LIMIT_CPUID, %eax
    jnc 8f
    bts $MISC_ENABLE_LIMIT_CPUID, %ebx
8:  btr $MISC_ENABLE_NO_NX_HIGH, %edx
    jnc 8f
    bts $MISC_ENABLE_NO_NX_HIGH, %ebx
8:  test %ebx, %ebx
    jz 8f
    wrmsr
8:  mov %ebx, %eax
9:
.endm
#endif

#endif
