/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HYPERVISOR_event_channel_op: reads the arguments of each EVTCHNOP, checks who
 * may name other domains, calls the operation and writes results back. The
 * order of checks and the error codes are Xen 4.17's. Locks: those of the
 * operations; no lock is held while guest memory is accessed.
 */
#include "domain/event_internal.h"
#include "domain/pirq.h"
#include "domain/privilege.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"

#define EVTCHNOP_RESET_CONT 14 /* EVTCHNOP_reset_cont, which the public header keeps to itself */

static int do_alloc_unbound(struct evtchn_alloc_unbound *a)
{
    struct domain *d;
    int port, rc = domain_find_for(a->dom, PRIV_SELF, &d);

    if (rc)
        return rc;
    port = event_alloc_unbound(d, a->remote_dom == DOMID_SELF ? current_domain()->id : a->remote_dom);
    domain_put(d);
    if (port < 0)
        return port;
    a->port = (evtchn_port_t)port;
    return 0;
}

static void undo_alloc_unbound(const struct evtchn_alloc_unbound *a)
{
    struct domain *d = a->dom == DOMID_SELF ? domain_get(current_domain()) : domain_find(a->dom);

    if (!d)
        return;
    (void)event_close(d, a->port);
    domain_put(d);
}

static void status_fill(struct evtchn_status *s, const struct event_channel *c)
{
    s->status = c->state;
    s->vcpu = c->notify_vcpu;
    switch (c->state) {
    case EVTCHNSTAT_unbound:
        s->u.unbound.dom = c->unbound_for;
        break;
    case EVTCHNSTAT_interdomain:
        s->u.interdomain.dom = c->remote.domain->id;
        s->u.interdomain.port = c->remote.port;
        break;
    case EVTCHNSTAT_pirq:
        s->u.pirq = c->pirq;
        break;
    case EVTCHNSTAT_virq:
        s->u.virq = c->virq;
        break;
    }
}

static int do_status(struct evtchn_status *s)
{
    struct domain *self = current_domain(), *d;
    struct event_channel *c;
    int rc = 0;

    d = s->dom == DOMID_SELF ? domain_get(self) : domain_find(s->dom);
    if (!d)
        return -ESRCH;
    c = event_channel(d, s->port);
    if (!c) {
        rc = -EINVAL;
        goto out;
    }
    if (!domain_may(PRIV_SELF, d)) {
        rc = -EPERM;
        goto out;
    }
    spin_lock(&d->event.lock);
    status_fill(s, c);
    spin_unlock(&d->event.lock);
out:
    domain_put(d);
    return rc;
}

static int bind_vcpu_locked(struct domain *d, struct event_channel *c, u32 vcpu)
{
    switch (c->state) {
    case EVTCHNSTAT_virq:
        if (!event_virq_is_global(c->virq))
            return -EINVAL;
        break;
    case EVTCHNSTAT_unbound:
    case EVTCHNSTAT_interdomain:
        break;
    case EVTCHNSTAT_pirq:
        pirq_set_vcpu(d, c->pirq, d->vcpus[vcpu]);
        break;
    default:
        return -EINVAL;
    }
    WRITE_ONCE(c->notify_vcpu, (u16)vcpu);
    return 0;
}

static int do_bind_vcpu(const struct evtchn_bind_vcpu *b)
{
    struct domain *d = current_domain();
    struct event_channel *c;
    bool irq;
    int rc;

    if (!domain_vcpu(d, b->vcpu))
        return -ENOENT;
    c = event_channel(d, b->port);
    if (!c)
        return -EINVAL;
    spin_lock(&d->event.lock);
    irq = spin_lock_irqsave(&c->lock);
    rc = bind_vcpu_locked(d, c, b->vcpu);
    spin_unlock_irqrestore(&c->lock, irq);
    spin_unlock(&d->event.lock);
    return rc;
}

static int do_unmask(const struct evtchn_unmask *u)
{
    struct domain *d = current_domain();
    struct event_channel *c = event_channel(d, u->port);
    bool irq;

    if (!c)
        return -EINVAL;
    irq = spin_lock_irqsave(&c->lock);
    if (c->state != EVTCHNSTAT_closed)
        d->event.ops->unmask(d, c);
    spin_unlock_irqrestore(&c->lock, irq);
    return 0;
}

static int do_set_priority(const struct evtchn_set_priority *s)
{
    struct domain *d = current_domain();
    struct event_channel *c = event_channel(d, s->port);
    bool irq;
    int rc;

    if (!c)
        return -EINVAL;
    irq = spin_lock_irqsave(&c->lock);
    rc = d->event.ops == &event_2l_ops ? -ENOSYS : c->state == EVTCHNSTAT_closed ? -EACCES : d->event.ops->set_priority(d, c, s->priority);
    spin_unlock_irqrestore(&c->lock, irq);
    return rc;
}

/* @go_on: EVTCHNOP_RESET_CONT, one that was preempted goes on. Guests can call it, too. */
static int do_reset(const struct evtchn_reset *r, bool go_on)
{
    struct domain *self = current_domain(), *d;
    int rc;

    d = r->dom == DOMID_SELF ? domain_get(self) : domain_find(r->dom);
    if (!d)
        return -ESRCH;
    if (!domain_may(PRIV_SELF, d))
        rc = -EPERM;
    else if (d != self && !d->controller_pauses)
        rc = -EINVAL;
    else
        rc = event_reset(d, go_on);
    domain_put(d);
    return rc;
}

/* For each command: bytes to read, and whether the result is written back. */
static const struct {
    u8 size;
    bool out;
} commands[] = {
    [EVTCHNOP_bind_interdomain] = {sizeof(struct evtchn_bind_interdomain), true},
    [EVTCHNOP_bind_virq] = {sizeof(struct evtchn_bind_virq), true},
    [EVTCHNOP_bind_pirq] = {sizeof(struct evtchn_bind_pirq), true},
    [EVTCHNOP_close] = {sizeof(struct evtchn_close), false},
    [EVTCHNOP_send] = {sizeof(struct evtchn_send), false},
    [EVTCHNOP_status] = {sizeof(struct evtchn_status), true},
    [EVTCHNOP_alloc_unbound] = {sizeof(struct evtchn_alloc_unbound), true},
    [EVTCHNOP_bind_ipi] = {sizeof(struct evtchn_bind_ipi), true},
    [EVTCHNOP_bind_vcpu] = {sizeof(struct evtchn_bind_vcpu), false},
    [EVTCHNOP_unmask] = {sizeof(struct evtchn_unmask), false},
    [EVTCHNOP_reset] = {sizeof(struct evtchn_reset), false},
    [EVTCHNOP_init_control] = {sizeof(struct evtchn_init_control), true},
    [EVTCHNOP_expand_array] = {sizeof(struct evtchn_expand_array), false},
    [EVTCHNOP_set_priority] = {sizeof(struct evtchn_set_priority), false},
    [EVTCHNOP_RESET_CONT] = {sizeof(struct evtchn_reset), false},
};

union event_args {
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_pirq bind_pirq;
    struct evtchn_close close;
    struct evtchn_send send;
    struct evtchn_status status;
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
    struct evtchn_init_control init_control;
    struct evtchn_expand_array expand_array;
    struct evtchn_set_priority set_priority;
};

static int run(unsigned cmd, union event_args *a)
{
    switch (cmd) {
    case EVTCHNOP_bind_interdomain:
        return event_bind_interdomain(&a->bind_interdomain);
    case EVTCHNOP_bind_virq:
        return event_bind_virq(&a->bind_virq);
    case EVTCHNOP_bind_pirq:
        return event_bind_pirq(&a->bind_pirq);
    case EVTCHNOP_close:
        return event_close(current_domain(), a->close.port);
    case EVTCHNOP_send:
        return event_send(current_domain(), a->send.port);
    case EVTCHNOP_status:
        return do_status(&a->status);
    case EVTCHNOP_alloc_unbound:
        return do_alloc_unbound(&a->alloc_unbound);
    case EVTCHNOP_bind_ipi:
        return event_bind_ipi(&a->bind_ipi);
    case EVTCHNOP_bind_vcpu:
        return do_bind_vcpu(&a->bind_vcpu);
    case EVTCHNOP_unmask:
        return do_unmask(&a->unmask);
    case EVTCHNOP_reset:
    case EVTCHNOP_RESET_CONT:
        return do_reset(&a->reset, cmd == EVTCHNOP_RESET_CONT);
    case EVTCHNOP_init_control:
        return event_fifo_init_control(&a->init_control);
    case EVTCHNOP_expand_array:
        return event_fifo_expand_array(&a->expand_array);
    case EVTCHNOP_set_priority:
        return do_set_priority(&a->set_priority);
    }
    return -ENOSYS;
}

/* The caller cannot be told which port was made: there is none then. */
static void undo(unsigned cmd, const union event_args *a)
{
    switch (cmd) {
    case EVTCHNOP_bind_interdomain:
        (void)event_close(current_domain(), a->bind_interdomain.local_port);
        break;
    case EVTCHNOP_bind_virq:
        (void)event_close(current_domain(), a->bind_virq.port);
        break;
    case EVTCHNOP_bind_pirq:
        (void)event_close(current_domain(), a->bind_pirq.port);
        break;
    case EVTCHNOP_bind_ipi:
        (void)event_close(current_domain(), a->bind_ipi.port);
        break;
    case EVTCHNOP_alloc_unbound:
        undo_alloc_unbound(&a->alloc_unbound);
        break;
    }
}

long do_event_channel_op(u64 cmd, vaddr_t arg)
{
    union event_args a;
    int rc;

    if (cmd >= ARRAY_SIZE(commands))
        return -ENOSYS;
    if (guest_read(&a, arg, commands[cmd].size))
        return -EFAULT;
    if (cmd == EVTCHNOP_init_control && guest_write(arg, &a, sizeof(a.init_control)))
        return -EFAULT; /* this one cannot be undone: so its result must have a place before it begins */
    rc = run((unsigned)cmd, &a);
    if (rc == -ERESTART) /* a reset */
        return hypercall_continue(__HYPERVISOR_event_channel_op, EVTCHNOP_RESET_CONT, arg, 0, 0, 0);
    if (rc == 0 && commands[cmd].out && guest_write(arg, &a, commands[cmd].size)) {
        undo((unsigned)cmd, &a);
        rc = -EFAULT;
    }
    return rc;
}

long do_event_channel_op_compat(vaddr_t op)
{
    u32 cmd;

    if (guest_read(&cmd, op, sizeof(cmd)))
        return -EFAULT;
    if (cmd > EVTCHNOP_unmask)
        return -ENOSYS;
    return do_event_channel_op(cmd, op + offsetof(struct evtchn_op, u));
}
