/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel that goes through every door of the hypervisor with flags set that C code must not run with.
 *
 * Checks    that SYSCALL, SYSENTER, INT 0x80, INT n, INT3, #UD, #GP, #PF, #DB, hypercalls, an IRET that fails and an IRET through the
 *           LDT give the kernel a right frame and all registers, with each of DF, NT, AC, TF, ID set; that what UMIP forbids is answered;
 *           and what of the hypervisor a CPU's tables show while a guest runs: a user program's page fault tells by its error code
 *           whether something is mapped there.
 * How       boots as Domain 0 with masked events. User mode has the kernel's page tables. doors.S leaves the kernel for one instruction and
 *           notes what comes back. test_doors.py sends NMIs meanwhile. Arguments, in the command line: cpu=intel or amd, xpti=0 or 1,
 *           rounds=N; addresses of the hypervisor are those of machine/layout.h.
 * Verdict   "doors: N tries, F failures" as last line, before each failure one line.
 */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/callback.h>
#include <xen/sched.h>

#define VIRT_BASE 0xffffffff80000000ull
#define PAGE 4096ull
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define TF 0x100ull
#define DF 0x400ull
#define NT 0x4000ull
#define AC 0x40000ull
#define ID 0x200000ull
#define ALL (TF | DF | NT | AC | ID)

enum { V_DB = 1, V_BP = 3, V_UD = 6, V_GP = 13, V_PF = 14, V_SYSCALL = 256, V_SYSENTER, V_FAILSAFE, V_EVENT };

long hypercall6(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
void go_user(const struct iret_context *c);
void go_kernel(const void *insn, uint64_t flags, uint64_t rax);

extern const char handlers[], user_stack_end[], kernel_stack_end[];
#define INSN(name) extern const char do_##name[], after_##name[];
INSN(syscall) INSN(sysenter) INSN(int80) INSN(int81) INSN(int3) INSN(ud2) INSN(hlt) INSN(load) INSN(nop)
INSN(sgdt) INSN(sidt) INSN(sldt) INSN(str) INSN(smsw)

extern volatile struct {
    uint64_t vector, flags;
    uint64_t frame[12];
    uint64_t regs[13]; /* r15 r14 r13 r12 rbp rbx r10 r9 r8 rax rdx rsi rdi */
    uint64_t count;
} seen;

static const struct start_info *info;
static unsigned tries, failures;
static uint64_t ldt[512] __attribute__((aligned(4096)));
static char scratch[4096] __attribute__((aligned(4096)));
static int intel, xpti;

/* ---- console ---- */

static char line[256];
static unsigned length;

static void put(const char *s)
{
    while (*s && length < sizeof(line)) {
        line[length++] = *s++;
    }
}

static void put_hex(uint64_t n)
{
    char digits[17] = "";
    unsigned i = 16;

    do {
        digits[--i] = "0123456789abcdef"[n & 15];
    } while (n >>= 4);
    put(digits + i);
}

static void put_decimal(uint64_t n)
{
    char digits[21] = "";
    unsigned i = 20;

    do {
        digits[--i] = '0' + n % 10;
    } while (n /= 10);
    put(digits + i);
}

static void end_line(void)
{
    put("\n");
    hypercall6(__HYPERVISOR_console_io, CONSOLEIO_write, length, (uintptr_t)line, 0, 0);
    length = 0;
}

static void fail(const char *name, const char *what, uint64_t is, uint64_t should)
{
    if (failures++ > 20) {
        return;
    }
    put("doors: FAIL ");
    put(name);
    put(": ");
    put(what);
    put(" is ");
    put_hex(is);
    put(", not ");
    put_hex(should);
    end_line();
}

static void equal(const char *name, const char *what, uint64_t is, uint64_t should)
{
    if (is != should) {
        fail(name, what, is, should);
    }
}

void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = (char)value;
    }
    return to;
}

/* ---- one try ---- */

/* Where in the pushed frame RIP is. */
static unsigned rip_at(unsigned vector)
{
    return vector == V_FAILSAFE ? 6 : vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 ? 3 : 2;
}

static void check_regs(const char *name, uint64_t rax, int rax_too)
{
    for (unsigned i = 0; i < 13; i++) {
        if (i != 9) {
            equal(name, "a register", seen.regs[i], 0x0101010101010101ull * (i < 9 ? i + 1 : i));
        }
    }
    if (rax_too) {
        equal(name, "rax", seen.regs[9], rax);
    }
}

/* @insn in user mode through @cs and @ss, with @flags and @rax: then @vector, with RIP @rip. */
static void user_by(const char *name, const void *insn, uint64_t flags, uint64_t rax, unsigned vector, const void *rip, uint64_t cs, uint64_t ss)
{
    struct iret_context c = { .rax = rax, .r11 = 0x1111, .rcx = 0x2222, .rip = (uintptr_t)insn, .cs = cs, .rflags = flags | 2,
                              .rsp = (uintptr_t)user_stack_end, .ss = ss };
    uint64_t before = seen.count, mask = ALL, is;
    unsigned at = rip_at(vector);

    tries++;
    go_user(&c);
    equal(name, "entries", seen.count - before, 1);
    equal(name, "vector", seen.vector, vector);
    if (seen.vector != vector) {
        return;
    }
    if (vector == V_SYSENTER) { /* what SYSENTER does not keep */
        mask &= ~TF;
        rip = 0;
        cs = 3;
        c.rsp = 0;
    }
    is = seen.frame[at + 2];
    equal(name, "rip", seen.frame[at], (uintptr_t)rip);
    equal(name, "cs", seen.frame[at + 1] & 0xffff, cs);
    equal(name, "flags", is & mask, flags & mask);
    equal(name, "rsp", seen.frame[at + 3], c.rsp);
    equal(name, "ss", seen.frame[at + 4] & 0xffff, ss);
    equal(name, "the handler's flags", seen.flags & (TF | NT | AC), 0);
    if (vector == V_SYSCALL) {
        equal(name, "r11", seen.frame[1] & ALL, flags);
        equal(name, "rcx", seen.frame[0], (uintptr_t)rip);
    } else {
        equal(name, "r11", seen.frame[1], 0x1111);
        equal(name, "rcx", seen.frame[0], 0x2222);
    }
    check_regs(name, rax, 1);
}

static void user(const char *name, const void *insn, uint64_t flags, uint64_t rax, unsigned vector, const void *rip)
{
    user_by(name, insn, flags, rax, vector, rip, FLAT_USER_CS64, FLAT_USER_SS64);
}

static void kernel(const char *name, const void *insn, uint64_t flags, uint64_t rax, unsigned vector, const void *rip, int rax_kept)
{
    uint64_t before = seen.count;

    tries++;
    go_kernel(insn, flags, rax);
    equal(name, "entries", seen.count - before, 1);
    equal(name, "vector", seen.vector, vector);
    equal(name, "rip", seen.frame[rip_at(vector)], (uintptr_t)rip);
    equal(name, "flags", seen.frame[rip_at(vector) + 2] & ALL, flags);
    equal(name, "the handler's flags", seen.flags & (TF | NT | AC), 0);
    check_regs(name, rax, rax_kept);
}

/* ---- the doors ---- */

static void all_doors(uint64_t f)
{
    user("user SYSCALL", do_syscall, f, 7, V_SYSCALL, after_syscall);
    user("user SYSENTER", do_sysenter, f, 7, intel ? V_SYSENTER : V_UD, do_sysenter);
    user("user INT 0x80", do_int80, f, 7, 0x80, after_int80);
    user("user INT3", do_int3, f, 7, V_BP, after_int3);
    user("user UD2", do_ud2, f, 7, V_UD, do_ud2);
    user("user HLT", do_hlt, f, 7, V_GP, do_hlt);
    user("user page fault", do_load, f, 0x1000, V_PF, do_load);
    user("user NOP", do_nop, f, 7, f & TF ? V_DB : V_UD, after_nop);
    user_by("IRET with a bad CS", do_nop, f, 7, V_FAILSAFE, do_nop, 0xffff, FLAT_USER_SS64);
    if (f & TF) {
        return; /* the kernel's own would trap on the way to the instruction */
    }
    kernel("hypercall", do_syscall, f, __HYPERVISOR_xen_version, V_UD, after_syscall, 0);
    kernel("kernel INT 0x80", do_int80, f, 7, 0x80, after_int80, 1);
    kernel("kernel INT3", do_int3, f, 7, V_BP, after_int3, 1);
    kernel("kernel UD2", do_ud2, f, 7, V_UD, do_ud2, 1);
    kernel("kernel #GP", do_load, f, 0x8000000000000000ull, V_GP, do_load, 1);
    kernel("kernel page fault", do_load, f, 0x1000, V_PF, do_load, 1);
}

/* ---- what is mapped ---- */

static void mapped(const char *name, uint64_t address, int expected, uint64_t cs, uint64_t ss)
{
    user_by(name, do_load, 0, address, V_PF, do_load, cs, ss);
    equal(name, "mapped", seen.frame[2] & 1, (uint64_t)expected);
}

/* As machine/layout.h and machine/tables.h have it. */
static void hypervisor_memory(void)
{
    static const uint64_t window = 0xffff820000000000ull, stacks = 0xffff820000020000ull;
    static const char stack_page[] = ".d.n.m.b....ssss";

    mapped("direct map", 0xffff830000100000ull, !xpti, FLAT_USER_CS64, FLAT_USER_SS64);
    mapped("image", 0xffff828000000000ull, !xpti, FLAT_USER_CS64, FLAT_USER_SS64);
    mapped("frame table", 0xffff810000000000ull, !xpti, FLAT_USER_CS64, FLAT_USER_SS64);
    mapped("own tables", window + 14 * PAGE, 1, FLAT_USER_CS64, FLAT_USER_SS64);
    mapped("own SYSCALL stub", window + 15 * PAGE, 1, FLAT_USER_CS64, FLAT_USER_SS64);
    mapped("tables of CPU 1", window + 0x200000 + 14 * PAGE, !xpti, FLAT_USER_CS64, FLAT_USER_SS64);
    mapped("stack of CPU 1", window + 0x200000 + 47 * PAGE, !xpti, FLAT_USER_CS64, FLAT_USER_SS64);
    for (unsigned i = 0; i < 16; i++) {
        mapped("stack page", stacks + i * PAGE, stack_page[i] != '.', FLAT_USER_CS64, FLAT_USER_SS64);
    }
}

/* An IRET through the LDT faults in the hypervisor, in the middle of its way out. */
static void local_descriptors(void)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };

    op.arg1.linear_addr = (uintptr_t)ldt;
    op.arg2.nr_ents = COUNT(ldt);
    equal("LDT", "SET_LDT", hypercall6(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, DOMID_SELF, 0), 0);
    mapped("direct map after IRET through the LDT", 0xffff830000100000ull, !xpti, 1 << 3 | 4 | 3, 2 << 3 | 4 | 3);
    op.arg1.linear_addr = 0;
    op.arg2.nr_ents = 0;
    equal("LDT", "SET_LDT to none", hypercall6(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, DOMID_SELF, 0), 0);
    user_by("IRET with a CS of an LDT that is no more", do_nop, 0, 7, V_FAILSAFE, do_nop, 1 << 3 | 4 | 3, FLAT_USER_SS64);
}

/* ---- start ---- */

static uint64_t frame_of(const void *p)
{
    return ((const uint64_t *)info->mfn_list)[((uint64_t)p - VIRT_BASE) / PAGE];
}

static void callback(unsigned type, unsigned vector)
{
    struct callback_register r = { .type = type, .address = (uintptr_t)handlers + 16 * vector };

    equal("start", "callback", hypercall6(__HYPERVISOR_callback_op, CALLBACKOP_register, (uintptr_t)&r, 0, 0, 0), 0);
}

static void take_over(void)
{
    static struct trap_info traps[2];
    struct mmuext_op op = { .cmd = MMUEXT_NEW_USER_BASEPTR };

    for (unsigned i = 0; i < 256; i++) {
        traps[0] = (struct trap_info){ .vector = i, .flags = i == 0x80 || i == 0x81 || i == V_BP ? 3 : 0, .cs = FLAT_KERNEL_CS,
                                       .address = (uintptr_t)handlers + 16 * i };
        equal("start", "set_trap_table", hypercall6(__HYPERVISOR_set_trap_table, (uintptr_t)traps, 0, 0, 0, 0), 0);
    }
    callback(CALLBACKTYPE_event, V_EVENT);
    callback(CALLBACKTYPE_failsafe, V_FAILSAFE);
    callback(CALLBACKTYPE_syscall, V_SYSCALL);
    callback(CALLBACKTYPE_sysenter, V_SYSENTER);
    hypercall6(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, (uintptr_t)kernel_stack_end, 0, 0, 0);
    op.arg1.mfn = frame_of((void *)info->pt_base);
    equal("start", "user root", hypercall6(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, DOMID_SELF, 0), 0);
    ldt[1] = 0x00affb000000ffffull; /* 64-bit code */
    ldt[2] = 0x00cff3000000ffffull; /* data */
    equal("start", "LDT page", hypercall6(__HYPERVISOR_update_va_mapping, (uintptr_t)ldt, frame_of(ldt) * PAGE | 5, UVMF_INVLPG, 0, 0), 0);
    memset(scratch, 0, sizeof(scratch));
}

static const char *argument(const char *name)
{
    for (const char *s = (const char *)info->cmd_line; *s; s++) {
        unsigned n = 0;

        while (name[n] && s[n] == name[n]) {
            n++;
        }
        if (!name[n]) {
            return s + n;
        }
    }
    return "";
}

void main(const struct start_info *si)
{
    struct sched_shutdown off = { .reason = SHUTDOWN_poweroff };
    uint64_t rounds = 0;

    info = si;
    intel = *argument("cpu=") == 'i';
    xpti = *argument("xpti=") == '1';
    for (const char *s = argument("rounds="); *s >= '0' && *s <= '9'; s++) {
        rounds = rounds * 10 + (uint64_t)(*s - '0');
    }
    take_over();
    put("doors: start");
    end_line();
    for (uint64_t i = 0; i < rounds && failures < 20; i++) {
        static const uint64_t bits[] = { TF, DF, NT, AC, ID };
        uint64_t f = 0;

        for (unsigned b = 0; b < COUNT(bits); b++) {
            f |= i >> b & 1 ? bits[b] : 0;
        }
        all_doors(f);
        local_descriptors();
        if (i % 32 == 0) {
            hypervisor_memory();
        }
    }
    put("doors: ");
    put_decimal(tries);
    put(" tries, ");
    put_decimal(failures);
    put(" failures");
    end_line();
    hypercall6(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uintptr_t)&off, 0, 0, 0);
}
