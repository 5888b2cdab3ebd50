/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prints registers and the chain of calls with names (machine/trap.h). Reads only
 * the stack of the CPU it runs on, so that it cannot fault. No locks.
 */
#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/symbols.h"
#include "machine/trap.h"
#include "machine/x86.h"

#define EXCEPTIONS 32

static const char *const names[EXCEPTIONS] = {
    [TRAP_DE] = "divide error",           [TRAP_DB] = "debug",
    [TRAP_NMI] = "NMI",                   [TRAP_BP] = "breakpoint",
    [TRAP_OF] = "overflow",               [TRAP_BR] = "bound range",
    [TRAP_UD] = "invalid opcode",         [TRAP_NM] = "device not available",
    [TRAP_DF] = "double fault",           [TRAP_TS] = "invalid TSS",
    [TRAP_NP] = "segment not present",    [TRAP_SS] = "stack segment fault",
    [TRAP_GP] = "general protection",     [TRAP_PF] = "page fault",
    [TRAP_MF] = "x87 error",              [TRAP_AC] = "alignment check",
    [TRAP_MC] = "machine check",          [TRAP_XM] = "SIMD error",
    [TRAP_VE] = "virtualization error",   [TRAP_CP] = "control protection",
};

const char *trap_name(unsigned vector)
{
    return vector < EXCEPTIONS && names[vector] ? names[vector] : "interrupt";
}

void regs_print(const struct regs *r)
{
    u64 off = 0;
    const char *name = symbol_find(r->rip, &off);

    printk(LOG_ERROR, "CPU %u: %s, RIP %04x:%016lx %s%s%#lx\n", cpu_id(), trap_name(r->vector),
           r->cs, r->rip,
           name ? name : "", name ? "+" : "", off);
    printk(LOG_ERROR, "RFLAGS %016lx  RSP %04x:%016lx  error code %08x\n", r->rflags, r->ss,
           r->rsp, r->error_code);
    printk(LOG_ERROR, "RAX %016lx RBX %016lx RCX %016lx RDX %016lx\n", r->rax, r->rbx, r->rcx,
           r->rdx);
    printk(LOG_ERROR, "RSI %016lx RDI %016lx RBP %016lx R8  %016lx\n", r->rsi, r->rdi, r->rbp,
           r->r8);
    printk(LOG_ERROR, "R9  %016lx R10 %016lx R11 %016lx R12 %016lx\n", r->r9, r->r10, r->r11,
           r->r12);
    printk(LOG_ERROR, "R13 %016lx R14 %016lx R15 %016lx\n", r->r13, r->r14, r->r15);
    printk(LOG_ERROR, "CR0 %016lx CR2 %016lx CR3 %016lx CR4 %016lx\n", read_cr0(), read_cr2(),
           read_cr3(), read_cr4());
}

static void print_address(u64 va)
{
    u64 off;
    const char *name = symbol_find(va, &off);

    if (name)
        printk(LOG_ERROR, "  %016lx %s+%#lx\n", va, name, off);
    else
        printk(LOG_ERROR, "  %016lx\n", va);
}

/* Follows the chain of frame pointers as long as it stays on this CPU's stack and goes up. */
static void walk_frames(u64 rbp)
{
    u64 low = (u64)cpu_top() & ~(STACK_SIZE - 1), high = low + STACK_SIZE - 16;

    for (unsigned depth = 0; depth < 32; depth++) {
        const u64 *frame = (const u64 *)rbp;

        if (rbp < low || rbp > high || rbp % 8 || !is_text(frame[1]))
            break;
        print_address(frame[1]);
        if (frame[0] <= rbp)
            break;
        rbp = frame[0];
    }
}

void backtrace_print(const struct regs *regs)
{
    printk(LOG_ERROR, "Call trace:\n");
    if (!regs) {
        walk_frames((u64)__builtin_frame_address(0));
        return;
    }
    if (is_text(regs->rip))
        print_address(regs->rip);
    else if ((regs->rsp ^ (u64)regs) < STACK_SIZE && is_text(*(const u64 *)regs->rsp))
        print_address(*(const u64 *)regs->rsp); /* a call through a bad pointer: who made it */
    walk_frames(regs->rbp);
}
