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

/* A signed displacement of @bytes (0, 1 or 4). */
static bool displacement(struct insn *i, unsigned bytes, s64 *disp)
{
    u32 value = 0;
    u8 byte;

    for (unsigned n = 0; n < bytes; n++) {
        if (!insn_next(i, &byte))
            return false;
        value |= (u32)byte << n * 8;
    }
    *disp = bytes == 1 ? (s8)value : (s32)value;
    return true;
}

/* Base and scaled index of a SIB byte; *@base_is_disp: there is no base but a displacement of four bytes. */
static bool sib(struct insn *i, struct regs *regs, u8 mod, vaddr_t *sum, bool *base_is_disp)
{
    unsigned index, base;
    u8 byte;

    if (!insn_next(i, &byte))
        return false;
    base = (byte & 7) | (i->rex & REX_B ? 8 : 0);
    index = (byte >> 3 & 7) | (i->rex & REX_X ? 8 : 0);
    *base_is_disp = mod == 0 && (base & 7) == 5;
    if (!*base_is_disp)
        *sum += *regs_gpr(regs, base);
    if (index != 4) /* rsp cannot be an index */
        *sum += *regs_gpr(regs, index) << (byte >> 6);
    return true;
}

bool insn_memory_operand(struct insn *i, struct regs *regs, u8 modrm, vaddr_t *addr)
{
    u8 mod = modrm >> 6, rm = modrm & 7;
    bool base_is_disp = false, rip_relative = mod == 0 && rm == 5;
    s64 disp;

    if (mod == 3 || i->segment == 0x64 || i->segment == 0x65)
        return false;
    *addr = 0;
    if (rm == 4) {
        if (!sib(i, regs, mod, addr, &base_is_disp))
            return false;
    } else if (!rip_relative) {
        *addr = *regs_gpr(regs, rm | (i->rex & REX_B ? 8 : 0));
    }
    if (!displacement(i, mod == 1 ? 1 : mod == 2 || rip_relative || base_is_disp ? 4 : 0, &disp))
        return false;
    *addr += disp + (rip_relative ? regs->rip + i->pos : 0);
    if (i->addr32)
        *addr = (u32)*addr;
    return true;
}
