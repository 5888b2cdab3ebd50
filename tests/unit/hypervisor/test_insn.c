/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoding of guests' instructions (pv/insn.c): prefixes, instructions that end at a page or too early, and the
 * addresses of memory operands against those that the manual's tables give.
 */
#include <errno.h>
#include <string.h>

#include "../../../hypervisor/pv/insn.c"
#include "check.h"

#define CODE 0x7000UL /* where the instruction lies; the next page is not readable */

static u8 page[PAGE_SIZE];

int guest_read(void *dst, vaddr_t src, size_t len)
{
    if (src < CODE || src + len > CODE + PAGE_SIZE)
        return -EFAULT;
    memcpy(dst, page + (src - CODE), len);
    return 0;
}

static struct insn fetch(const char *bytes, size_t len, vaddr_t at)
{
    struct insn i;

    memset(page, 0x90, sizeof(page));
    memcpy(page + (at - CODE), bytes, len);
    insn_fetch(&i, at);
    return i;
}

static void prefixes(void)
{
    struct insn i = fetch("\x66\xf3\x65\x4c\x0f", 5, CODE);
    u8 op;

    CHECK(insn_prefixes(&i, &op));
    CHECK(op == 0x0f && i.op16 && i.rep == 0xf3 && i.segment == 0x65 && i.rex == 0x4c && i.pos == 5);
}

static void instruction_that_never_ends(void)
{
    struct insn i = fetch("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66", 16, CODE);
    u8 op;

    CHECK(i.len == 15);
    CHECK(!insn_prefixes(&i, &op));
}

static void end_of_the_page(void)
{
    struct insn i = fetch("\x0f\x20", 2, CODE + PAGE_SIZE - 2);
    u8 op;

    CHECK(i.len == 2);
    CHECK(insn_prefixes(&i, &op) && op == 0x0f);
    CHECK(insn_next(&i, &op) && op == 0x20);
    CHECK(!insn_next(&i, &op));
}

static void unreadable(void)
{
    struct insn i;
    u8 op;

    insn_fetch(&i, CODE - PAGE_SIZE);
    CHECK(i.len == 0 && !insn_prefixes(&i, &op));
}

/* Each: INVLPG with the operand as an assembler writes it, and the address with the registers of operand(). */
static const struct {
    const char *bytes;
    size_t len;
    u64 address;
} operands[] = {
    { "\x0f\x01\x38", 3, 0x1000 },                                    /* (%rax) */
    { "\x0f\x01\x7b\xf0", 4, 0x4000 - 0x10 },                         /* -0x10(%rbx) */
    { "\x0f\x01\xbb\x00\x01\x00\x00", 7, 0x4000 + 0x100 },            /* 0x100(%rbx) */
    { "\x41\x0f\x01\x38", 4, 0x9000 },                                /* (%r8) */
    { "\x0f\x01\x3c\x24", 4, 0x5000 },                                /* (%rsp) */
    { "\x0f\x01\x3c\x98", 4, 0x1000 + 4 * 0x4000 },                   /* (%rax,%rbx,4) */
    { "\x43\x0f\x01\x7c\xc8\x08", 6, 0x9000 + 8 * 0xa000 + 8 },       /* 8(%r8,%r9,8) */
    { "\x0f\x01\x3c\x25\x78\x56\x34\x12", 8, 0x12345678 },            /* 0x12345678 */
    { "\x0f\x01\x3d\x10\x00\x00\x00", 7, CODE + 7 + 0x10 },           /* 0x10(%rip) */
    { "\x42\x0f\x01\x3c\x20", 5, 0x1000 + 0xd000 },                   /* (%rax,%r12) */
    { "\x0f\x01\x7d\x00", 4, 0x6000 },                                /* 0(%rbp) */
    { "\x41\x0f\x01\x7d\x00", 5, 0xe000 },                            /* 0(%r13) */
    { "\x67\x0f\x01\x38", 4, 0x1000 },                                /* (%eax) */
};

static void operand(void)
{
    struct regs regs = { .rax = 0x1000, .rcx = 0x2000, .rdx = 0x3000, .rbx = 0x4000, .rsp = 0x5000, .rbp = 0x6000,
                         .rsi = 0x7000, .rdi = 0x8000, .r8 = 0x9000, .r9 = 0xa000, .r12 = 0xd000, .r13 = 0xe000,
                         .rip = CODE };

    for (unsigned n = 0; n < ARRAY_SIZE(operands); n++) {
        struct insn i = fetch(operands[n].bytes, operands[n].len, CODE);
        vaddr_t addr = 0;
        u8 op = 0, group = 0, modrm = 0;

        CHECK(insn_prefixes(&i, &op) && op == 0x0f && insn_next(&i, &group) && group == 1 && insn_next(&i, &modrm));
        CHECK(insn_memory_operand(&i, &regs, modrm, &addr));
        CHECK(addr == operands[n].address);
        CHECK(i.pos == operands[n].len);
    }
}

static void operand_that_is_cut_off(void)
{
    struct insn i = fetch("\x0f\x01\xbb\x00\x01", 5, CODE + PAGE_SIZE - 5);
    struct regs regs = { 0 };
    vaddr_t addr;

    i.pos = 3;
    CHECK(!insn_memory_operand(&i, &regs, 0xbb, &addr));
}

int main(void)
{
    TEST(prefixes);
    TEST(instruction_that_never_ends);
    TEST(end_of_the_page);
    TEST(unreadable);
    TEST(operand);
    TEST(operand_that_is_cut_off);
    return TEST_RESULT();
}
