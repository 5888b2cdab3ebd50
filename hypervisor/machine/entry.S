/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and interrupts. Each vector has a stub that completes the hardware's
 * frame to a struct regs; then the ways part: from the hypervisor itself
 * (trap_from_host, back to where it was) or from a guest (trap_from_guest, then
 * on to *guest_return). NMI, #MC, #DF and #DB arrive on stacks of their own; all
 * but a guest's #DB are finished there. Interrupts are off on every path, until
 * C code enables them.
 *
 * Isolated guest page tables (XPTI): cpu_top.host_cr3 is not zero whenever a
 * guest's reduced root is loaded, and for a moment before and after. Whoever
 * comes from a guest loads host_cr3, then stores zero. Entries that interrupt the
 * hypervisor may do so in the middle of that, or of the way out, so they leave
 * root and host_cr3 as they found them. The stubs stand in .text.entry, which
 * reduced roots map too.
 *
 * IRET ends the blocking of NMIs (SDM Vol 3 6.7.1), also that of a fault which the
 * NMI handler has itself, or of a machine check during it; the next NMI would then
 * overwrite the frame of the first. So who goes back to one of the exception
 * stacks does it by RET, unless it is an NMI's own way back.
 *
 * C code is called with the stack at any multiple of 8: it uses general registers
 * only (-mgeneral-regs-only).
 */
#include "config.h"
#include "machine/frame_macros.h"
#include "generated/offsets.h"

#define FRAME_HW 8 /* offset of the hardware's RIP behind the error code slot */

    .section .text.entry, "ax", @progbits

/* \reg = this CPU's struct cpu_top */
.macro GET_CPU_TOP reg
    mov %rsp, \reg
    or $(STACK_SIZE - 1), \reg
    sub $(CPU_TOP_size - 1), \reg
.endm

doors_start:
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
    CLEAN_FLAGS
guest_frame_done: /* RSP = guest_regs() */
    XPTI_ENTER
    xor %esi, %esi
    mov %rsp, %rdi
    call trap_from_guest
    jmp *guest_return(%rip)

/* #DB: a guest's moves over to the normal stack. */
entry_debug:
    testb $3, (FRAME_HW + 8)(%rsp)
    jz entry_own_stack
    SAVE_REGS
    CLEAN_FLAGS
    mov %rsp, %rsi
    GET_CPU_TOP %rbx
    mov %rbx, %rdi
    mov $(REGS_size / 8), %ecx
    rep movsq
    mov %rbx, %rsp
    jmp guest_frame_done

/* Calls \handler. RBX: struct cpu_top; R13, R12: host_cr3 and root as they were, R13 = 0: they need not be put back. */
.macro CALL_ON_THIS_STACK handler
    SAVE_REGS
    CLEAN_FLAGS
    GET_CPU_TOP %rbx
    xor %esi, %esi
    xor %ecx, %ecx
    mov CPU_TOP_host_cr3(%rbx), %r13
    test %r13, %r13
    jz 1f
    mov %cr3, %r12
    mov %r13, %cr3
    movq $0, CPU_TOP_host_cr3(%rbx)
1:  mov %rsp, %rdi
    call \handler
.endm

entry_own_stack:
    CALL_ON_THIS_STACK trap_on_own_stack
    jmp return_to_host

entry_host:
    CALL_ON_THIS_STACK trap_from_host
return_to_host:
    cmpl $TRAP_NMI, REGS_vector(%rsp)
    je 2f
    /* Is it one of the exception stacks of this CPU that we return to? The guest chose RSP where it is not yet, or no longer, ours; */
    testb $3, REGS_cs(%rsp)
    jnz 2f
    mov %rbx, %rcx
    and $-STACK_SIZE, %rcx
    mov REGS_rsp(%rsp), %rax
    mov %rax, %rdx
    sub %rcx, %rdx
    cmp $EXCEPTION_STACKS_SIZE, %rdx
    jae 2f
    /* that cannot be in C code, nor in this file. */
    mov REGS_rip(%rsp), %rcx
    lea doors_start(%rip), %rdx
    lea doors_end(%rip), %rsi
    cmp %rdx, %rcx
    jb 2f
    cmp %rsi, %rcx
    jb return_by_ret
    lea text_entry_end(%rip), %rdx
    lea text_end(%rip), %rsi
    cmp %rdx, %rcx
    jb 2f
    cmp %rsi, %rcx
    jb return_by_ret
2:  test %r13, %r13
    jz 3f
    mov %r13, CPU_TOP_host_cr3(%rbx)
    mov %r12, %cr3
3:  RESTORE_REGS
    iretq

/*
 * RAX: the interrupted stack, which takes flags and RIP (RCX). When it is the one that we are on, these two end up in the slots
 * of RSP and SS of the frame, so the new RSP waits in that of CS.
 */
return_by_ret:
    mov REGS_rflags(%rsp), %rdx
    mov %rcx, -8(%rax)
    mov %rdx, -16(%rax)
    sub $16, %rax
    mov %rax, REGS_cs(%rsp)
    test %r13, %r13
    jz 3f
    mov %r13, CPU_TOP_host_cr3(%rbx)
    mov %r12, %cr3
3:  RESTORE_REGS
    mov REGS_cs - REGS_rip(%rsp), %rsp
    popfq
    ret
doors_end:

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
