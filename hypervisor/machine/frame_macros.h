/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For assembly: what every door into the hypervisor does before its first C call, and
 * the way back. scripts/check-doors verifies that each does all of it:
 *
 *     SAVE_REGS     the registers of struct regs (machine/regs.h), behind vector and error code
 *     CLEAN_FLAGS   except where SYSCALL has loaded them (MSR_SYSCALL_MASK)
 *     XPTI_ENTER    the full root, if a reduced one is loaded
 */
#ifndef HV_MACHINE_FRAME_MACROS_H
#define HV_MACHINE_FRAME_MACROS_H

#include "generated/offsets.h"

/*
 * Also zeroes them, since what a guest left in registers shall not steer speculation in C code: all but rdi, rsi and
 * rcx, which the doors themselves set.
 */
.macro SAVE_REGS
    push %rdi
    push %rsi
    push %rdx
    xor %edx, %edx
    push %rcx
    push %rax
    xor %eax, %eax
    push %r8
    xor %r8d, %r8d
    push %r9
    xor %r9d, %r9d
    push %r10
    xor %r10d, %r10d
    push %r11
    xor %r11d, %r11d
    push %rbx
    xor %ebx, %ebx
    push %rbp
    xor %ebp, %ebp
    push %r12
    xor %r12d, %r12d
    push %r13
    xor %r13d, %r13d
    push %r14
    xor %r14d, %r14d
    push %r15
    xor %r15d, %r15d
.endm

/* Pops what SAVE_REGS pushed, and vector and error code: the hardware's frame remains. */
.macro RESTORE_REGS
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    add $8, %rsp
.endm

/*
 * Flags as C code wants them, whatever the door left of the guest's: a gate clears TF, NT, RF and IF (SDM Vol 3 6.12.1),
 * SYSENTER only IF and RF. DF, NT, AC and TF go at once; interrupts are off in every door and stay so. The 2 is the bit
 * that is always set.
 */
.macro CLEAN_FLAGS
    pushq $2
    popfq
.endm

/*
 * Loads the full root if the guest ran on a reduced one; rsp = guest_regs(), uses rcx. First the root, then the zero: an NMI
 * or machine check in between must still find that host_cr3 is to be loaded (machine/entry.S).
 */
.macro XPTI_ENTER
    mov CPU_TOP_host_cr3(%rsp), %rcx
    test %rcx, %rcx
    jz 77f
    mov %rcx, %cr3
    movq $0, CPU_TOP_host_cr3(%rsp)
77:
.endm

/* Loads the guest's reduced root if it has one. Uses rax and rdx, which are about to be restored. */
.macro XPTI_LEAVE
    cmpq $0, CPU_TOP_guest_cr3(%rsp)
    je 78f
    mov CPU_TOP_guest_cr3(%rsp), %rax
    mov CPU_TOP_full_cr3(%rsp), %rdx
    mov %rdx, CPU_TOP_host_cr3(%rsp)
    mov %rax, %cr3
78:
.endm

#endif
