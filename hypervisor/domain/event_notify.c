/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: finding a port's record, notifying it, virqs. What a pending
 * event looks like to the guest is behind d->event.ops. A record, once made, stays until
 * the domain is freed, so notification needs the lock of the port only
 * (LOCK_EVENT_PORT, interrupts disabled). Called in any context.
 */
#include "atomic.h"
#include "bug.h"
#include "domain/event_internal.h"
#include "errno.h"

static struct spinlock virq_handler_lock = SPINLOCK_INIT(LOCK_VIRQ);
static struct domain *virq_handler[NR_VIRQS]; /* NULL: Domain 0; holds a reference; no dying domain */

struct event_channel *event_channel(const struct domain *d, evtchn_port_t port)
{
    const struct event_group *group;

    if (port >= atomic_load(&d->event.valid_ports))
        return NULL;
    group = d->event.groups[port / EVENT_PORTS_PER_GROUP];
    return group->bucket[port / EVENT_CHANNELS_PER_BUCKET % EVENT_BUCKETS_PER_GROUP] +
           port % EVENT_CHANNELS_PER_BUCKET;
}

static struct event_channel *far_end(const struct event_channel *c)
{
    return c->state == EVTCHNSTAT_interdomain ? event_channel(c->remote.domain, c->remote.port) : NULL;
}

void event_lock_senders(struct event_channel *c)
{
    struct event_channel *far = far_end(c);

    if (far)
        spin_lock_pair(&c->lock, &far->lock);
    else
        spin_lock(&c->lock);
}

void event_unlock_senders(struct event_channel *c)
{
    struct event_channel *far = far_end(c);

    if (far)
        spin_unlock_pair(&c->lock, &far->lock);
    else
        spin_unlock(&c->lock);
}

bool event_virq_is_global(u32 virq)
{
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

void event_mark_pending(struct vcpu *v)
{
    if (!atomic_xchg(&v->info->evtchn_upcall_pending, 1))
        vcpu_kick(v);
}

void event_check_pollers(struct domain *d, evtchn_port_t port)
{
    unsigned id;

    smp_mb(); /* the event is visible before we look who waits */
    for_each_set_bit(id, d->event.poll_mask, MAX_VCPUS) {
        struct vcpu *v = d->vcpus[id];
        evtchn_port_t waits_for = READ_ONCE(v->event.poll_port);

        if (waits_for == EVENT_POLL_MANY || waits_for == port)
            vcpu_unblock(v);
    }
}

/* The port's lock is not needed: the far end of a channel is kept open by the near end's. */
static void notify(struct domain *d, struct event_channel *c)
{
    struct vcpu *v = atomic_load(&d->vcpus[READ_ONCE(c->notify_vcpu)]);

    atomic_load(&d->event.ops)->set_pending(d, v, c);
}

int event_send(struct domain *d, evtchn_port_t port)
{
    struct event_channel *c = event_channel(d, port);
    bool irq;
    int rc = 0;

    if (!c)
        return -EINVAL;
    irq = spin_lock_irqsave(&c->lock);
    switch (c->state) {
    case EVTCHNSTAT_interdomain:
        notify(c->remote.domain, event_channel(c->remote.domain, c->remote.port));
        break;
    case EVTCHNSTAT_ipi:
        notify(d, c);
        break;
    case EVTCHNSTAT_unbound: /* nobody there yet: lost, bind_interdomain makes up for it */
        break;
    default:
        rc = -EINVAL;
    }
    spin_unlock_irqrestore(&c->lock, irq);
    return rc;
}

/* Notifies @port if it is still what the caller took it for. */
static void send_checked(struct domain *d, evtchn_port_t port, u8 state, u32 virq)
{
    struct event_channel *c = port ? event_channel(d, port) : NULL;
    bool irq;

    if (!c)
        return;
    irq = spin_lock_irqsave(&c->lock);
    if (c->state == state && (state != EVTCHNSTAT_virq || c->virq == virq))
        notify(d, c);
    spin_unlock_irqrestore(&c->lock, irq);
}

void event_send_port(struct domain *d, evtchn_port_t port)
{
    send_checked(d, port, EVTCHNSTAT_pirq, 0);
}

void event_send_virq(struct vcpu *v, unsigned virq)
{
    ASSERT(!event_virq_is_global(virq));
    send_checked(v->domain, READ_ONCE(v->event.virq_port[virq]), EVTCHNSTAT_virq, virq);
}

void event_send_domain_virq(struct domain *d, unsigned virq)
{
    struct vcpu *v = d->vcpus[0]; /* where global ones are bound */

    ASSERT(event_virq_is_global(virq));
    if (v)
        send_checked(d, READ_ONCE(v->event.virq_port[virq]), EVTCHNSTAT_virq, virq);
}

void event_send_global_virq(unsigned virq)
{
    struct domain *d;
    bool irq = spin_lock_irqsave(&virq_handler_lock);

    d = virq_handler[virq];
    if (d)
        domain_get(d);
    spin_unlock_irqrestore(&virq_handler_lock, irq);
    if (!d && dom0)
        event_send_domain_virq(dom0, virq);
    if (!d)
        return;
    event_send_domain_virq(d, virq);
    domain_put(d);
}

int event_set_virq_handler(struct domain *d, u32 virq)
{
    struct domain *old;
    bool irq;

    if (virq >= NR_VIRQS || !event_virq_is_global(virq))
        return -EINVAL;
    irq = spin_lock_irqsave(&virq_handler_lock);
    if (d && d->dying) { /* it would be kept for ever: event_drop_virq_handlers() has been here */
        spin_unlock_irqrestore(&virq_handler_lock, irq);
        return -EINVAL;
    }
    old = virq_handler[virq];
    virq_handler[virq] = d ? domain_get(d) : NULL;
    spin_unlock_irqrestore(&virq_handler_lock, irq);
    if (old)
        domain_put(old);
    return 0;
}

/* A dying domain handles nothing any more: back to Domain 0. */
void event_drop_virq_handlers(struct domain *d)
{
    for (unsigned i = 0; i < NR_VIRQS; i++) {
        bool irq = spin_lock_irqsave(&virq_handler_lock), was = virq_handler[i] == d;

        if (was)
            virq_handler[i] = NULL;
        spin_unlock_irqrestore(&virq_handler_lock, irq);
        if (was)
            domain_put(d);
    }
}

bool event_needs_upcall(const struct vcpu *v)
{
    const struct vcpu_info *info = READ_ONCE(v->info);

    if (!READ_ONCE(info->evtchn_upcall_pending))
        return false;
    return !READ_ONCE(info->evtchn_upcall_mask);
}

int event_port_pending(struct domain *d, evtchn_port_t port)
{
    struct event_channel *c = event_channel(d, port);
    bool irq, pending;

    if (!c)
        return -EINVAL;
    irq = spin_lock_irqsave(&c->lock);
    pending = c->state != EVTCHNSTAT_closed && d->event.ops->is_pending(d, port);
    spin_unlock_irqrestore(&c->lock, irq);
    return pending;
}
