/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU pools: for now the one that holds all CPUs and domains, for the queries of the toolstack. */
#ifndef HV_SCHED_CPUPOOL_H
#define HV_SCHED_CPUPOOL_H

#include "sched/sched.h"

struct cpupool_info {
    u32 id;
    u32 sched_id;               /* XEN_SCHEDULER_* */
    const struct cpumask *cpus;
};

/* The pool with the lowest id >= @id (@exact: only that one). @return 0, -ENOENT */
int cpupool_get(u32 id, bool exact, struct cpupool_info *out);

#endif
