/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memcpy, memmove and memset with the string instructions: eight bytes an
 * iteration for the bulk, single bytes for the rest. The microcode of current
 * CPUs turns them into whole cache lines (SDM Vol 1 7.3.9.3), and no vector
 * register, which belongs to the guest, is touched.
 */
    .text

    .globl memcpy
    .hidden memcpy
    .type memcpy, @function
memcpy:                     /* rdi dst, rsi src, rdx bytes; returns dst */
    mov %rdi, %rax
forward:
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    mov %edx, %ecx
    and $7, %ecx
    jz 1f
    rep movsb
1:  ret
    .size memcpy, . - memcpy

    .globl memmove
    .hidden memmove
    .type memmove, @function
memmove:
    mov %rdi, %rax
    mov %rdi, %rcx
    sub %rsi, %rcx          /* unsigned distance dst - src */
    cmp %rdx, %rcx
    jae forward             /* dst below src, or behind its end */
    std                     /* overlapping upwards: from the last byte down */
    lea -1(%rdi,%rdx), %rdi
    lea -1(%rsi,%rdx), %rsi
    mov %edx, %ecx
    and $7, %ecx
    rep movsb
    sub $7, %rdi
    sub $7, %rsi
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    cld
    ret
    .size memmove, . - memmove

    .globl memset
    .hidden memset
    .type memset, @function
memset:                     /* rdi dst, esi byte, rdx bytes; returns dst */
    mov %rdi, %r8
    movzbl %sil, %eax
    movabs $0x0101010101010101, %rcx
    imul %rcx, %rax
    mov %rdx, %rcx
    shr $3, %rcx
    rep stosq
    mov %edx, %ecx
    and $7, %ecx
    rep stosb
    mov %r8, %rax
    ret
    .size memset, . - memset

    .section .note.GNU-stack, "", @progbits
