/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest reads of time without a hypercall: the scale of its TSC
 * (struct vcpu_time_info, with the version protocol of xen/xen.h), the wall
 * clock in the shared info page, and how long each vCPU ran or waited
 * (struct vcpu_runstate_info). Updated when a vCPU is scheduled. The areas that a
 * guest names by linear address can be written only with its kernel's page
 * tables loaded; else v->areas_pending is set. Lock: none, each
 * area is written by the CPU that runs the vCPU.
 */
#include "domain/vcpu_time.h"

#include "atomic.h"
#include "domain/guest_tsc.h"
#include "lib/string.h"
#include "machine/time.h"
#include "mm/guest_access.h"

static void timer_virq(void *data)
{
    event_send_virq(data, VIRQ_TIMER);
}

static void periodic_tick(void *data)
{
    struct vcpu *v = data;
    nsec_t period = READ_ONCE(v->periodic_period), now = system_time();

    if (!period || !READ_ONCE(v->unit.running))
        return; /* armed again when it runs */
    event_send_virq(v, VIRQ_TIMER);
    v->periodic_last = now;
    timer_set(&v->periodic_timer, now + period);
}

/* It may have been too late to stop it: then nobody polls, and a SCHEDOP_block goes on. */
static void poll_timeout(void *data)
{
    struct vcpu *v = data;

    if (READ_ONCE(v->event.polling))
        vcpu_unblock(v);
}

void vcpu_timers_init(struct vcpu *v, unsigned cpu)
{
    timer_init(&v->periodic_timer, periodic_tick, v, cpu);
    timer_init(&v->singleshot_timer, timer_virq, v, cpu);
    timer_init(&v->poll_timer, poll_timeout, v, cpu);
}

void vcpu_timers_kill(struct vcpu *v)
{
    timer_kill(&v->periodic_timer);
    timer_kill(&v->singleshot_timer);
    timer_kill(&v->poll_timer);
}

void vcpu_periodic_enter(struct vcpu *v)
{
    nsec_t now;

    smp_mb(); /* marked as running before we look; see vcpu_set_periodic() */
    if (likely(!READ_ONCE(v->periodic_period)))
        return;
    now = system_time();
    timer_migrate(&v->periodic_timer, cpu_id());
    timer_set(&v->periodic_timer, MAX(now, READ_ONCE(v->periodic_last) + READ_ONCE(v->periodic_period)));
}

void vcpu_periodic_leave(struct vcpu *v)
{
    if (unlikely(v->periodic_period))
        timer_stop(&v->periodic_timer);
}

/*
 * @v may be running elsewhere, or just begin to: its CPU marks it as running and then looks at the period, we
 * look the other way round, so at least one of us arms the timer. Both, or one too late, does no harm: a
 * tick for a vCPU that does not run, or has no period, is the last.
 */
void vcpu_set_periodic(struct vcpu *v, nsec_t period)
{
    nsec_t now = system_time();

    timer_stop(&v->periodic_timer);
    WRITE_ONCE(v->periodic_last, now);
    WRITE_ONCE(v->periodic_period, period);
    smp_mb();
    if (!period || !READ_ONCE(v->unit.running))
        return;
    timer_migrate(&v->periodic_timer, READ_ONCE(v->unit.cpu));
    timer_set(&v->periodic_timer, now + period);
}

static void time_info_fill(const struct vcpu *v, struct vcpu_time_info *t)
{
    const struct domain *d = v->domain;
    const struct time_scale *s = d->tsc.emulated ? &d->tsc.scale : time_scale();
    nsec_t now = d->tsc.emulated ? system_time() : s->system_stamp;

    *t = (struct vcpu_time_info){
        .version = v->time_version,
        .tsc_timestamp = d->tsc.emulated ? guest_tsc_at(d, now) : s->tsc_stamp,
        .system_time = now,
        .tsc_to_system_mul = s->mul,
        .tsc_shift = s->shift,
    };
}

/* In memory that we have mapped ourselves. The version is odd while the rest changes. */
static void time_info_store(struct vcpu_time_info *to, struct vcpu_time_info *t)
{
    WRITE_ONCE(to->version, t->version - 1);
    smp_wmb();
    memcpy((char *)to + sizeof(to->version), (char *)t + sizeof(t->version),
           sizeof(*t) - sizeof(t->version));
    smp_wmb();
    WRITE_ONCE(to->version, t->version);
}

/* The same at a guest address. @return false: it cannot be reached now */
static bool time_info_write(vaddr_t to, struct vcpu_time_info *t)
{
    u32 odd = t->version - 1;
    const size_t body = sizeof(t->version);

    if (guest_write(to, &odd, sizeof(odd)))
        return false;
    smp_wmb();
    if (guest_write(to + body, (char *)t + body, sizeof(*t) - body))
        return false;
    smp_wmb();
    return guest_write(to, &t->version, sizeof(t->version)) == 0;
}

void vcpu_update_time(struct vcpu *v)
{
    struct vcpu_time_info t;

    time_info_fill(v, &t);
    if (t.version && memcmp(&t, &v->info->time, sizeof(t)) == 0)
        return;
    t.version = v->time_version += 2;
    time_info_store(&v->info->time, &t);
    if (v->time_guest && v == current && !time_info_write(v->time_guest, &t))
        v->areas_pending = true;
}

void vcpu_runstate_raw(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    enum run_state state;
    nsec_t entry, times[4];

    memset(out, 0, sizeof(*out));
    sched_times(&v->unit, &state, &entry, times);
    out->state = (int)state;
    out->state_entry_time = entry;
    memcpy(out->time, times, sizeof(times));
}

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    nsec_t now;

    vcpu_runstate_raw(v, out);
    now = system_time();
    if (now > out->state_entry_time)
        out->time[out->state] += now - out->state_entry_time;
}

/* With the assist, bit 63 of state_entry_time is set while the area changes (xen/vcpu.h). */
void vcpu_update_runstate(struct vcpu *v)
{
    struct vcpu_runstate_info r;
    vaddr_t area = v->runstate_guest,
            entry = area + offsetof(struct vcpu_runstate_info, state_entry_time);
    bool flag = v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag);

    if (!area)
        return;
    vcpu_runstate_raw(v, &r);
    if (flag) {
        r.state_entry_time |= XEN_RUNSTATE_UPDATE;
        if (guest_write(entry, &r.state_entry_time, sizeof(r.state_entry_time)))
            goto later;
        smp_wmb();
    }
    if (guest_write(area, &r, sizeof(r)))
        goto later;
    if (flag) {
        smp_wmb();
        r.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
        if (guest_write(entry, &r.state_entry_time, sizeof(r.state_entry_time)))
            goto later;
    }
    return;
later:
    v->areas_pending = true;
}

void vcpu_update_areas(struct vcpu *v)
{
    struct vcpu_time_info t;

    v->areas_pending = false;
    vcpu_update_runstate(v);
    if (!v->time_guest)
        return;
    time_info_fill(v, &t);
    (void)time_info_write(v->time_guest, &t); /* still not mapped: the guest's own mistake */
    v->areas_pending = false;
}

void domain_update_wallclock(struct domain *d)
{
    struct shared_info *s = d->shared_info;
    u32 version = (s->wc_version + 1) | 1, nsec;
    u64 sec;

    wallclock_base(&sec, &nsec);
    sec += (u64)d->time_offset_seconds;
    WRITE_ONCE(s->wc_version, version);
    smp_wmb();
    s->wc_sec = (u32)sec;
    s->wc_nsec = nsec;
    s->wc_sec_hi = (u32)(sec >> 32);
    smp_wmb();
    WRITE_ONCE(s->wc_version, version + 1);
}

void domains_update_wallclock(void)
{
    struct domain *d;

    for (domid_t id = 0; (d = domain_next(id)) != NULL; domain_put(d)) {
        id = d->id + 1;
        domain_update_wallclock(d);
    }
}
