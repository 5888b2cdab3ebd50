/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU does for ever: pending work, then the current vCPU, which is a
 * guest's or the idle one. Entering a guest does not return here; its next entry
 * into the hypervisor ends in the return path of its kind, which does the same
 * as this loop and comes back to it when the idle vCPU has become current.
 */
#include "domain/cpu_loop.h"

#include "domain/domain.h"
#include "machine/cpu.h"
#include "machine/time.h"
#include "sched/softirq.h"

void cpu_loop(void)
{
    for (;;) {
        irq_disable();
        if (softirqs_pending()) {
            irq_enable();
            softirq_run();
        } else if (vcpu_is_idle(current)) {
            clock_event_idle();
            cpu_idle_wait();
        } else {
            current_domain()->kind->enter();
        }
    }
}
