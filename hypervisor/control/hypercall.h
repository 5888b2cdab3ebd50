/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls by number. The entry code (pv/hypercall.c) looks a number up here
 * and calls the function with the guest's arguments; RAX becomes the result
 * unless current->hcall_preempted is set (domain/continuation.h).
 */
#ifndef HV_CONTROL_HYPERCALL_H
#define HV_CONTROL_HYPERCALL_H

#include "types.h"

#define HYPERCALL_COUNT 64

typedef long (*hypercall_fn)(u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);

/* NULL: no such hypercall, -ENOSYS. */
extern const hypercall_fn hypercall_table[HYPERCALL_COUNT];

/* Looks up and calls; -ENOSYS for an unknown number. */
long hypercall_dispatch(u64 nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);

typedef long (*hypercall_call)(u64 nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);

/* What guests' hypercalls go to: hypercall_dispatch, or with the option hypercall-watch what measures it. */
hypercall_call hypercall_entry(void);

/* The hypercalls of this floor. Arguments as the guest passed them; see the file of each name. */
long do_multicall(vaddr_t list, u64 count, hypercall_call dispatch); /* dispatch: hypercall_dispatch */
long do_xen_version(u64 cmd, vaddr_t arg);
long do_console_io(u64 cmd, u64 count, vaddr_t buffer);
long do_memory_op(u64 cmd, vaddr_t arg);
long do_physdev_op(u64 cmd, vaddr_t arg);
long do_physdev_op_compat(vaddr_t op);
long do_platform_op(vaddr_t arg);
long do_vm_assist(u64 cmd, u64 type);
long do_sysctl(vaddr_t arg);
long do_domctl(vaddr_t arg);

#endif
