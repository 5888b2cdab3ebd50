/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercall preemption: an operation that takes long returns
 * hypercall_continue(...) from a point where everything done so far is
 * consistent. The dispatcher rewinds the guest to the hypercall instruction with
 * the given number and arguments, so the call goes on when the guest runs next.
 * Inside a multicall the entry is changed instead: the dispatcher finds the new
 * number and arguments in current->multicall_next. Either way
 * current->hcall_preempted is set, and RAX must be left as it is.
 */
#ifndef HV_DOMAIN_CONTINUATION_H
#define HV_DOMAIN_CONTINUATION_H

#include "types.h"

/* What an entry of a multicall is to become, when the operation in it has been preempted. */
struct hcall_next {
    u64 op;
    u64 args[5];
};

/* Notes number and arguments (a5 unused ones 0) of the call to be made instead. @return -ERESTART, to be returned at once. */
long hypercall_continue(unsigned nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);

#endif
