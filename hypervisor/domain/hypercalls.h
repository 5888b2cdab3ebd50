/* SPDX-License-Identifier: GPL-2.0-only */
/* Hypercalls of this floor for the dispatch table in control/; do_event_channel_op is in event_channel.h. */
#ifndef HV_DOMAIN_HYPERCALLS_H
#define HV_DOMAIN_HYPERCALLS_H

#include "types.h"

long do_vcpu_op(u64 cmd, u64 vcpuid, vaddr_t arg);
long do_sched_op(u64 cmd, vaddr_t arg);
long do_sched_op_compat(u64 cmd, u64 arg);
long do_set_timer_op(u64 timeout);
long do_grant_table_op(u64 cmd, vaddr_t uop, u64 count);

#endif
