/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first instructions: entries for Multiboot 1, Multiboot 2 and PVH loaders,
 * each in 32-bit protected mode without paging, with the information structure
 * in EBX. Finds out where the image lies, clears bss, builds page tables for
 * the first 4 GiB (at 0 and in the direct map) and for the image, enters long
 * mode and calls boot_main(magic, info). No other CPU comes here
 * (boot/trampoline.S).
 *
 * Sources: Multiboot Specification 0.6.96 (3.1, 3.2), Multiboot2 Specification
 * 2.0 (3.1, 3.5), xen/arch-x86/hvm/start_info.h, SDM Vol 3 10.8.5.
 */
#include "config.h"
#include "machine/layout.h"
#include "machine/misc_enable.h"
#include "machine/selectors.h"
#include "machine/x86.h"
#include "boot/multiboot.h"

/* Entries of the early tables: present, writable; large. SDM Vol 3 4.5 */
#define EARLY_TABLE 0x003
#define EARLY_LARGE 0x083

#define SLOT(va) (((va) >> 39) & 511)
#define PHYS(sym) (sym - boot_origin)(%ebp) /* EBP: load address */

    .section .boot.head, "ax", @progbits
    .code32

    .balign 4
boot_origin: /* first in the image, see hypervisor.lds.in */
mb1_header:
    .long MB1_HEADER_MAGIC
    .long MB1_HEADER_FLAGS
    .long -(MB1_HEADER_MAGIC + MB1_HEADER_FLAGS)

    .balign 8
mb2_header:
    .long MB2_HEADER_MAGIC
    .long 0 /* i386 */
    .long mb2_header_end - mb2_header
    .long -(MB2_HEADER_MAGIC + (mb2_header_end - mb2_header))

    .balign 8
mb2_request:
    .short MB2_HEADER_TAG_REQUEST, 0
    .long mb2_request_end - mb2_request
    .long MB2_TAG_CMDLINE, MB2_TAG_MODULE, MB2_TAG_MMAP
mb2_request_end:
    .balign 8
mb2_wishes: /* bit 0 of the flags: go on without them */
    .short MB2_HEADER_TAG_REQUEST, 1
    .long mb2_wishes_end - mb2_wishes
    .long MB2_TAG_FRAMEBUFFER, MB2_TAG_ACPI_OLD, MB2_TAG_ACPI_NEW, MB2_TAG_EFI64, MB2_TAG_EFI_MMAP
mb2_wishes_end:
    .balign 8
    .short MB2_HEADER_TAG_ALIGN, 0
    .long 8
    .balign 8
    .short MB2_HEADER_TAG_CONSOLE, 1
    .long 12
    .long 2 /* knows EGA text */
    .balign 8
    .short MB2_HEADER_TAG_FRAMEBUFFER, 1
    .long 20
    .long 0, 0, 0 /* any size and depth */
    .balign 8
    .short MB2_HEADER_TAG_RELOCATABLE, 0
    .long 24
    .long 0x200000, 0xffffffff, 0x200000, 1 /* lowest, highest, alignment, prefer low */
    .balign 8
    .short 0, 0
    .long 8
mb2_header_end:

    .globl pvh_start
pvh_start: /* xen/arch-x86/hvm/start_info.h: EBX only */
    mov $BOOT_MAGIC_PVH, %eax
    .globl boot_start
boot_start:
    cli
    cld
    cmp $MB1_MAGIC, %eax
    je 1f
    cmp $MB2_MAGIC, %eax
    je 1f
    cmp $BOOT_MAGIC_PVH, %eax
    je 1f
    /* Unknown loader: no address to trust, so just two letters: "L?" */
    mov $0x3f8, %dx
    mov $'L', %al
    out %al, %dx
    mov $'?', %al
    out %al, %dx
    movl $0x4f3f4f4c, 0xb8000
2:  hlt
    jmp 2b

    /* There is no stack yet: borrow the first word of the information structure for one call. */
1:  mov (%ebx), %ecx
    lea 4(%ebx), %esp
    call 1f
1:  pop %ebp
    mov %ecx, (%ebx)
    sub $(1b - boot_origin), %ebp
    mov %eax, %esi

    lea PHYS(bss_start), %edi
    mov $bss_size, %ecx
    shr $2, %ecx
    xor %eax, %eax
    rep stosl
    lea PHYS(boot_stack + STACK_SIZE - CPU_TOP_BYTES), %esp /* struct cpu_top stays zero */

    /* Long mode at all? CPUID 0x80000001 EDX bit 29; NX: bit 20. The first question is safe on any processor. */
    mov %ebx, %edi
    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx
    jnc no_long_mode
    INTEL_MISC_ENABLE
    mov %eax, PHYS(cpu_firmware_denied)
    mov $0x80000001, %eax
    cpuid
    bt $20, %edx
    jnc no_nx
    mov %edi, %ebx
    call make_early_tables

    mov $(CR4_PAE), %eax
    mov %eax, %cr4
    lea PHYS(boot_l4), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $(EFER_LME | EFER_NX), %eax
    wrmsr
    mov $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
    mov %eax, %cr0

    /*
     * The GDT of the ABI has our descriptors at 0xe000: the base lies that much below the one page
     * we have.
     */
    lea PHYS(boot_table_page), %eax
    sub $HV_GDT_OFFSET, %eax
    mov %eax, PHYS(boot_gdtr + 2)
    lgdt PHYS(boot_gdtr)
    lea PHYS(start64), %eax
    pushl $SEL_HV_CS
    push %eax
    lret

no_nx:
    lea PHYS(no_nx_text), %esi
    jmp refuse
no_long_mode:
    lea PHYS(no_long_mode_text), %esi
refuse: /* says the text at ESI on screen and serial port, and stops */
    mov $0xb8000, %edi
1:  lodsb
    test %al, %al
    jz 2f
    mov $0x4f, %ah
    stosw
    mov $0x3f8, %dx
    out %al, %dx
    jmp 1b
2:  hlt
    jmp 2b

no_long_mode_text:
    .asciz "Hospes needs a 64-bit processor. Start it on another machine (in QEMU: qemu-system-x86_64)."

no_nx_text:
    .asciz "Hospes needs a processor with no-execute pages (NX, XD): enable them in the firmware's set-up, or start it on another machine."

    /* EBP: load address. Uses EAX, ECX, EDX, EDI. */
make_early_tables:
    /* 2048 large pages: the first 4 GiB */
    lea PHYS(boot_l2), %edi
    mov $EARLY_LARGE, %eax
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $2048, %ecx
    jb 1b
    lea PHYS(boot_l3), %edi
    lea PHYS(boot_l2), %eax
    or $EARLY_TABLE, %eax
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    add $PAGE_SIZE, %eax
    inc %ecx
    cmp $4, %ecx
    jb 1b
    /* The image, 16 MiB from its load address on */
    lea PHYS(boot_image_l2), %edi
    mov %ebp, %eax
    or $EARLY_LARGE, %eax
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $8, %ecx
    jb 1b
    or $EARLY_TABLE, %edi
    mov %edi, PHYS(boot_image_l3)
    /* The root */
    lea PHYS(boot_l4), %edi
    lea PHYS(boot_l3), %eax
    or $EARLY_TABLE, %eax
    mov %eax, (%edi)
    mov %eax, SLOT(DIRECT_MAP_START) * 8(%edi)
    lea PHYS(boot_image_l3), %eax
    or $EARLY_TABLE, %eax
    mov %eax, SLOT(IMAGE_START) * 8(%edi)
    ret

    .code64
start64: /* still at the load address */
    movabs $1f, %rax
    jmp *%rax
1:  mov $SEL_HV_DS, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov %ecx, %ss
    xor %ecx, %ecx
    mov %ecx, %fs
    mov %ecx, %gs
    lea boot_stack + STACK_SIZE - CPU_TOP_BYTES(%rip), %rsp
    mov %ebp, %eax
    mov %rax, image_paddr(%rip)
    mov %esi, %edi
    mov %ebx, %esi
    xor %ebp, %ebp
    push %rbp /* end of the chain of frames */
    call boot_main
1:  hlt
    jmp 1b

    .section .data, "aw"
boot_gdtr:
    .short HV_GDT_LIMIT
    .long 0

    .section .bss.page_aligned, "aw", @nobits
    .balign PAGE_SIZE
boot_l4:
    .skip PAGE_SIZE
boot_l2:
    .skip 4 * PAGE_SIZE
boot_image_l3:
    .skip PAGE_SIZE
boot_image_l2:
    .skip PAGE_SIZE

    .section .note.GNU-stack, "", @progbits
