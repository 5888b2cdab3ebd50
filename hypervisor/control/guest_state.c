/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's part of a panic or of the end of Domain 0: whose vCPU was running
 * on this CPU and where. Called by machine/panic.c, boot/shutdown.c and a key; no locks.
 */
#include "control/guest_state.h"

#include "domain/domain.h"
#include "machine/console.h"
#include "machine/cpu.h"

void guest_state_print(void)
{
    const struct vcpu *v = current;
    const struct regs *r = guest_regs();

    if (!v || vcpu_is_idle(v)) {
        printk(LOG_ERROR, "CPU %u was not running a guest\n", cpu_id());
        return;
    }
    printk(LOG_ERROR, "Guest on CPU %u: d%uv%u%s, RIP %04x:%016lx RFLAGS %016lx RSP %04x:%016lx\n",
           cpu_id(),
           v->domain->id, v->id, v->domain->privileged ? " (privileged)" : "", r->cs, r->rip,
               r->rflags, r->ss, r->rsp);
    printk(LOG_ERROR, "  RAX %016lx RBX %016lx RCX %016lx RDX %016lx\n", r->rax, r->rbx, r->rcx,
           r->rdx);
    printk(LOG_ERROR, "  RSI %016lx RDI %016lx RBP %016lx R8  %016lx\n", r->rsi, r->rdi, r->rbp,
           r->r8);
    printk(LOG_ERROR, "  R9  %016lx R10 %016lx R11 %016lx R12 %016lx\n", r->r9, r->r10, r->r11,
           r->r12);
    printk(LOG_ERROR, "  R13 %016lx R14 %016lx R15 %016lx\n", r->r13, r->r14, r->r15);
}
