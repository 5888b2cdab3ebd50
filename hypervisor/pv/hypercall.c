/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the registers of a PV guest to a hypercall and back: number in rax,
 * arguments in rdi, rsi, rdx, r10, r8, result in rax (xen/arch-x86/xen-x86_64.h).
 * A preempted call has changed the registers itself (domain/continuation.c) and
 * is executed again when the guest goes on. Locks: none.
 */
#include "pv/hypercall.h"

#include "domain/domain.h"
#include "sched/softirq.h"

long (*pv_hypercall_handler)(u64 nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);

void pv_hypercall(struct regs *regs, struct vcpu *v)
{
    long rc;

    work_begin();
    rc = pv_hypercall_handler(regs->rax, regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8);

    if (unlikely(v->hcall_preempted))
        v->hcall_preempted = false;
    else
        regs->rax = rc;
}
