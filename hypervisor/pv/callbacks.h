/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypercalls by which a PV kernel tells its entry points and changes its CPU state; see callbacks.c, registers.c. */
#ifndef HV_PV_CALLBACKS_H
#define HV_PV_CALLBACKS_H

#include "pv/pv.h"

long do_set_trap_table(vaddr_t traps);
long do_set_callbacks(u64 event, u64 failsafe, u64 syscall);
long do_callback_op(u64 cmd, vaddr_t arg);
long do_nmi_op(u64 cmd, vaddr_t arg);
long do_iret(void);
long do_stack_switch(u64 ss, u64 sp);
long do_fpu_taskswitch(u64 set);
long do_set_debugreg(u64 reg, u64 value);
u64 do_get_debugreg(u64 reg);

/* One entry of a trap table as it may be stored: @return false when the address is not the guest's. */
bool pv_trap_from_info(struct pv_trap *trap, const struct trap_info *info);

/* Whether @addr may be an entry point: canonical. */
bool pv_entry_ok(u64 addr);

/* CR4 as the guest sees it, and the hardware's CR4 for it. */
u64 pv_guest_cr4(const struct pv_vcpu *p);
void pv_load_cr4(const struct vcpu *v);
void pv_set_cr4(struct vcpu *v, u64 value); /* keeps the bits that a guest may choose, loads them when it is current */

/* Debug registers of a vCPU: those of a new one; one of them, as do_set_debugreg(); at a context switch. */
void pv_debug_reset(struct pv_vcpu *p);
long pv_set_debugreg(struct vcpu *v, u64 reg, u64 value);
void pv_debug_save(struct vcpu *v);
void pv_debug_load(struct vcpu *v);

/* MSRs of PV guests. @return 0, -EPERM: #GP */
int pv_rdmsr(struct vcpu *v, u32 msr, u64 *value);
int pv_wrmsr(struct vcpu *v, u32 msr, u64 value);

/* Fills @page with the 128 hypercall stubs of 32 bytes (the hypercall page of the ABI). */
void pv_fill_hypercall_page(void *page);

/* This CPU's MSRs and stub for SYSCALL and SYSENTER; once on each CPU. */
void pv_cpu_start(void);

#endif
