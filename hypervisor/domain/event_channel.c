/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: the table of a domain's ports, notification, closing. Making
 * ports is in event_bind.c, the hypercall in event_op.c, what a pending event
 * looks like to the guest in event_2l.c and event_fifo.c.
 *
 * A record, once made, stays until the domain is freed, so notification needs
 * the lock of the port only. Locks: d->event.lock (two domains: in the order of
 * their addresses), then the port's (the same), interrupts disabled.
 */
#include "atomic.h"
#include "bug.h"
#include "domain/event_internal.h"
#include "domain/pirq.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "mm/heap.h"
#include "sched/softirq.h"

static struct spinlock virq_handler_lock = SPINLOCK_INIT(LOCK_VIRQ);
static struct domain *virq_handler[NR_VIRQS]; /* NULL: Domain 0; holds a reference */

struct event_channel *event_channel(const struct domain *d, evtchn_port_t port)
{
    struct event_channel **group;

    if (port >= atomic_load(&d->event.valid_ports))
        return NULL;
    group = d->event.groups[port / EVENT_PORTS_PER_GROUP];
    return group[port / EVENT_CHANNELS_PER_BUCKET % EVENT_BUCKETS_PER_GROUP] +
           port % EVENT_CHANNELS_PER_BUCKET;
}

/* Makes records for the next EVENT_CHANNELS_PER_BUCKET ports. */
static int add_bucket(struct domain *d)
{
    struct event_domain *e = &d->event;
    unsigned first = e->valid_ports, g = first / EVENT_PORTS_PER_GROUP;
    struct event_channel *bucket;

    if (!e->groups[g])
        e->groups[g] = heap_array(EVENT_BUCKETS_PER_GROUP, sizeof(*e->groups[g]));
    if (!e->groups[g])
        return -ENOMEM;
    bucket = heap_array(EVENT_CHANNELS_PER_BUCKET, sizeof(*bucket));
    if (!bucket)
        return -ENOMEM;
    for (unsigned i = 0; i < EVENT_CHANNELS_PER_BUCKET; i++) {
        spin_lock_init(&bucket[i].lock, LOCK_EVENT_PORT);
        bucket[i].port = first + i;
    }
    e->groups[g][first / EVENT_CHANNELS_PER_BUCKET % EVENT_BUCKETS_PER_GROUP] = bucket;
    atomic_store(&e->valid_ports, first + EVENT_CHANNELS_PER_BUCKET); /* published last */
    return 0;
}

int event_get_free_port(struct domain *d)
{
    struct event_domain *e = &d->event;
    unsigned port;

    if (d->dying)
        return -EINVAL;
    for (port = e->lowest_free; port < e->valid_ports; port++) {
        if (event_channel(d, port)->state == EVTCHNSTAT_closed)
            break;
    }
    if (port > e->max_ports || port >= e->ops->max_ports)
        return -ENOSPC;
    if (port >= e->valid_ports) {
        int rc = add_bucket(d);

        if (rc)
            return rc;
    }
    e->lowest_free = port;
    return (int)port;
}

void event_port_open(struct domain *d, struct event_channel *c, u8 state, unsigned vcpu)
{
    c->notify_vcpu = (u16)vcpu;
    d->event.ops->init(d, c);
    c->state = state;
    d->event.active_ports++;
}

void event_port_close(struct domain *d, struct event_channel *c)
{
    d->event.ops->clear_pending(d, c);
    c->state = EVTCHNSTAT_closed;
    c->notify_vcpu = 0;
    d->event.active_ports--;
    if (c->port < d->event.lowest_free)
        d->event.lowest_free = c->port;
}

/* ---- notification ---- */

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
    if (d)
        domain_get(d);
    irq = spin_lock_irqsave(&virq_handler_lock);
    old = virq_handler[virq];
    virq_handler[virq] = d;
    spin_unlock_irqrestore(&virq_handler_lock, irq);
    if (old)
        domain_put(old);
    return 0;
}

/* A dying domain handles nothing any more: back to Domain 0. */
static void drop_virq_handlers(struct domain *d)
{
    for (unsigned i = 0; i < NR_VIRQS; i++) {
        if (READ_ONCE(virq_handler[i]) == d)
            (void)event_set_virq_handler(NULL, i);
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

/* ---- closing ---- */

/* Both event locks held: the far end waits for a new connection from here. */
static void close_interdomain(struct domain *d, struct event_channel *c)
{
    struct domain *rd = c->remote.domain;
    struct event_channel *rc = event_channel(rd, c->remote.port);
    bool irq = irq_save();

    spin_lock_pair(&c->lock, &rc->lock);
    if (rc != c) {
        rc->state = EVTCHNSTAT_unbound;
        rc->unbound_for = d->id;
    }
    event_port_close(d, c);
    spin_unlock_pair(&c->lock, &rc->lock);
    irq_restore(irq);
}

/* d->event.lock held; every state but interdomain. */
static int close_local(struct domain *d, struct event_channel *c)
{
    struct vcpu *v;
    bool irq;

    switch (c->state) {
    case EVTCHNSTAT_closed:
        return -EINVAL;
    case EVTCHNSTAT_pirq:
        pirq_unbind(d, c->pirq);
        break;
    case EVTCHNSTAT_virq:
        for_each_vcpu(d, v) {
            if (v->event.virq_port[c->virq] == c->port)
                WRITE_ONCE(v->event.virq_port[c->virq], 0);
        }
        break;
    }
    irq = spin_lock_irqsave(&c->lock);
    event_port_close(d, c);
    spin_unlock_irqrestore(&c->lock, irq);
    return 0;
}

int event_close(struct domain *d, evtchn_port_t port)
{
    struct event_channel *c = event_channel(d, port);
    struct domain *rd = NULL;
    int rc = 0;

    if (!c || !port)
        return -EINVAL;
    for (;;) {
        if (rd)
            spin_lock_pair(&d->event.lock, &rd->event.lock);
        else
            spin_lock(&d->event.lock);
        if (c->state != EVTCHNSTAT_interdomain) {
            rc = close_local(d, c);
            break;
        }
        if (c->remote.domain == rd || c->remote.domain == d) {
            close_interdomain(d, c);
            break;
        }
        /*
         * Now the other domain is known and cannot go away while the channel is open; take both
         * locks.
         */
        if (rd) {
            spin_unlock_pair(&d->event.lock, &rd->event.lock);
            domain_put(rd);
            spin_lock(&d->event.lock);
        }
        rd = c->state == EVTCHNSTAT_interdomain && c->remote.domain != d
                 ? domain_get(c->remote.domain)
                 : NULL;
        spin_unlock(&d->event.lock);
    }
    if (rd) {
        spin_unlock_pair(&d->event.lock, &rd->event.lock);
        domain_put(rd);
    } else {
        spin_unlock(&d->event.lock);
    }
    return rc;
}

int event_close_all(struct domain *d)
{
    struct event_domain *e = &d->event;

    for (; e->close_next < READ_ONCE(e->valid_ports); e->close_next++) {
        (void)event_close(d, e->close_next);
        if (e->close_next % 64 == 63 && preempt_needed()) {
            e->close_next++;
            return -ERESTART;
        }
    }
    e->close_next = 0;
    drop_virq_handlers(d);
    spin_lock(&e->lock);
    event_fifo_destroy(d);
    spin_unlock(&e->lock);
    return 0;
}

/* ---- life of the table ---- */

int event_domain_init(struct domain *d, unsigned max_ports)
{
    struct event_domain *e = &d->event;
    int rc;

    spin_lock_init(&e->lock, LOCK_EVENT_DOMAIN);
    e->ops = &event_2l_ops;
    e->max_ports =
        max_ports ? MIN(max_ports, EVTCHN_FIFO_NR_CHANNELS - 1u) : EVTCHN_FIFO_NR_CHANNELS - 1u;
    rc = add_bucket(d);
    e->lowest_free = 1; /* port 0 is never given out */
    if (rc)
        event_domain_destroy(d);
    return rc;
}

void event_domain_destroy(struct domain *d)
{
    struct event_domain *e = &d->event;

    for (unsigned g = 0; g < EVENT_GROUPS && e->groups[g]; g++) {
        for (unsigned b = 0; b < EVENT_BUCKETS_PER_GROUP; b++)
            heap_free(e->groups[g][b]);
        heap_free(e->groups[g]);
    }
}

void event_domain_barrier(struct domain *d)
{
    spin_lock(&d->event.lock);
    spin_unlock(&d->event.lock);
}

void event_dump(struct domain *d)
{
    static const char *const names[] = {"closed", "unbound", "interdomain", "pirq", "virq", "ipi"};

    spin_lock(&d->event.lock);
    pr_info("d%d: %u event channels\n", d->id, d->event.active_ports);
    for (unsigned port = 1; port < d->event.valid_ports; port++) {
        struct event_channel *c = event_channel(d, port);

        if (c->state == EVTCHNSTAT_closed)
            continue;
        pr_info("  %4u %s v%u pending %d masked %d", port, names[c->state], c->notify_vcpu,
                d->event.ops->is_pending(d, port), d->event.ops->is_masked(d, port));
        if (c->state == EVTCHNSTAT_interdomain)
            pr_info(" to d%d port %u\n", c->remote.domain->id, c->remote.port);
        else
            pr_info(" %u\n", c->state == EVTCHNSTAT_unbound ? c->unbound_for : c->virq);
    }
    spin_unlock(&d->event.lock);
}
