/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offsets of structure members for the assembly files. Never linked: the
 * Makefile turns the assembler output into generated/offsets.h.
 */
#include "machine/regs.h"
#include "machine/tables.h"
#include "machine/trap.h"
#include "domain/domain.h"
#include "pv/pv.h"

#undef current /* a member is called so too */
#define DEFINE(name, value) __asm__ volatile("\n@@ " #name " %0" : : "i"(value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))

void offsets(void);
void offsets(void)
{
    OFFSET(REGS_r15, struct regs, r15);
    OFFSET(REGS_rbx, struct regs, rbx);
    OFFSET(REGS_r11, struct regs, r11);
    OFFSET(REGS_rax, struct regs, rax);
    OFFSET(REGS_rcx, struct regs, rcx);
    OFFSET(REGS_rdi, struct regs, rdi);
    OFFSET(REGS_error_code, struct regs, error_code);
    OFFSET(REGS_vector, struct regs, vector);
    OFFSET(REGS_rip, struct regs, rip);
    OFFSET(REGS_cs, struct regs, cs);
    OFFSET(REGS_rflags, struct regs, rflags);
    OFFSET(REGS_rsp, struct regs, rsp);
    OFFSET(REGS_ss, struct regs, ss);
    DEFINE(REGS_size, sizeof(struct regs));
    DEFINE(TRAP_NMI, TRAP_NMI);
    DEFINE(TRAP_SYSCALL, TRAP_SYSCALL);
    DEFINE(TRAP_SYSENTER, TRAP_SYSENTER);
    DEFINE(EXCEPTION_STACKS_SIZE, EXCEPTION_STACKS_SIZE);
    OFFSET(TABLES_rsp0, struct cpu_tables, tss.rsp[0]);
    OFFSET(TABLES_guest_rsp, struct cpu_tables, guest_rsp);
    OFFSET(TABLES_syscall, struct cpu_tables, syscall_entry);
    OFFSET(TABLES_syscall32, struct cpu_tables, syscall32_entry);
    DEFINE(CPU_TOP_size, sizeof(struct cpu_top));
    OFFSET(CPU_TOP_current, struct cpu_top, current);
    OFFSET(CPU_TOP_percpu_offset, struct cpu_top, percpu_offset);
    OFFSET(CPU_TOP_guest_cr3, struct cpu_top, guest_cr3);
    OFFSET(CPU_TOP_host_cr3, struct cpu_top, host_cr3);
    OFFSET(CPU_TOP_full_cr3, struct cpu_top, full_cr3);
    OFFSET(CPU_TOP_cpu, struct cpu_top, cpu);
    OFFSET(VCPU_pv, struct vcpu, pv);
    OFFSET(VCPU_info, struct vcpu, info);
    OFFSET(VCPU_nmi_pending, struct vcpu, nmi_pending);
    OFFSET(PV_kernel_mode, struct pv_vcpu, kernel_mode);
}
