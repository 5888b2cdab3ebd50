/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoding of a guest's instruction as far as the emulators need it: the bytes,
 * fetched once, prefixes and register numbers. Callers: pv/emulate.c,
 * pv/emulate_io.c. Locks: none.
 */
#include "pv/insn.h"

#include "lib/string.h"
#include "mm/guest_access.h"

u64 *regs_gpr(struct regs *regs, unsigned nr)
{
    u64 *const table[16] = { &regs->rax, &regs->rcx, &regs->rdx, &regs->rbx, &regs->rsp, &regs->rbp,
                             &regs->rsi, &regs->rdi, &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
                             &regs->r12, &regs->r13, &regs->r14, &regs->r15 };

    return table[nr & 15];
}

bool insn_next(struct insn *i, u8 *byte)
{
    if (i->pos >= i->len)
        return false;
    *byte = i->bytes[i->pos++];
    return true;
}

void insn_fetch(struct insn *i, vaddr_t rip)
{
    size_t in_page = PAGE_SIZE - (rip & ~PAGE_MASK);
    size_t first = MIN(sizeof(i->bytes), in_page);

    memset(i, 0, sizeof(*i));
    if (guest_read(i->bytes, rip, first))
        return;
    i->len = first;
    if (first < sizeof(i->bytes) && !guest_read(i->bytes + first, rip + first, sizeof(i->bytes) - first))
        i->len = sizeof(i->bytes);
}

bool insn_prefixes(struct insn *i, u8 *op)
{
    while (insn_next(i, op)) {
        switch (*op) {
        case 0x66:
            i->op16 = true;
            break;
        case 0x67:
            i->addr32 = true;
            break;
        case 0xf2:
        case 0xf3:
            i->rep = *op;
            break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
            i->segment = *op;
            break;
        default:
            if ((*op & 0xf0) != 0x40)
                return true;
            i->rex = *op;
            return insn_next(i, op); /* REX stands directly before the opcode */
        }
    }
    return false;
}
