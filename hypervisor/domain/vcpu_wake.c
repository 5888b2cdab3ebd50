/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waking, kicking, pausing a vCPU: what event channels and timers need of it.
 * Any context, except vcpu_pause(), which waits, and vcpu_hold() and
 * vcpu_release(), which want d->state_lock.
 */
#include "atomic.h"
#include "domain/internal.h"
#include "machine/cpu.h"
#include "machine/smp.h"

struct vcpu *domain_vcpu(const struct domain *d, u64 id)
{
    return id < d->max_vcpus ? d->vcpus[id] : NULL;
}

bool vcpu_hold(struct vcpu *v, u32 flag)
{
    if (v->pause_flags & flag)
        return false;
    v->pause_flags |= flag;
    sched_pause(&v->unit);
    return true;
}

bool vcpu_release(struct vcpu *v, u32 flag)
{
    if (!(v->pause_flags & flag))
        return false;
    v->pause_flags &= ~flag;
    sched_unpause(&v->unit);
    return true;
}

void vcpu_pause(struct vcpu *v)
{
    sched_pause(&v->unit);
    sched_sync(&v->unit);
}

void vcpu_unpause(struct vcpu *v)
{
    sched_unpause(&v->unit);
}

void vcpu_unblock(struct vcpu *v)
{
    if (READ_ONCE(v->event.polling)) {
        v->event.poll_port = 0;
        WRITE_ONCE(v->event.polling, false);
        smp_mb(); /* before it runs and may poll again */
        atomic_test_and_clear_bit(v->id, v->domain->event.poll_mask);
        timer_stop(&v->poll_timer);
    }
    sched_wake(&v->unit);
}

void vcpu_kick(struct vcpu *v)
{
    vcpu_unblock(v);
    if (v != current && READ_ONCE(v->unit.running))
        smp_kick(v->unit.cpu);
}
