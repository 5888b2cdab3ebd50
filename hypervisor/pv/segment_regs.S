/* SPDX-License-Identifier: GPL-2.0-only */
/* Data segment registers of PV guests; a selector that the descriptor table does not allow leaves the null one. */

.macro ENTRY name
    .globl \name
    .type \name, @function
    .p2align 4
\name:
.endm

    .text
/* int pv_load_{ds,es,fs,gs}(u16 selector): 0, or -1 with the register null when the selector cannot be loaded. */
.macro LOAD_SEGMENT reg
ENTRY pv_load_\reg
    xor %eax, %eax
1:  mov %di, %\reg
    ret
2:  xor %edi, %edi
    mov %di, %\reg
    mov $-1, %eax
    ret
    .section .ex_table, "a", @progbits
    .long 1b - .
    .long 2b - .
    .section .text, "ax", @progbits
.endm
    LOAD_SEGMENT ds
    LOAD_SEGMENT es
    LOAD_SEGMENT fs
    LOAD_SEGMENT gs

/* void pv_read_segments(u16 sel[4]): ds, es, fs, gs */
ENTRY pv_read_segments
    mov %ds, 0(%rdi)
    mov %es, 2(%rdi)
    mov %fs, 4(%rdi)
    mov %gs, 6(%rdi)
    ret

/* void pv_swapgs(void): exchanges the GS bases of guest kernel and guest user. */
ENTRY pv_swapgs
    swapgs
    ret

    .section .note.GNU-stack, "", @progbits
