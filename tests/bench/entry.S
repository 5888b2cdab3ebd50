/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The smallest multiboot kernel: stops the machine at its first instructions
 * (QEMU's pvpanic device). What firmware and loader executed before is known
 * by it and subtracted from the figures.
 */
    .code32
    .text
    .p2align 2
    .long 0x1badb002, 0, -0x1badb002 /* multiboot header */
    .globl _start
_start:
    mov $0x505, %edx
    mov $1, %al
    out %al, %dx
1:  hlt
    jmp 1b
