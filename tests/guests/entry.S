/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Start of a test guest's kernel: 64-bit PV, the notes for the domain builder, a stack, the page of hypercalls. kernel.ld
 * places it; main(start_info) does not return.
 */
#include <xen/elfnote.h>

#define VIRT_BASE 0xffffffff80000000

.macro NOTE type, desc:vararg
    .p2align 2
    .long 4, 779f - 778f, \type
    .asciz "Xen"
778:
    \desc
779:
    .p2align 2
.endm

    .section .note.Xen, "a", @note
    NOTE XEN_ELFNOTE_GUEST_OS, .asciz "hospes-test"
    NOTE XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
    NOTE XEN_ELFNOTE_LOADER, .asciz "generic"
    NOTE XEN_ELFNOTE_VIRT_BASE, .quad VIRT_BASE
    NOTE XEN_ELFNOTE_PADDR_OFFSET, .quad VIRT_BASE
    NOTE XEN_ELFNOTE_ENTRY, .quad start
    NOTE XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page

    .section .text.start, "ax", @progbits
    .globl start
start:
    cld
    lea stack_end(%rip), %rsp
    xor %ebp, %ebp
    mov %rsi, %rdi
    call main
1:  jmp 1b

/* long hypercall6(op, a, b, c, d, e): the arguments move to where a hypercall has them */
    .globl hypercall6
hypercall6:
    mov %edi, %eax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    shl $5, %eax
    cmp $(64 << 5), %eax
    jae 2f
    lea hypercall_page(%rip), %rcx
    add %rcx, %rax
    jmp *%rax
/* The page has entries for the lowest 64 only: its instructions by hand. */
2:  shr $5, %eax
    mov %rax, %rax
    push %rcx
    push %r11
    syscall
    pop %r11
    pop %rcx
    ret

    .bss
    .p2align 12
    .skip 32768
stack_end:

    .text
    .p2align 12
    .globl hypercall_page
hypercall_page:
    .skip 4096

    .section .note.GNU-stack, "", @progbits
