/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: ports of a domain, each bound to something that can notify
 * it. Two ABIs for the pending state, 2-level and FIFO, behind
 * struct event_ops. Locks: d->event.lock (LOCK_EVENT_DOMAIN) for binding and
 * closing, one small lock per port (LOCK_EVENT_PORT) against sending meanwhile.
 */
#ifndef HV_DOMAIN_EVENT_CHANNEL_H
#define HV_DOMAIN_EVENT_CHANNEL_H

#include "machine/spinlock.h"
#include "types.h"
#include <xen/event_channel.h>
#include <xen/xen.h>

struct domain;
struct vcpu;
struct event_channel;
struct event_fifo_domain;
struct event_fifo_vcpu;

#define EVENT_PORTS_PER_PAGE 64u

struct event_ops; /* domain/event_2l.c, domain/event_fifo.c */

struct event_domain {
    struct spinlock lock;
    const struct event_ops *ops;
    struct event_channel **buckets;  /* arrays of EVENT_PORTS_PER_PAGE channels */
    unsigned valid_ports;            /* ports that have a record */
    unsigned max_ports;              /* limit set by the toolstack */
    unsigned active_ports;
    struct event_fifo_domain *fifo;  /* NULL: 2-level */
};

struct event_vcpu {
    evtchn_port_t virq_port[NR_VIRQS]; /* 0: not bound */
    struct spinlock virq_lock;
    evtchn_port_t poll_port;           /* SCHEDOP_poll: 0 not polling, -1 many */
    bool polling;
    struct event_fifo_vcpu *fifo;
};

int event_domain_init(struct domain *d, unsigned max_ports);
void event_domain_destroy(struct domain *d);        /* after the last reference */
int event_close_all(struct domain *d);              /* domain dies or resets; 0, -ERESTART */
void event_vcpu_init(struct vcpu *v);

/* The hypercall, EVTCHNOP_*. */
long do_event_channel_op(u64 cmd, vaddr_t arg);

/* For the dom0 builder and toolstack-made ports: an unbound port of @d for @remote. @return port or negative */
int event_alloc_unbound(struct domain *d, domid_t remote);

void event_send_virq(struct vcpu *v, unsigned virq);          /* per-vCPU virq: VIRQ_TIMER, VIRQ_DEBUG, ... */
void event_send_global_virq(unsigned virq);                   /* to the handler of a global one: Domain 0 */
void event_send_domain_virq(struct domain *d, unsigned virq);
void event_send_port(struct domain *d, evtchn_port_t port);   /* a port the hypervisor notifies (pirq) */

/* True when an upcall is pending and not masked: the vCPU must not block, and gets its callback on return to guest. */
bool event_needs_upcall(const struct vcpu *v);

#endif
