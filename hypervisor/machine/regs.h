/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers that an entry into the hypervisor saves, in the order in which
 * machine/entry.S and pv/entry.S push them. A guest's frame always lies at the
 * top of the physical CPU's stack (struct cpu_top), so that the hardware's own
 * push from TSS.RSP0 ends up in place.
 */
#ifndef HV_MACHINE_REGS_H
#define HV_MACHINE_REGS_H

#include "types.h"

struct vcpu;

struct regs {
    u64 r15, r14, r13, r12, rbp, rbx;
    u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u32 error_code; /* of the hardware, or 0 */
    u32 vector;     /* exception or interrupt number; TRAP_SYSCALL, TRAP_SYSENTER for these */
    u64 rip;
    u16 cs, pad_cs[3];
    u64 rflags;
    u64 rsp;
    u16 ss, pad_ss[3];
};

#define TRAP_SYSCALL 0x100
#define TRAP_SYSENTER 0x101

/* What lies at the very top of a physical CPU's stack. */
struct cpu_top {
    struct regs guest;    /* registers of the running vCPU while we are in the hypervisor */
    struct vcpu *current; /* the vCPU whose context is loaded */
    u64 percpu_offset;    /* see percpu.h */
    u64 guest_cr3;        /* XPTI: the root to load before returning to the guest, 0: none (pv/xpti.c) */
    u64 host_cr3;         /* XPTI: the full root, from just before guest_cr3 is loaded until just after the full one is again; else 0 (entry.S) */
    u64 full_cr3;         /* XPTI: the full root that belongs to guest_cr3 */
    u32 cpu;              /* number of this physical CPU */
    s32 work_left;        /* of the hypercall under way: sched/softirq.h */
};
/* The end of the guest's frame is TSS.RSP0, which the CPU aligns to 16 bytes before it pushes. */
_Static_assert((sizeof(struct cpu_top) - sizeof(struct regs)) % 16 == 0, "the frame must lie where the CPU pushes it");

#endif
