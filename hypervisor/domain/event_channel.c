/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: the table of a domain's ports and closing them. Notification
 * is in event_notify.c, making ports in event_bind.c, the hypercall in
 * event_op.c, what a pending event looks like to the guest in event_2l.c and
 * event_fifo.c. Locks: d->event.lock (two domains: in the order of their
 * addresses), then the port's (the same), interrupts disabled.
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

/* Makes records for the next EVENT_CHANNELS_PER_BUCKET ports; all are free. */
static int add_bucket(struct domain *d)
{
    struct event_domain *e = &d->event;
    unsigned first = e->valid_ports, g = first / EVENT_PORTS_PER_GROUP;
    unsigned b = first / EVENT_CHANNELS_PER_BUCKET % EVENT_BUCKETS_PER_GROUP;
    struct event_channel *bucket = heap_array(EVENT_CHANNELS_PER_BUCKET, sizeof(*bucket));

    if (!bucket)
        return -ENOMEM;
    if (!e->groups[g])
        e->groups[g] = heap_new(struct event_group);
    if (!e->groups[g]) {
        heap_free(bucket);
        return -ENOMEM;
    }
    for (unsigned i = 0; i < EVENT_CHANNELS_PER_BUCKET; i++) {
        spin_lock_init(&bucket[i].lock, LOCK_EVENT_PORT);
        bucket[i].port = first + i;
    }
    e->groups[g]->bucket[b] = bucket;
    e->groups[g]->free[b] = ~0UL;
    e->groups[g]->with_free |= BIT(b);
    e->groups_with_free |= (u32)BIT(g);
    atomic_store(&e->valid_ports, first + EVENT_CHANNELS_PER_BUCKET); /* published last */
    return 0;
}

/* Event lock held: notes @port as free or in use. */
static void mark_free(struct event_domain *e, evtchn_port_t port, bool is_free)
{
    unsigned g = port / EVENT_PORTS_PER_GROUP, b = port / EVENT_CHANNELS_PER_BUCKET % EVENT_BUCKETS_PER_GROUP;
    struct event_group *group = e->groups[g];

    if (is_free) {
        group->free[b] |= BIT(port % EVENT_CHANNELS_PER_BUCKET);
        group->with_free |= BIT(b);
        e->groups_with_free |= (u32)BIT(g);
        return;
    }
    group->free[b] &= ~BIT(port % EVENT_CHANNELS_PER_BUCKET);
    if (!group->free[b])
        group->with_free &= ~BIT(b);
    if (!group->with_free)
        e->groups_with_free &= ~(u32)BIT(g);
}

/* The lowest free port, which may be the first without a record. */
static unsigned lowest_free(const struct event_domain *e)
{
    const struct event_group *group;
    unsigned g, b;

    if (!e->groups_with_free)
        return e->valid_ports;
    g = (unsigned)__builtin_ctz(e->groups_with_free);
    group = e->groups[g];
    b = (unsigned)__builtin_ctzl(group->with_free);
    return g * EVENT_PORTS_PER_GROUP + b * EVENT_CHANNELS_PER_BUCKET + (unsigned)__builtin_ctzl(group->free[b]);
}

int event_get_free_port(struct domain *d)
{
    struct event_domain *e = &d->event;
    unsigned port = lowest_free(e);

    if (d->dying)
        return -EINVAL;
    if (port > e->max_ports || port >= e->ops->max_ports)
        return -ENOSPC;
    if (port >= e->valid_ports) {
        int rc = add_bucket(d);

        if (rc)
            return rc;
    }
    return (int)port;
}

void event_port_open(struct domain *d, struct event_channel *c, u8 state, unsigned vcpu)
{
    c->notify_vcpu = (u16)vcpu;
    c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT; /* 2-level too: the domain may change over while the port is open */
    c->pending = false;
    if (d->event.ops->init)
        d->event.ops->init(d, c);
    c->state = state;
    mark_free(&d->event, c->port, false);
    d->event.active_ports++;
}

void event_port_close(struct domain *d, struct event_channel *c)
{
    d->event.ops->clear_pending(d, c);
    c->state = EVTCHNSTAT_closed;
    c->notify_vcpu = 0;
    mark_free(&d->event, c->port, true);
    d->event.active_ports--;
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

/*
 * Closes ports from @port on, as long as any is open: in vain where another vCPU goes on opening them, which the caller
 * finds out. @return where to go on after a preemption, 0: through
 */
static unsigned close_from(struct domain *d, unsigned port)
{
    struct event_domain *e = &d->event;

    for (; port < atomic_load(&e->valid_ports) && READ_ONCE(e->active_ports); port++) {
        (void)event_close(d, port);
        if (port % 64 == 63 && preempt_after(2 * 64)) /* closing a port costs about what two entries of a page table do */
            return port + 1;
    }
    return 0;
}

/* Event lock held. Nobody notifies where no port is open, so what notifying needs can go now, and only now. */
static int return_to_2l(struct domain *d)
{
    if (d->event.active_ports)
        return -EAGAIN;
    event_fifo_destroy(d);
    return 0;
}

int event_reset(struct domain *d, bool go_on)
{
    struct event_domain *e = &d->event;
    unsigned port;
    int rc = 0;

    spin_lock(&e->lock);
    port = go_on ? e->reset_next : 1;
    if (d->dying)
        rc = -EINVAL;
    else if (go_on != (e->reset_next != 0))
        rc = -EBUSY;
    else
        e->reset_next = port;
    spin_unlock(&e->lock);
    if (rc)
        return rc;
    port = close_from(d, port);
    spin_lock(&e->lock);
    e->reset_next = port;
    if (!port)
        rc = return_to_2l(d);
    spin_unlock(&e->lock);
    return port ? -ERESTART : rc;
}

/* A counter of its own, from the first port on: a reset that was left half-way says nothing about what is open. */
int event_domain_kill(struct domain *d)
{
    struct event_domain *e = &d->event;

    e->kill_next = close_from(d, MAX(e->kill_next, 1u));
    if (e->kill_next)
        return -ERESTART;
    event_drop_virq_handlers(d);
    spin_lock(&e->lock);
    BUG_ON(return_to_2l(d)); /* the other ends would point to freed memory */
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
    if (rc)
        return rc;
    mark_free(e, 0, false); /* never given out */
    return 0;
}

void event_domain_destroy(struct domain *d)
{
    struct event_domain *e = &d->event;

    BUG_ON(e->active_ports);
    for (unsigned g = 0; g < EVENT_GROUPS && e->groups[g]; g++) {
        for (unsigned b = 0; b < EVENT_BUCKETS_PER_GROUP; b++)
            heap_free(e->groups[g]->bucket[b]);
        heap_free(e->groups[g]);
    }
}

void event_domain_barrier(struct domain *d)
{
    spin_lock(&d->event.lock);
    spin_unlock(&d->event.lock);
}

/* One line; the port's state is copied under the lock, since a serial line is slow. @return false: closed */
static bool print_port(struct domain *d, evtchn_port_t port)
{
    static const char *const names[] = { "closed", "unbound for domain", "interdomain", "pirq", "virq", "ipi" };
    struct event_channel *c;
    unsigned state, vcpu, other = 0, peer = 0;
    bool pending = false, masked = false;

    spin_lock(&d->event.lock);
    c = event_channel(d, port);
    state = c ? c->state : EVTCHNSTAT_closed;
    vcpu = c ? c->notify_vcpu : 0;
    if (state != EVTCHNSTAT_closed) {
        pending = d->event.ops->is_pending(d, port);
        masked = d->event.ops->is_masked(d, port);
    }
    if (state == EVTCHNSTAT_interdomain) {
        other = c->remote.domain->id;
        peer = c->remote.port;
    } else if (state != EVTCHNSTAT_closed && state != EVTCHNSTAT_ipi) {
        other = state == EVTCHNSTAT_unbound ? c->unbound_for : c->virq; /* pirq: in the same place */
    }
    spin_unlock(&d->event.lock);
    if (state == EVTCHNSTAT_closed)
        return false;
    if (state == EVTCHNSTAT_interdomain)
        printk(LOG_ERROR, "    port %u: port %u of domain %u", port, peer, other);
    else
        printk(LOG_ERROR, "    port %u: %s %u", port, names[state], other);
    printk(LOG_ERROR, ", vCPU %u, pending %d masked %d\n", vcpu, pending, masked);
    return true;
}

void event_print(struct domain *d, unsigned most)
{
    unsigned ports = READ_ONCE(d->event.active_ports), printed = 0;

    printk(LOG_ERROR, "Event channels of domain %u: %u\n", d->id, ports);
    for (evtchn_port_t port = 1; port < READ_ONCE(d->event.valid_ports) && printed < most; port++)
        printed += print_port(d, port);
}
