/* SPDX-License-Identifier: GPL-2.0-only */
/* Delivery of exceptions, system calls and events to a PV guest kernel; see bounce.c. */
#ifndef HV_PV_BOUNCE_H
#define HV_PV_BOUNCE_H

#include "pv/pv.h"

enum bounce_flags {
    BOUNCE_ERROR_CODE = 1,  /* push regs->error_code */
    BOUNCE_MASK_EVENTS = 2, /* the guest runs with events masked from here on */
    BOUNCE_SEGMENTS = 4,    /* push ds, es, fs, gs: the failsafe frame */
};

/*
 * Delivers @vector to the running vCPU: enters the handler of its trap
 * table. @error_code is pushed for the vectors that have one. Without a handler,
 * the domain is crashed.
 */
void pv_deliver_trap(struct regs *regs, unsigned vector, u32 error_code);

/* The same for a page fault: also sets the guest's cr2 and the user bit of @error_code. */
void pv_deliver_page_fault(struct regs *regs, vaddr_t addr, u32 error_code);

/* Delivers an INT @vector of the guest if the table's privilege allows; else the #GP stays the guest's. @return delivered */
bool pv_deliver_soft_interrupt(struct regs *regs, unsigned vector, unsigned length);

/* Switches the running vCPU between guest user and guest kernel: GS base and page tables. */
void pv_toggle_mode(struct vcpu *v);

/* Called by pv/entry.S. */
void pv_syscall_bounce(struct regs *regs, struct vcpu *v);
void pv_syscall32_bounce(struct regs *regs, struct vcpu *v);
void pv_sysenter_bounce(struct regs *regs, struct vcpu *v);
void pv_int80_bounce(struct regs *regs, struct vcpu *v);
void pv_failsafe_bounce(struct regs *regs, struct vcpu *v);
void pv_event_bounce(struct regs *regs, struct vcpu *v);
void pv_nmi_bounce(struct regs *regs, struct vcpu *v);

#endif
