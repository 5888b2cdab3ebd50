/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercall preemption, see the header. A PV guest's hypercall instruction
 * (SYSCALL, SYSENTER stub or INT 0x82) is two bytes long. Called by everything that
 * implements a long hypercall; no locks.
 */
#include "domain/continuation.h"

#include "domain/domain.h"
#include "errno.h"
#include "machine/cpu.h"

#define HYPERCALL_INSN_BYTES 2

long hypercall_continue(unsigned nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    struct vcpu *v = current;
    struct regs *r = guest_regs();

    v->hcall_preempted = true;
    if (v->in_multicall) {
        v->multicall_next = (struct hcall_next){nr, {a1, a2, a3, a4, a5}};
        return -ERESTART;
    }
    r->rip -= HYPERCALL_INSN_BYTES;
    r->rax = nr;
    r->rdi = a1;
    r->rsi = a2;
    r->rdx = a3;
    r->r10 = a4;
    r->r8 = a5;
    return -ERESTART;
}
