/* SPDX-License-Identifier: GPL-2.0-only */
/* The performance counters of perfc.h. Read by control/sysctl_perfc.c. No locks. */
#include "machine/perfc.h"

#include "lib/string.h"
#include "machine/smp.h"

DEFINE_PERCPU(u32 [PERFC_COUNT], perfc);

static const char *const names[PERFC_COUNT] = {
    [PERFC_TIMER_INTERRUPTS] = "timer interrupts",
    [PERFC_OTHER_INTERRUPTS] = "other interrupts",
    [PERFC_CONTEXT_SWITCHES] = "context switches",
    [PERFC_REMOTE_TLB_FLUSHES] = "TLB flushes of other CPUs",
    [PERFC_PRIVILEGED_EMULATED] = "PV: privileged instructions emulated",
    [PERFC_PT_WRITES_EMULATED] = "PV: page-table writes emulated",
};

const char *perfc_name(enum perfc counter)
{
    return names[counter];
}

u32 perfc_value(enum perfc counter, unsigned cpu)
{
    return READ_ONCE(per_cpu(perfc, cpu)[counter]);
}

void perfc_reset(void)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        memset(per_cpu(perfc, cpu), 0, sizeof(per_cpu(perfc, cpu)));
}
