/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and interrupts. Each vector has a stub that completes the hardware's
 * frame to a struct regs; then the ways part: from the hypervisor itself
 * (trap_from_host, back to where it was) or from a guest (trap_from_guest, then
 * on to *guest_return). NMI, #MC, #DF and #DB arrive on stacks of their own; all
 * but a guest's #DB are finished there.
 *
 * Isolated guest page tables (XPTI): cpu_top.host_cr3 is not zero exactly while
 * a guest's reduced root is (about to be) loaded. Whoever gets here first loads
 * host_cr3 and stores zero. Entries with own stacks may interrupt that very
 * moment, so they put both values back when they leave. The stubs stand in
 * .text.entry, which isolated roots map too. Interrupts are off on every path.
 */
#include "config.h"
#include "machine/frame_macros.h"
#include "machine/smap.h"
#include "generated/offsets.h"

#define FRAME_HW 8 /* offset of the hardware's RIP behind the error code slot */

    .section .text.entry, "ax", @progbits

/* \reg = this CPU's struct cpu_top */
.macro GET_CPU_TOP reg
    mov %rsp, \reg
    or $(STACK_SIZE - 1), \reg
    sub $(CPU_TOP_size - 1), \reg
.endm

/* What the guest left in registers shall not steer speculation in C code. */
.macro CLEAR_REGS
    xor %ebx, %ebx
    xor %ebp, %ebp
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    xor %r11d, %r11d
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
.endm

/* Stub of one vector. Those with an error code: SDM Vol 3 table 6-1. */
.macro STUB vector
stub_\vector:
    .if \vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17 || \vector == 21
    .else
    push $0
    .endif
    movl $\vector, 4(%rsp)
    .if \vector == 1
    jmp entry_debug
    .elseif \vector == 2 || \vector == 8 || \vector == 18
    jmp entry_own_stack
    .else
    jmp entry_common
    .endif
.endm

.altmacro
.macro STUB_EXPAND n
    STUB \n
.endm
.set vector, 0
.rept 256
    .balign 16
    STUB_EXPAND %vector
    .set vector, vector + 1
.endr
.noaltmacro

    .globl entry_common
entry_common:
    testb $3, (FRAME_HW + 8)(%rsp)
    jz entry_host
    SAVE_REGS
guest_frame_done: /* RSP = guest_regs() */
    cld
    ASM_CLAC
    mov CPU_TOP_host_cr3(%rsp), %rcx
    test %rcx, %rcx
    jz 1f
    movq $0, CPU_TOP_host_cr3(%rsp)
    mov %rcx, %cr3
1:  CLEAR_REGS
    mov %rsp, %rdi
    sub $8, %rsp
    call trap_from_guest
    add $8, %rsp
    jmp *guest_return(%rip)

entry_host:
    SAVE_REGS
    cld
    ASM_CLAC
    GET_CPU_TOP %rbx
    mov CPU_TOP_host_cr3(%rbx), %rcx
    test %rcx, %rcx
    jz 1f
    movq $0, CPU_TOP_host_cr3(%rbx)
    mov %rcx, %cr3
1:  mov %rsp, %rdi
    sub $8, %rsp
    call trap_from_host
    add $8, %rsp
    RESTORE_REGS
    iretq

/* #DB: a guest's moves over to the normal stack. */
entry_debug:
    testb $3, (FRAME_HW + 8)(%rsp)
    jz entry_own_stack
    SAVE_REGS
    cld
    mov %rsp, %rsi
    GET_CPU_TOP %rbx
    mov %rbx, %rdi
    mov $(REGS_size / 8), %ecx
    rep movsq
    mov %rbx, %rsp
    jmp guest_frame_done

entry_own_stack:
    SAVE_REGS
    cld
    ASM_CLAC
    GET_CPU_TOP %rbx
    mov %cr3, %r12
    mov CPU_TOP_host_cr3(%rbx), %r13
    test %r13, %r13
    jz 1f
    movq $0, CPU_TOP_host_cr3(%rbx)
    mov %r13, %cr3
1:  mov %rsp, %rdi
    sub $8, %rsp
    call trap_on_own_stack
    add $8, %rsp
    test %r13, %r13
    jz 1f
    mov %r13, CPU_TOP_host_cr3(%rbx)
    mov %r12, %cr3
1:  RESTORE_REGS
    iretq

    .section .rodata, "a"
    .balign 8
    .globl exception_stubs
exception_stubs:
.macro STUB_ADDRESS n
    .quad stub_\n
.endm
.altmacro
.set vector, 0
.rept 256
    STUB_ADDRESS %vector
    .set vector, vector + 1
.endr

    .section .note.GNU-stack, "", @progbits
