/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HYPERVISOR_sched_op, its old form and set_timer_op: a guest gives up the CPU,
 * waits for events, ends or watches itself (xen/sched.h). Error codes are Xen
 * 4.17's. Locks: d->state_lock for the watchdogs.
 */
#include "atomic.h"
#include "domain/domain.h"
#include "domain/hypercalls.h"
#include "domain/internal.h"
#include "domain/privilege.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include <xen/sched.h>

#define MAX_POLL_PORTS    128
#define ODD_TIMEOUT_DELAY 100000000UL /* 100 ms */

/* What has come before we went to sleep has not woken us. After sched_block(). */
static bool came_already(const struct vcpu *v)
{
    return event_needs_upcall(v) || READ_ONCE(v->nmi_pending);
}

static void block(struct vcpu *v)
{
    sched_block(&v->unit);
    if (came_already(v))
        vcpu_unblock(v);
}

static long block_with_events(void)
{
    struct vcpu *v = current;

    WRITE_ONCE(v->info->evtchn_upcall_mask, 0);
    smp_mb();
    block(v);
    return 0;
}

/* @return 1: one of the ports is pending, 0: none, negative: error */
static long poll_look(struct vcpu *v, const struct sched_poll *p)
{
    evtchn_port_t port = 0;

    for (unsigned i = 0; i < p->nr_ports; i++) {
        int pending;

        if (copy_from_guest_at(&port, p->ports, i))
            return -EFAULT;
        pending = event_port_pending(v->domain, port);
        if (pending)
            return pending;
    }
    if (p->nr_ports == 1)
        WRITE_ONCE(v->event.poll_port, port);
    return 0;
}

static long poll(vaddr_t arg)
{
    struct vcpu *v = current;
    struct sched_poll p;
    long rc;

    if (read_guest_struct(&p, arg))
        return -EFAULT;
    if (p.nr_ports > MAX_POLL_PORTS)
        return -EINVAL;
    if (!guest_range_ok((vaddr_t)p.ports.p, p.nr_ports * sizeof(evtchn_port_t)))
        return -EFAULT;
    /*
     * First waiting, then looking: what comes in between wakes us. Blocked comes before polling: vcpu_unblock() takes
     * polling back and then wakes, so between the two orders it would leave us blocked with nobody who looks for us.
     */
    sched_block(&v->unit);
    v->event.poll_port = EVENT_POLL_MANY;
    WRITE_ONCE(v->event.polling, true);
    atomic_test_and_set_bit(v->id, v->domain->event.poll_mask); /* a full barrier */
    rc = came_already(v) ? 1 : poll_look(v, &p);
    if (rc) {
        vcpu_unblock(v);
        return rc < 0 ? rc : 0;
    }
    if (p.timeout) {
        timer_migrate(&v->poll_timer, cpu_id());
        timer_set(&v->poll_timer, p.timeout);
        smp_mb();
        if (!READ_ONCE(v->event.polling))
            timer_stop(&v->poll_timer); /* an event ended the poll before there was a timer to stop */
    }
    return 0;
}

static long do_shutdown(vaddr_t arg)
{
    struct sched_shutdown s;

    if (read_guest_struct(&s, arg))
        return -EFAULT;
    guest_printk(LOG_DEBUG, "d%dv%u shuts down, reason %u, rip %016lx\n", current_domain()->id,
                 current->id, s.reason, guest_regs()->rip);
    domain_shutdown(current_domain(), (u8)MIN(s.reason, 0xfeu));
    return 0;
}

/* The reason counts for the shutdown that follows. */
static long shutdown_code(vaddr_t arg)
{
    struct domain *d = current_domain();
    struct sched_shutdown s;

    if (read_guest_struct(&s, arg))
        return -EFAULT;
    spin_lock(&d->state_lock);
    if (d->shutdown_code == SHUTDOWN_CODE_NONE)
        d->shutdown_code = (u8)MIN(s.reason, 0xfeu);
    spin_unlock(&d->state_lock);
    return 0;
}

static long remote_shutdown(vaddr_t arg)
{
    struct sched_remote_shutdown r;
    struct domain *d;
    bool may;

    if (read_guest_struct(&r, arg))
        return -EFAULT;
    d = domain_find(r.domain_id);
    if (!d)
        return -ESRCH;
    may = domain_may(PRIV_DEVICE_MODEL, d);
    if (may)
        domain_shutdown(d, (u8)MIN(r.reason, 0xfeu));
    domain_put(d);
    return may ? 0 : -EPERM;
}

static void watchdog_bites(void *data)
{
    struct domain *d = data;

    if (READ_ONCE(d->shutting_down) || READ_ONCE(d->dying))
        return;
    guest_printk(LOG_WARNING, "d%d: watchdog expired\n", d->id);
    domain_shutdown(d, SHUTDOWN_watchdog);
}

/*
 * state_lock held. @id 0: a new one, which with 0 seconds bites at once, as on Xen. @return its id,
 * 0 when changed, -EINVAL, -ENOSPC
 */
static long watchdog_set(struct domain *d, u32 id, u32 seconds)
{
    unsigned i = id - 1;

    if (id > NR_WATCHDOGS)
        return -EINVAL;
    if (id == 0) {
        for (i = 0; i < NR_WATCHDOGS && (d->watchdogs_in_use & BIT(i)); i++)
            ;
        if (i == NR_WATCHDOGS)
            return -ENOSPC;
        timer_init(&d->watchdog[i], watchdog_bites, d, cpu_id());
        d->watchdogs_in_use |= (unsigned)BIT(i);
    } else if (!(d->watchdogs_in_use & BIT(i))) {
        return -EINVAL;
    }
    if (id && !seconds) {
        timer_stop(&d->watchdog[i]);
        d->watchdogs_in_use &= ~(unsigned)BIT(i);
        return 0;
    }
    timer_set(&d->watchdog[i], system_time() + seconds * 1000000000UL);
    return id ? 0 : (long)i + 1;
}

static long watchdog(vaddr_t arg)
{
    struct domain *d = current_domain();
    struct sched_watchdog w;
    long rc;

    if (read_guest_struct(&w, arg))
        return -EFAULT;
    spin_lock(&d->state_lock);
    rc = watchdog_set(d, w.id, w.timeout);
    spin_unlock(&d->state_lock);
    return rc;
}

static long pin_override(vaddr_t arg)
{
    struct sched_pin_override p;

    if (!domain_may(PRIV_CONTROL, NULL))
        return -EPERM;
    if (read_guest_struct(&p, arg))
        return -EFAULT;
    return sched_pin_override(&current->unit, p.pcpu);
}

/* Whoever yields waits for another CPU: PAUSE tells the other thread of the core, and the hypervisor below us where there is one. */
static long yield(void)
{
    sched_yield();
    cpu_relax();
    return 0;
}

long do_sched_op(u64 cmd, vaddr_t arg)
{
    switch (cmd) {
    case SCHEDOP_yield:
        return yield();
    case SCHEDOP_block:
        return block_with_events();
    case SCHEDOP_shutdown:
        return do_shutdown(arg);
    case SCHEDOP_shutdown_code:
        return shutdown_code(arg);
    case SCHEDOP_poll:
        return poll(arg);
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(arg);
    case SCHEDOP_watchdog:
        return watchdog(arg);
    case SCHEDOP_pin_override:
        return pin_override(arg);
    }
    return -ENOSYS;
}

long do_sched_op_compat(u64 cmd, u64 arg)
{
    switch (cmd) {
    case SCHEDOP_yield:
        return yield();
    case SCHEDOP_block:
        return block_with_events();
    case SCHEDOP_shutdown:
        domain_shutdown(current_domain(), (u8)MIN(arg, 0xfeu));
        return 0;
    }
    return -ENOSYS;
}

/*
 * Old one-shot timer. A time in the far past or future is a guest that has lost
 * its clock (a known bug of old Linux): it gets an interrupt soon, to look again.
 */
long do_set_timer_op(u64 timeout)
{
    struct vcpu *v = current;
    nsec_t now = system_time();

    if (!timeout) {
        timer_stop(&v->singleshot_timer);
        return 0;
    }
    if ((s64)timeout < 0 || ((s64)(timeout - now) > 0 && (timeout - now) >> 50))
        timeout = now + ODD_TIMEOUT_DELAY;
    timer_migrate(&v->singleshot_timer, cpu_id());
    timer_set(&v->singleshot_timer, timeout);
    return 0;
}
