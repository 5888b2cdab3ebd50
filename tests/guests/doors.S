/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Assembly of doors.c: go() leaves the kernel for one instruction, with all registers and flags as wanted; whatever the hypervisor enters
 * next (an exception, a callback) notes what it was given in `seen' and lets go() return. Nothing here returns by IRET.
 */
#define IRET 23 /* __HYPERVISOR_iret */

#define SEEN_VECTOR 0
#define SEEN_FLAGS 8      /* of the processor at the handler's first instruction */
#define SEEN_FRAME 16     /* rcx r11 error-or-rip ... : 12 words from the stack */
#define SEEN_REGS 112     /* r15 r14 r13 r12 rbp rbx r10 r9 r8 rax rdx rsi rdi */
#define SEEN_COUNT 216

    .bss
    .p2align 12
    .skip 8192
    .globl user_stack_end
user_stack_end:
    .skip 16384
    .globl kernel_stack_end
kernel_stack_end: /* where the hypervisor pushes when it comes from user mode */
    .globl seen
seen:
    .skip 256
go_rsp:
    .skip 8

    .text
/* Handlers, 16 bytes each: those of exceptions and INT by number, then the callbacks. */
    .p2align 4
    .globl handlers
handlers:
    .set n, 0
    .rept 256 + 4
    .p2align 4
    push %rax
    mov $n, %eax
    jmp handler
    .set n, n + 1
    .endr

handler:
    pushfq
    cld
    mov %rax, seen + SEEN_VECTOR(%rip)
    pop %rax
    mov %rax, seen + SEEN_FLAGS(%rip)
    pop %rax
    mov %rdi, seen + SEEN_REGS + 96(%rip)
    mov %rsi, seen + SEEN_REGS + 88(%rip)
    mov %rdx, seen + SEEN_REGS + 80(%rip)
    mov %rax, seen + SEEN_REGS + 72(%rip)
    mov %r8, seen + SEEN_REGS + 64(%rip)
    mov %r9, seen + SEEN_REGS + 56(%rip)
    mov %r10, seen + SEEN_REGS + 48(%rip)
    mov %rbx, seen + SEEN_REGS + 40(%rip)
    mov %rbp, seen + SEEN_REGS + 32(%rip)
    mov %r12, seen + SEEN_REGS + 24(%rip)
    mov %r13, seen + SEEN_REGS + 16(%rip)
    mov %r14, seen + SEEN_REGS + 8(%rip)
    mov %r15, seen + SEEN_REGS + 0(%rip)
    incq seen + SEEN_COUNT(%rip)
    mov %rsp, %rsi
    lea seen + SEEN_FRAME(%rip), %rdi
    mov $12, %ecx
    rep movsq
    mov go_rsp(%rip), %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret

.macro PUSH_CALLEE_SAVED
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, go_rsp(%rip)
.endm

/* Register n of struct regs' order holds 0x0101010101010101 * (n + 1); rax, rcx and r11 come from elsewhere. */
.macro FILL
    movabs $0x0101010101010101, %r15
    lea (%r15, %r15), %r14
    lea (%r14, %r15), %r13
    lea (%r13, %r15), %r12
    lea (%r12, %r15), %rbp
    lea (%rbp, %r15), %rbx
    lea (%rbx, %r15), %r10
    lea (%r10, %r15), %r9
    lea (%r9, %r15), %r8
.endm

/* void go_user(const struct iret_context *): by the hypercall iret, with rdx, rsi and rdi 0x0a.., 0x0b.., 0x0c.. */
    .globl go_user
go_user:
    PUSH_CALLEE_SAVED
    FILL
    sub $72, %rsp
    mov %rdi, %rsi
    mov %rsp, %rdi
    mov $9, %ecx
    rep movsq
    lea (%r8, %r15), %rdx
    lea (%rdx, %r15), %rsi
    lea (%rsi, %r15), %rdi
    mov $IRET, %eax
    syscall
    ud2

/* void go_kernel(void *instruction, uint64_t flags, uint64_t rax): with the same registers, in kernel mode */
    .globl go_kernel
go_kernel:
    PUSH_CALLEE_SAVED
    FILL
    mov %rdi, %rcx
    mov %rdx, %rax
    push %rcx
    push %rsi
    lea (%r8, %r15), %rdx
    lea (%rdx, %r15), %rsi
    lea (%rsi, %r15), %rdi
    popfq
    ret

/* The instructions, each followed by one that ends the try if the first does nothing. */
.macro INSN name, insn:vararg
    .p2align 4
    .globl do_\name
do_\name:
    \insn
    .globl after_\name
after_\name:
    ud2
.endm
    INSN syscall, syscall
    INSN sysenter, sysenter
    INSN int80, int $0x80
    INSN int81, int $0x81
    INSN int3, int3
    INSN ud2, ud2
    INSN hlt, hlt
    INSN load, mov (%rax), %rax
    INSN nop, nop
    INSN sgdt, sgdt (%rax)
    INSN sidt, sidt (%rax)
    INSN sldt, sldt %ax
    INSN str, str %ax
    INSN smsw, smsw %ax

    .section .note.GNU-stack, "", @progbits
