/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a further CPU starts: copied to a page below 1 MiB by smpboot.c, entered
 * in real mode with CS = page >> 4, IP = 0 (SDM Vol 3 8.4.4). Goes through
 * protected mode into long mode with page tables that map both this page and
 * the hypervisor, then to the 64-bit address in the parameter block. Nothing is
 * returned; all addresses come from the block, whose layout is struct trampoline_data.
 */
#include "machine/misc_enable.h"
#include "machine/x86.h"

    .section .rodata.trampoline, "a"
    .balign 16
    .global trampoline_start, trampoline_end, trampoline_data_offset
    .global trampoline_code32, trampoline_code64, trampoline_gdt, trampoline_gdt_end

#define DATA (data - trampoline_start)
#define FAR32 DATA
#define FAR64 (DATA + 8)
#define GDTR (DATA + 16)
#define NEW_CR3 (DATA + 24)
#define NEW_EFER (DATA + 28)
#define STACK (DATA + 32)
#define ENTRY (DATA + 40)

    .code16
trampoline_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    xor %ebx, %ebx
    mov %cs, %bx
    shl $4, %ebx                /* linear address of the page */
    lgdtl GDTR
    mov $(CR0_PE | CR0_ET), %eax
    mov %eax, %cr0
    ljmpl *FAR32

    .code32
trampoline_code32:
    mov $(trampoline_gdt_data - trampoline_gdt), %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %ebx, %esi
    INTEL_MISC_ENABLE
    mov %esi, %ebx
    mov $(CR4_PAE | CR4_PGE), %eax
    mov %eax, %cr4
    mov NEW_CR3(%ebx), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    mov NEW_EFER(%ebx), %eax
    xor %edx, %edx
    wrmsr
    mov $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
    mov %eax, %cr0
    ljmpl *FAR64(%ebx)

    .code64
trampoline_code64:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    mov %ebx, %ebx
    mov STACK(%rbx), %rsp
    mov ENTRY(%rbx), %rax
    xor %ebp, %ebp
    jmp *%rax

    .balign 8
trampoline_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff    /* 32-bit code */
    .quad 0x00af9b000000ffff    /* 64-bit code */
trampoline_gdt_data:
    .quad 0x00cf93000000ffff    /* data */
trampoline_gdt_end:

    .balign 8
trampoline_data_offset:
data:
    .fill 48, 1, 0
trampoline_end:
