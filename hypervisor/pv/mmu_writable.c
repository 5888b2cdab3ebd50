/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writable page tables: a guest kernel writes to a level-1 table that it sees
 * read-only; the fault brings us here. The instruction is copied in once and
 * decoded (only the forms that kernels use on page-table entries), its effect is
 * computed on the entry as it stands, validated like any mmu_update and put in
 * place by compare-and-swap. The operand's address is not computed: it is the
 * one that faulted. Anything else is left to the guest as the fault that it is.
 * Lock: the mmu_lock of the running domain.
 */
#include "lib/string.h"
#include "machine/cpu.h"
#include "machine/perfc.h"
#include "mm/guest_access.h"
#include "pv/mmu_private.h"

#define MAX_INSN 15
#define FLAG_CF BIT(0)
#define FLAG_PF BIT(2)
#define FLAG_AF BIT(4)
#define FLAG_ZF BIT(6)
#define FLAG_SF BIT(7)
#define FLAG_OF BIT(11)
#define FLAGS_ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

enum operation {
    OP_MOV, OP_XCHG, OP_CMPXCHG, OP_OR, OP_AND, OP_XOR,
    OP_BTS, OP_BTR, OP_BTC,
};

/* A decoded instruction with one memory operand of @size bytes, its destination. */
struct insn {
    enum operation op;
    unsigned size;    /* 1, 2, 4, 8 */
    u64 source;       /* immediate or the register's value; BTx: the bit number within the operand */
    u8 reg;           /* register of the ModRM byte: XCHG writes it back */
    bool rex;         /* byte registers 4-7 are SPL.. instead of AH.. */
    unsigned length;
};

struct bytes {
    u8 b[MAX_INSN];
    unsigned have, pos;
    bool short_read; /* ran off the end */
};

static u8 next_byte(struct bytes *in)
{
    if (in->pos < in->have)
        return in->b[in->pos++];
    in->short_read = true;
    return 0;
}

static u64 next_immediate(struct bytes *in, unsigned size)
{
    u64 value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (u64)next_byte(in) << (8 * i);
    return value;
}

/* Reads the instruction, less when it is the last one before an unmapped page. */
static bool fetch(struct bytes *in, vaddr_t rip)
{
    unsigned to_page_end = PAGE_SIZE - (rip & ~PAGE_MASK);

    memset(in, 0, sizeof(*in));
    in->have = MIN(to_page_end, (unsigned)MAX_INSN);
    if (guest_read(in->b, rip, in->have))
        return false;
    if (in->have < MAX_INSN && !guest_read(in->b + in->have, rip + in->have, MAX_INSN - in->have))
        in->have = MAX_INSN;
    return true;
}

/* ---- registers ---- */

static u64 *gpr(struct regs *r, unsigned n)
{
    u64 *const map[16] = { &r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
                           &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15 };

    return map[n & 15];
}

static u64 size_mask(unsigned size)
{
    return size == 8 ? ~0UL : BIT(size * 8) - 1;
}

static bool high_byte(const struct insn *i)
{
    return i->size == 1 && !i->rex && i->reg >= 4 && i->reg < 8;
}

static u64 read_reg(struct regs *r, const struct insn *i)
{
    if (high_byte(i)) /* AH, CH, DH, BH */
        return *gpr(r, i->reg - 4) >> 8 & 0xff;
    return *gpr(r, i->reg) & size_mask(i->size);
}

static void write_reg(struct regs *r, const struct insn *i, u64 value)
{
    u64 mask = size_mask(i->size), *reg;

    if (high_byte(i)) {
        reg = gpr(r, i->reg - 4);
        *reg = (*reg & ~0xff00UL) | (value & 0xff) << 8;
        return;
    }
    reg = gpr(r, i->reg);
    *reg = i->size >= 4 ? value & mask : (*reg & ~mask) | (value & mask); /* 32-bit results clear the upper half */
}

/* ---- decoding (SDM Vol 2 2.1, 2.2) ---- */

/* Passes the addressing form; what it addresses is known. @return the ModRM byte; 0xc0 and above: no memory operand */
static u8 skip_modrm(struct bytes *in)
{
    u8 modrm = next_byte(in), mod = modrm >> 6, rm = modrm & 7;

    if (mod == 3)
        return modrm;
    if (rm == 4) {
        u8 sib = next_byte(in);

        if (mod == 0 && (sib & 7) == 5)
            in->pos += 4;
    } else if (mod == 0 && rm == 5) {
        in->pos += 4;
    }
    in->pos += mod == 1 ? 1 : mod == 2 ? 4 : 0;
    return modrm;
}

/* Group 1 (80, 81, 83): the operation is in the ModRM byte. */
static bool group1(u8 modrm, enum operation *op)
{
    switch (modrm >> 3 & 7) {
    case 1:
        *op = OP_OR;
        return true;
    case 4:
        *op = OP_AND;
        return true;
    case 6:
        *op = OP_XOR;
        return true;
    default:
        return false;
    }
}

/* Group 8 (0F BA): bit test and change by immediate. */
static bool group8(u8 modrm, enum operation *op)
{
    u8 n = modrm >> 3 & 7;

    *op = n == 5 ? OP_BTS : n == 6 ? OP_BTR : OP_BTC;
    return n >= 5;
}

enum source { FROM_REG, FROM_IMM, FROM_IMM8 };

/* One-byte opcodes. @return false: not one of ours */
static bool decode_one(u8 opcode, struct insn *i, enum source *src)
{
    *src = FROM_REG;
    switch (opcode & ~1) {
    case 0x08:
        i->op = OP_OR;
        return true;
    case 0x20:
        i->op = OP_AND;
        return true;
    case 0x30:
        i->op = OP_XOR;
        return true;
    case 0x86:
        i->op = OP_XCHG;
        return true;
    case 0x88:
        i->op = OP_MOV;
        return true;
    case 0xc6:
        i->op = OP_MOV;
        *src = FROM_IMM;
        return true;
    case 0x80:
        *src = FROM_IMM;
        return true; /* group 1 */
    case 0x82:
        *src = FROM_IMM8;
        return opcode == 0x83;
    default:
        return false;
    }
}

/* Opcodes behind 0F. */
static bool decode_two(u8 opcode, struct insn *i, enum source *src)
{
    *src = FROM_REG;
    switch (opcode) {
    case 0xab:
        i->op = OP_BTS;
        return true;
    case 0xb3:
        i->op = OP_BTR;
        return true;
    case 0xbb:
        i->op = OP_BTC;
        return true;
    case 0xb0:
    case 0xb1:
        i->op = OP_CMPXCHG;
        return true;
    case 0xba:
        *src = FROM_IMM8;
        return true; /* group 8 */
    default:
        return false;
    }
}

struct prefixes {
    bool operand16;
    u8 rex;
};

/* Takes prefixes; segment overrides and LOCK change nothing here. @return the opcode */
static u8 take_prefixes(struct bytes *in, struct prefixes *p)
{
    u8 b;

    *p = (struct prefixes){ false, 0 };
    for (;;) {
        b = next_byte(in);
        if (b == 0x66)
            p->operand16 = true;
        else if (b != 0xf0 && b != 0x2e && b != 0x3e && b != 0x26 && b != 0x36 && b != 0x64 && b != 0x65)
            break;
    }
    if ((b & 0xf0) == 0x40) {
        p->rex = b;
        b = next_byte(in);
    }
    return b;
}

static unsigned operand_size(u8 opcode, bool two, const struct prefixes *p)
{
    bool byte = two ? opcode == 0xb0 : !(opcode & 1);

    if (byte)
        return 1;
    return p->rex & 8 ? 8 : p->operand16 ? 2 : 4;
}

/* Fetches the source operand behind the ModRM byte. */
static void take_source(struct bytes *in, struct insn *i, struct regs *regs, enum source src)
{
    switch (src) {
    case FROM_REG:
        i->source = read_reg(regs, i);
        break;
    case FROM_IMM8:
        i->source = (u64)(s64)(s8)next_byte(in) & size_mask(i->size);
        break;
    case FROM_IMM: /* at most 32 bits, sign-extended */
        i->source = next_immediate(in, MIN(i->size, 4u));
        if (i->size == 8)
            i->source = (u64)(s64)(s32)i->source;
        break;
    }
    if (i->op >= OP_BTS)
        i->source &= i->size * 8 - 1; /* the address that faulted has the rest of it */
}

static bool decode(struct bytes *in, struct insn *i, struct regs *regs)
{
    struct prefixes p;
    u8 opcode = take_prefixes(in, &p), modrm;
    bool two = opcode == 0x0f;
    enum source src;

    memset(i, 0, sizeof(*i));
    if (two)
        opcode = next_byte(in);
    if (!(two ? decode_two(opcode, i, &src) : decode_one(opcode, i, &src)))
        return false;
    i->rex = p.rex;
    i->size = operand_size(opcode, two, &p);
    if (two && opcode == 0xba)
        i->size = p.rex & 8 ? 8 : p.operand16 ? 2 : 4;
    modrm = skip_modrm(in);
    if (modrm >= 0xc0)
        return false;
    i->reg = (modrm >> 3 & 7) | (p.rex & 4) << 1;
    if (!two && opcode >= 0x80 && opcode <= 0x83 && !group1(modrm, &i->op))
        return false;
    if (two && opcode == 0xba && !group8(modrm, &i->op))
        return false;
    if ((opcode & ~1) == 0xc6 && !two && (modrm >> 3 & 7))
        return false;
    take_source(in, i, regs, src);
    i->length = in->pos;
    return !in->short_read && in->pos <= in->have;
}

/* ---- effect ---- */

static u64 logic_flags(u64 result, unsigned size)
{
    u64 flags = 0;

    result &= size_mask(size);
    if (!result)
        flags |= FLAG_ZF;
    if (result >> (size * 8 - 1))
        flags |= FLAG_SF;
    if (!(__builtin_popcount(result & 0xff) & 1))
        flags |= FLAG_PF;
    return flags;
}

/* Flags of the comparison @a - @b that CMPXCHG makes. */
static u64 compare_flags(u64 a, u64 b, unsigned size)
{
    u64 diff = (a - b) & size_mask(size), flags = logic_flags(diff, size);

    if (a < b)
        flags |= FLAG_CF;
    if ((a ^ b ^ diff) & 0x10)
        flags |= FLAG_AF;
    if (((a ^ b) & (a ^ diff)) >> (size * 8 - 1) & 1)
        flags |= FLAG_OF;
    return flags;
}

/* What the instruction makes of the operand @old. @*write: whether it changes memory (CMPXCHG may not). */
static u64 compute(const struct insn *i, const struct regs *regs, u64 old, u64 *flags, bool *write)
{
    u64 bit = BIT(i->source & 63), accumulator, n;

    *write = true;
    switch (i->op) {
    case OP_MOV:
    case OP_XCHG:
        return i->source;
    case OP_CMPXCHG:
        accumulator = regs->rax & size_mask(i->size);
        *flags = (*flags & ~FLAGS_ARITHMETIC) | compare_flags(accumulator, old, i->size);
        *write = accumulator == old;
        return i->source;
    case OP_OR:
    case OP_AND:
    case OP_XOR:
        n = i->op == OP_OR ? old | i->source : i->op == OP_AND ? old & i->source : old ^ i->source;
        *flags = (*flags & ~FLAGS_ARITHMETIC) | logic_flags(n, i->size);
        return n;
    default:
        *flags = (*flags & ~FLAG_CF) | (old & bit ? FLAG_CF : 0);
        return i->op == OP_BTS ? old | bit : i->op == OP_BTR ? old & ~bit : old ^ bit;
    }
}

/* Registers as the instruction leaves them. */
static void finish(struct regs *regs, const struct insn *i, u64 old, u64 flags, bool written)
{
    struct insn rax = { .size = i->size };

    if (i->op == OP_XCHG)
        write_reg(regs, i, old);
    else if (i->op == OP_CMPXCHG && !written)
        write_reg(regs, &rax, old);
    regs->rflags = flags;
    regs->rip += i->length;
}

/* Carries @i out on the entry *@slot, of which it addresses the bytes from @shift / 8 on. mmu_lock held. */
static bool perform(struct domain *d, struct regs *regs, const struct insn *i, u64 *slot, unsigned shift)
{
    u64 mask = size_mask(i->size) << shift;

    for (;;) {
        u64 entry = READ_ONCE(*slot), old = (entry & mask) >> shift, flags = regs->rflags, n;
        bool write;
        int rc = 0;

        n = (compute(i, regs, old, &flags, &write) << shift & mask) | (entry & ~mask);
        if (write)
            rc = pte_change_l1(d, d, slot, entry, n, PTE_EXACT);
        if (rc == -EAGAIN) /* the CPU set an accessed or dirty bit: at most twice */
            continue;
        if (rc)
            return false;
        finish(regs, i, old, flags, write);
        return true;
    }
}

/* The entry at guest address @addr, when it lies in a level-1 table that @addr maps read-only. mmu_lock held. */
static u64 *table_slot(struct domain *d, struct vcpu *v, vaddr_t addr)
{
    u64 *mapping = pte_find(v, addr), e = mapping ? READ_ONCE(*mapping) : 0;
    struct frame *f;

    if ((e & (PTE_P | PTE_RW)) != PTE_P || !mfn_valid(pte_mfn(e)))
        return NULL;
    f = mfn_to_frame(pte_mfn(e));
    if (READ_ONCE(f->owner) != d->id || frame_type(f) != FRAME_L1 || !(READ_ONCE(f->type) & TYPE_VALIDATED))
        return NULL;
    return (u64 *)((char *)mfn_to_virt(pte_mfn(e)) + (addr & ~PAGE_MASK & ~7UL));
}

bool pv_emulate_pt_write(struct regs *regs, vaddr_t addr)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    struct bytes in;
    struct insn i;
    bool done = false;
    u64 *slot;

    if (!fetch(&in, regs->rip) || !decode(&in, &i, regs) || (addr & 7) + i.size > 8 || !mmu_lock(d))
        return false;
    slot = table_slot(d, v, addr);
    if (slot)
        done = perform(d, regs, &i, slot, (addr & 7) * 8);
    mmu_unlock(d);
    if (done)
        perfc_incr(PERFC_PT_WRITES_EMULATED);
    return done;
}
