/* SPDX-License-Identifier: GPL-2.0-only */
/* For assembly: pushes and pops the registers of struct regs (machine/regs.h), behind vector and error code. */
#ifndef HV_MACHINE_FRAME_MACROS_H
#define HV_MACHINE_FRAME_MACROS_H

.macro SAVE_REGS_HEAD
    push %rdi
    push %rsi
    push %rdx
    push %rcx
.endm

.macro SAVE_REGS_TAIL /* behind rax */
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro SAVE_REGS
    SAVE_REGS_HEAD
    push %rax
    SAVE_REGS_TAIL
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

#endif
