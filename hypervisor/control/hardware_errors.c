/* SPDX-License-Identifier: GPL-2.0-only */
/* See the header. A timer of the boot CPU; no locks. */
#include "control/hardware_errors.h"

#include "atomic.h"
#include "domain/domain.h"
#include "machine/machine_check.h"
#include "sched/timer.h"

#define PERIOD 1000000000UL /* nanoseconds */

static struct timer timer;

/* As Xen does: the reason goes to shared_info.arch.nmi_reason, the NMI to vCPU 0 (xen/nmi.h). */
static void tell_dom0(u32 reasons)
{
    struct vcpu *v = dom0 ? domain_vcpu(dom0, 0) : NULL;

    if (!v)
        return;
    atomic_or(&dom0->shared_info->arch.nmi_reason, (unsigned long)reasons);
    WRITE_ONCE(v->nmi_pending, true);
    vcpu_kick(v);
}

static void look(void *unused)
{
    u32 reasons = hardware_errors_report();

    if (reasons)
        tell_dom0(reasons);
    timer_set(&timer, system_time() + PERIOD);
}

void hardware_errors_start(void)
{
    timer_init(&timer, look, NULL, 0);
    timer_set(&timer, system_time() + PERIOD);
}
