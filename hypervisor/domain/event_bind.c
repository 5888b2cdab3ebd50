/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making event channels: unbound ports, connections between domains, virqs, IPIs
 * and physical interrupts. Called by event_op.c and by the toolstack's and
 * builder's paths. Error codes are Xen 4.17's. Locks: d->event.lock, both
 * domains' for a connection, then the port's.
 */
#include "atomic.h"
#include "domain/event_internal.h"
#include "domain/pirq.h"
#include "errno.h"
#include "machine/cpu.h"

int event_alloc_unbound(struct domain *d, domid_t remote)
{
    struct event_channel *c;
    int port;
    bool irq;

    spin_lock(&d->event.lock);
    port = event_get_free_port(d);
    if (port > 0) {
        c = event_channel(d, (evtchn_port_t)port);
        irq = spin_lock_irqsave(&c->lock);
        c->unbound_for = remote;
        event_port_open(d, c, EVTCHNSTAT_unbound, 0);
        spin_unlock_irqrestore(&c->lock, irq);
    }
    spin_unlock(&d->event.lock);
    return port;
}

/* Both event locks held. @return the new local port */
static int connect(struct domain *ld, struct domain *rd, evtchn_port_t rport)
{
    struct event_channel *lc, *rc;
    int port = event_get_free_port(ld);
    bool irq;

    if (port < 0)
        return port;
    rc = event_channel(rd, rport);
    if (!rc || rc->state != EVTCHNSTAT_unbound || rc->unbound_for != ld->id)
        return -EINVAL;
    lc = event_channel(ld, (evtchn_port_t)port);
    irq = irq_save();
    spin_lock_pair(&lc->lock, &rc->lock);
    lc->remote.domain = rd;
    lc->remote.port = rport;
    event_port_open(ld, lc, EVTCHNSTAT_interdomain, 0);
    rc->remote.domain = ld;
    rc->remote.port = (evtchn_port_t)port;
    rc->state = EVTCHNSTAT_interdomain;
    /* The far end may have notified before we were there: one event too many does no harm. */
    ld->event.ops->set_pending(ld, ld->vcpus[0], lc);
    spin_unlock_pair(&lc->lock, &rc->lock);
    irq_restore(irq);
    return port;
}

int event_bind_interdomain(struct evtchn_bind_interdomain *b)
{
    struct domain *ld = current_domain(), *rd;
    int port;

    rd = b->remote_dom == DOMID_SELF ? domain_get(ld) : domain_find(b->remote_dom);
    if (!rd)
        return -ESRCH;
    if (rd == ld) {
        spin_lock(&ld->event.lock);
        port = connect(ld, ld, b->remote_port);
        spin_unlock(&ld->event.lock);
    } else {
        spin_lock_pair(&ld->event.lock, &rd->event.lock);
        port = connect(ld, rd, b->remote_port);
        spin_unlock_pair(&ld->event.lock, &rd->event.lock);
    }
    domain_put(rd);
    if (port < 0)
        return port;
    b->local_port = (evtchn_port_t)port;
    return 0;
}

int event_bind_virq(struct evtchn_bind_virq *b)
{
    struct domain *d = current_domain();
    struct event_channel *c;
    struct vcpu *v;
    int port;
    bool irq;

    if (b->virq >= NR_VIRQS)
        return -EINVAL;
    if (event_virq_is_global(b->virq) && b->vcpu != 0)
        return -EINVAL;
    v = domain_vcpu(d, b->vcpu);
    if (!v)
        return -ENOENT;
    spin_lock(&d->event.lock);
    port = v->event.virq_port[b->virq] ? -EEXIST : event_get_free_port(d);
    if (port > 0) {
        c = event_channel(d, (evtchn_port_t)port);
        irq = spin_lock_irqsave(&c->lock);
        c->virq = b->virq;
        event_port_open(d, c, EVTCHNSTAT_virq, b->vcpu);
        spin_unlock_irqrestore(&c->lock, irq);
        atomic_store(&v->event.virq_port[b->virq], (evtchn_port_t)port);
        b->port = (evtchn_port_t)port;
    }
    spin_unlock(&d->event.lock);
    return port < 0 ? port : 0;
}

int event_bind_ipi(struct evtchn_bind_ipi *b)
{
    struct domain *d = current_domain();
    struct event_channel *c;
    int port;
    bool irq;

    if (!domain_vcpu(d, b->vcpu))
        return -ENOENT;
    spin_lock(&d->event.lock);
    port = event_get_free_port(d);
    if (port > 0) {
        c = event_channel(d, (evtchn_port_t)port);
        irq = spin_lock_irqsave(&c->lock);
        event_port_open(d, c, EVTCHNSTAT_ipi, b->vcpu);
        spin_unlock_irqrestore(&c->lock, irq);
        b->port = (evtchn_port_t)port;
    }
    spin_unlock(&d->event.lock);
    return port < 0 ? port : 0;
}

/* event lock held; the port is opened first, so that the interrupt finds it. */
static int bind_pirq_locked(struct domain *d, struct evtchn_bind_pirq *b)
{
    struct event_channel *c;
    int port, rc;
    bool irq;

    if (pirq_port(d, b->pirq))
        return -EEXIST;
    port = event_get_free_port(d);
    if (port < 0)
        return port;
    c = event_channel(d, (evtchn_port_t)port);
    irq = spin_lock_irqsave(&c->lock);
    c->pirq = b->pirq;
    event_port_open(d, c, EVTCHNSTAT_pirq, 0);
    spin_unlock_irqrestore(&c->lock, irq);
    rc = pirq_bind(d, b->pirq, (evtchn_port_t)port, b->flags & BIND_PIRQ__WILL_SHARE);
    if (rc) {
        irq = spin_lock_irqsave(&c->lock);
        event_port_close(d, c);
        spin_unlock_irqrestore(&c->lock, irq);
        return rc;
    }
    b->port = (evtchn_port_t)port;
    return 0;
}

int event_bind_pirq(struct evtchn_bind_pirq *b)
{
    struct domain *d = current_domain();
    int rc;

    if (!pirq_valid(d, b->pirq))
        return -EINVAL;
    if (!pirq_allowed(d, b->pirq))
        return -EPERM;
    spin_lock(&d->event.lock);
    rc = bind_pirq_locked(d, b);
    spin_unlock(&d->event.lock);
    return rc;
}
