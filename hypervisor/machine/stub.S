/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where SYSCALL lands. It does not switch the stack and leaves no register free, so
 * the code is seen in each CPU's window behind the page with its tables (machine/tables.h) and
 * finds the address of the CPU's own stack there, relative to itself. It is linked
 * into the image's text like all code, so nobody can write to it.
 */
#include "generated/offsets.h"
#include "machine/selectors.h"

#define OF_CPU(field) (syscall_stub - 4096 + field)(%rip)

.macro STUB target
    mov %rsp, OF_CPU(TABLES_guest_rsp)
    mov OF_CPU(TABLES_rsp0), %rsp
    pushq $SEL_RING3_DS
    pushq OF_CPU(TABLES_guest_rsp)
    jmp *OF_CPU(\target)
.endm

    .section .text.stub, "ax", @progbits
    .p2align 12
    .globl syscall_stub, syscall32_stub
syscall_stub:
    STUB TABLES_syscall
    .balign 64, 0xcc
syscall32_stub:
    STUB TABLES_syscall32
    .balign 4096, 0xcc /* INT3: nothing there may be run by accident */

    .section .note.GNU-stack, "", @progbits
