/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's instruction being decoded, see insn.c. */
#ifndef HV_PV_INSN_H
#define HV_PV_INSN_H

#include "machine/regs.h"

/* REX prefix bits, SDM Vol 2 2.2.1.2 */
#define REX_W 8
#define REX_R 4
#define REX_X 2
#define REX_B 1

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

/* Fetches the instruction at @rip; fewer than 15 bytes when the next page is not readable. */
void insn_fetch(struct insn *i, vaddr_t rip);

/* Skips prefixes. @return true and the first opcode byte in *@op */
bool insn_prefixes(struct insn *i, u8 *op);

/* Next byte of the instruction. @return false at its end (15 bytes or unreadable memory) */
bool insn_next(struct insn *i, u8 *byte);

/*
 * Linear address of the memory operand that @modrm (mod != 3) begins, SDM Vol 2 2.1.5 and 2.2.1.6, in the flat segments;
 * consumes SIB and displacement, which must be the instruction's last bytes. @return false: cut off, or relative to FS or GS
 */
bool insn_memory_operand(struct insn *i, struct regs *regs, u8 modrm, vaddr_t *addr);

/* Register number (0..15) of struct regs; rsp included. */
u64 *regs_gpr(struct regs *regs, unsigned nr);

#endif
