/* SPDX-License-Identifier: GPL-2.0-only */
/* Emulation of the privileged instructions that PV kernels execute; see emulate.c. */
#ifndef HV_PV_EMULATE_H
#define HV_PV_EMULATE_H

#include "pv/insn.h"
#include "pv/pv.h"

/*
 * The instruction at regs->rip raised #GP. @return true: it has been done, rip is behind it (or at it for the rest of
 * a repeated operation, or in the handler of its operand's page fault); false: the #GP is the guest's.
 */
bool pv_emulate_privileged(struct regs *regs);

/* UD2 "xen" CPUID: the forced emulation prefix of the ABI. @return true: done */
bool pv_emulate_forced(struct regs *regs);

enum emulation {
    EMULATION_REFUSED,  /* not ours: the #GP is the guest's */
    EMULATION_DONE,     /* go on behind the instruction */
    EMULATION_RESTART,  /* rip is right as it is: more elements to do, or a fault was delivered */
};

/* Port I/O: opcode @op (E4..E7, EC..EF, 6C..6F). */
enum emulation pv_emulate_io(struct regs *regs, struct insn *i, u8 op);

#endif
