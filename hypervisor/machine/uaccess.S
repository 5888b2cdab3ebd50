/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies to and from linear addresses of the running guest (machine/uaccess.h):
 * eight bytes at a time, then single ones. A fault ends the copy; the rest is
 * counted from the registers as they stand at the faulting instruction, which
 * REP MOVS keeps exact.
 */
#include "machine/smap.h"

#define EFAULT 14
#define EAGAIN 11

.macro FIXUP insn, target
    .pushsection .ex_table, "a"
    .balign 4
    .long \insn - .
    .long \target - .
    .popsection
.endm

    .section .text.uaccess, "ax", @progbits

    /* size_t uaccess_read(void *dst, vaddr_t src, size_t len); uaccess_write(vaddr_t dst, const void *src, size_t len) */
    .globl uaccess_read, uaccess_write
uaccess_read:
uaccess_write:
    ASM_STAC
    mov %rdx, %rcx
    shr $3, %rcx
    and $7, %edx
1:  rep movsq
    mov %edx, %ecx
2:  rep movsb
3:  mov %rcx, %rax
    ASM_CLAC
    ret
4:  lea (%rdx, %rcx, 8), %rcx /* words that are left and the odd bytes */
    jmp 3b
    FIXUP 1b, 4b
    FIXUP 2b, 3b

    /* int uaccess_cmpxchg64(vaddr_t addr, u64 *old, u64 new_value) */
    .globl uaccess_cmpxchg64
uaccess_cmpxchg64:
    mov (%rsi), %rax
    ASM_STAC
1:  lock cmpxchg %rdx, (%rdi)
    ASM_CLAC
    jnz 2f
    xor %eax, %eax
    ret
2:  mov %rax, (%rsi)
    mov $-EAGAIN, %eax
    ret
3:  ASM_CLAC
    mov $-EFAULT, %eax
    ret
    FIXUP 1b, 3b

    .section .note.GNU-stack, "", @progbits
