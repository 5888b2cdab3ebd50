/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The doors of a PV guest: SYSCALL, SYSENTER and INT 0x80 in, SYSRET and IRET
 * out. Exceptions and interrupts come in through machine/entry.S and leave
 * here by guest_return. All entries arrive with interrupts disabled and build
 * struct regs at cpu_top()->guest; nothing is kept elsewhere.
 *
 * XPTI: all that runs while the guest's reduced root is loaded lies in
 * .text.entry and touches only the stack; the root is switched first on the
 * way in and last on the way out (pv/xpti.c).
 */
#include "config.h"
#include "generated/offsets.h"
#include "machine/frame_macros.h"
#include "machine/selectors.h"

.macro ENTRY name
    .globl \name
    .type \name, @function
    .p2align 4
\name:
.endm

    .section .text.entry, "ax", @progbits

/* Vector and, zero, error code of the entries that are no interrupts, as struct regs has them: one push. */
    .p2align 3
syscall_vector:
    .quad TRAP_SYSCALL << 32
sysenter_vector:
    .quad TRAP_SYSENTER << 32
int80_vector:
    .quad 0x80 << 32

/*
 * From the CPU's SYSCALL stub (machine/stub.S), which switched to the end of struct
 * regs and pushed ss and rsp. MSR_SYSCALL_MASK has cleaned the flags.
 */
ENTRY pv_syscall_entry
    push %r11
    pushq $SEL_RING3_CS64
    push %rcx
    pushq syscall_vector(%rip)
    SAVE_REGS
    XPTI_ENTER
    mov CPU_TOP_current(%rsp), %rsi
    mov %rsp, %rdi
    mov VCPU_pv(%rsi), %rcx
    cmpb $0, PV_kernel_mode(%rcx)
    je 1f
    sti
    call pv_hypercall
    jmp pv_return_to_guest
1:  call pv_syscall_bounce
    cli
    jmp pv_return_checked

/* SYSCALL of a 32-bit user program (MSR_CSTAR, AMD only); the stub as above. */
ENTRY pv_syscall32_entry
    push %r11
    pushq $SEL_RING3_CS32
    push %rcx
    pushq syscall_vector(%rip)
    SAVE_REGS
    XPTI_ENTER
    mov CPU_TOP_current(%rsp), %rsi
    mov %rsp, %rdi
    call pv_syscall32_bounce
    jmp pv_return_to_guest

/* SYSENTER (Intel only in long mode): MSR_SYSENTER_ESP is the end of struct regs; what the guest had is lost. */
ENTRY pv_sysenter_entry
    pushq $SEL_RING3_DS
    pushq $0
    pushfq
    orl $0x200, (%rsp)
    pushq $3
    pushq $0
    pushq sysenter_vector(%rip)
    SAVE_REGS
    CLEAN_FLAGS
    XPTI_ENTER
    mov CPU_TOP_current(%rsp), %rsi
    mov %rsp, %rdi
    call pv_sysenter_bounce
    jmp pv_return_to_guest

/* INT 0x80 by its own gate (DPL 3). */
ENTRY pv_int80_entry
    pushq int80_vector(%rip)
    SAVE_REGS
    CLEAN_FLAGS
    XPTI_ENTER
    mov CPU_TOP_current(%rsp), %rsi
    mov %rsp, %rdi
    call pv_int80_bounce
    jmp pv_return_to_guest

/* Goes on with what is pending on this CPU, if anything; another vCPU may be current afterwards. */
.macro CHECK_SOFTIRQS
    mov CPU_TOP_percpu_offset(%rsp), %rax
    lea percpu_softirq_pending(%rip), %rcx
    cmpq $0, (%rcx,%rax)
    jne pv_do_softirqs
.endm

/*
 * Back to the guest from anywhere, with rsp = guest_regs(). First whatever is
 * pending on this CPU (the current vCPU may be another one afterwards), then
 * what is pending for the vCPU: an NMI, an event. Neither is looked at twice with
 * interrupts disabled, whatever the domain's other vCPUs make pending
 * meanwhile, so this ends.
 */
ENTRY pv_return_to_guest
    cli
pv_return_checked:
    CHECK_SOFTIRQS
    mov CPU_TOP_current(%rsp), %rbx
    cmpb $0, VCPU_nmi_pending(%rbx)
    jne pv_do_nmi
pv_nmi_done:
    mov VCPU_info(%rbx), %rax
    movzwl (%rax), %ecx /* evtchn_upcall_pending, evtchn_upcall_mask */
    test %cl, %cl
    jnz pv_check_upcall
pv_restore:
    testb $1, REGS_vector + 1(%rsp) /* TRAP_SYSCALL */
    jz pv_restore_iret
    mov REGS_rip(%rsp), %rcx
    /* SYSRET faults in ring 0 on Intel CPUs when rip is not canonical (XSA-7). */
    mov %rcx, %rax
    shl $16, %rax
    sar $16, %rax
    cmp %rcx, %rax
    jne pv_restore_iret
    cmpw $SEL_RING3_CS64, REGS_cs(%rsp)
    jne pv_restore_iret
    cmpw $SEL_RING3_DS, REGS_ss(%rsp)
    jne pv_restore_iret
    mov REGS_rflags(%rsp), %r11
    testl $0x10100, %r11d /* RF, TF */
    jnz pv_restore_iret
    XPTI_LEAVE
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    lea 8(%rsp), %rsp
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    lea 8(%rsp), %rsp
    pop %rdx
    pop %rsi
    pop %rdi
    mov REGS_rsp - REGS_error_code(%rsp), %rsp
    sysretq

pv_restore_iret:
    XPTI_LEAVE
    RESTORE_REGS
pv_iret:
    iretq

    /* The guest's selectors, rip or flags cannot be loaded: rsp is at the rip slot, the registers are the guest's. */
    .section .ex_table, "a", @progbits
    .p2align 2
    .long pv_iret - .
    .long pv_iret_fault - .
    .section .text.entry, "ax", @progbits
pv_iret_fault:
    pushq $0
    SAVE_REGS
    CLEAN_FLAGS
    XPTI_ENTER
    mov CPU_TOP_current(%rsp), %rsi
    mov %rsp, %rdi
    call pv_failsafe_bounce
    jmp pv_return_to_guest

    .section .text, "ax", @progbits
pv_do_softirqs:
    sti
    call softirq_run
    call cpu_loop /* enters whatever is current now; does not return */
    ud2

pv_do_nmi:
    mov %rsp, %rdi
    mov %rbx, %rsi
    call pv_nmi_bounce
    cli
    CHECK_SOFTIRQS
    jmp pv_nmi_done

pv_check_upcall:
    test %ch, %ch
    jnz pv_restore
    mov %rsp, %rdi
    mov %rbx, %rsi
    call pv_event_bounce
    cli
    CHECK_SOFTIRQS
    jmp pv_restore

/* void pv_enter(void): struct domain_kind.enter. Drops the stack. */
ENTRY pv_enter
    or $(STACK_SIZE - 1), %rsp
    sub $(CPU_TOP_size - 1), %rsp
    jmp pv_return_to_guest

    .section .note.GNU-stack, "", @progbits
