/* SPDX-License-Identifier: GPL-2.0-only */
/* Emulation of the privileged instructions that PV kernels execute; see emulate.c. */
#ifndef HV_PV_EMULATE_H
#define HV_PV_EMULATE_H

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

/* One instruction being decoded: bytes are fetched once. */
struct insn {
    u8 bytes[15];
    u8 len;       /* bytes fetched and valid */
    u8 pos;       /* next byte to decode */
    u8 rex;       /* REX prefix or 0 */
    bool op16;    /* 66 */
    bool addr32;  /* 67 */
    u8 rep;       /* F3, F2 or 0 */
    u8 segment;   /* override prefix byte or 0 */
};

/* Next byte of the instruction. @return false at its end (15 bytes or unreadable memory) */
bool insn_next(struct insn *i, u8 *byte);

/* Port I/O: opcode @op (E4..E7, EC..EF, 6C..6F). */
enum emulation pv_emulate_io(struct regs *regs, struct insn *i, u8 op);

/* Register number (0..15) of struct regs; rsp included. */
u64 *regs_gpr(struct regs *regs, unsigned nr);

#endif
