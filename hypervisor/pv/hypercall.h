/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_PV_HYPERCALL_H
#define HV_PV_HYPERCALL_H

#include "machine/regs.h"

struct vcpu;

/* Registered by the control floor: performs hypercall @nr for the current vCPU. */
extern long (*pv_hypercall_handler)(u64 nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);

/* A hypercall of the kernel of @v, which is current, called by pv/entry.S with interrupts enabled. */
void pv_hypercall(struct regs *regs, struct vcpu *v);

#endif
