/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU pools. There is one, "Pool-0", with every online CPU; making others is
 * not supported yet. Called by control/sysctl.c. No locks.
 */
#include "sched/cpupool.h"

#include "errno.h"

int cpupool_get(u32 id, bool exact, struct cpupool_info *out)
{
    (void)exact;
    if (id != 0)
        return -ENOENT;
    *out = (struct cpupool_info){0, sched_current()->id, &cpu_online_mask};
    return 0;
}
