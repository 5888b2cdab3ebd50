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
struct event_ops; /* domain/event_2l.c, domain/event_fifo.c */

struct event_group; /* domain/event_internal.h */

#define EVENT_PORTS_PER_GROUP 4096u
#define EVENT_GROUPS (EVTCHN_FIFO_NR_CHANNELS / EVENT_PORTS_PER_GROUP)

struct event_domain {
    struct spinlock lock;
    const struct event_ops *ops;
    struct event_group *groups[EVENT_GROUPS]; /* NULL: none of its ports has a record */
    u32 groups_with_free;            /* a bit for each group that has a record of a free port */
    unsigned valid_ports;            /* ports that have a record; grows only */
    unsigned max_ports;              /* limit set by the toolstack: the highest port */
    unsigned active_ports;           /* open ones */
    unsigned reset_next;             /* EVTCHNOP_reset under way: the port it goes on with; 0: none is */
    unsigned kill_next;              /* event_domain_kill: where it goes on */
    struct event_fifo_domain *fifo;  /* NULL: 2-level */
    unsigned long poll_mask[MAX_VCPUS / 64]; /* vCPUs in SCHEDOP_poll; atomic */
};

struct event_vcpu {
    evtchn_port_t virq_port[NR_VIRQS]; /* 0: not bound; changed under d->event.lock */
    evtchn_port_t poll_port;           /* SCHEDOP_poll: EVENT_POLL_MANY or the one port */
    bool polling;
    struct event_fifo_vcpu *fifo;
};
#define EVENT_POLL_MANY 0u

/* @max_ports: the highest port, 0: all that the ABI has. -ENOMEM */
int event_domain_init(struct domain *d, unsigned max_ports);
void event_domain_destroy(struct domain *d);        /* after the last reference */
void event_domain_barrier(struct domain *d);        /* after d->dying was set: nobody binds ports any more */
int event_domain_kill(struct domain *d);            /* after the barrier: closes all ports; 0, -ERESTART */
/*
 * EVTCHNOP_reset: closes all ports and goes back to the 2-level ABI. @go_on: one that was preempted.
 * @return 0; -ERESTART: call again with @go_on; -EBUSY: one is under way, or with @go_on none is; -EAGAIN: ports were opened
 * meanwhile and stay, and so does the ABI; -EINVAL: the domain dies
 */
int event_reset(struct domain *d, bool go_on);

/* The hypercalls: EVTCHNOP_*, and the old form with command and argument in one structure. */
long do_event_channel_op(u64 cmd, vaddr_t arg);
long do_event_channel_op_compat(vaddr_t op);

/* For the dom0 builder and toolstack-made ports: an unbound port of @d for @remote. @return port or negative */
int event_alloc_unbound(struct domain *d, domid_t remote);
int event_close(struct domain *d, evtchn_port_t port);  /* 0, -EINVAL */
int event_send(struct domain *d, evtchn_port_t port);   /* as EVTCHNOP_send of @d; any context */

void event_send_virq(struct vcpu *v, unsigned virq);          /* per-vCPU virq: VIRQ_TIMER, VIRQ_DEBUG, ... */
void event_send_global_virq(unsigned virq);                   /* to the handler of a global one: Domain 0 by default */
void event_send_domain_virq(struct domain *d, unsigned virq); /* a global one to this domain */
void event_send_port(struct domain *d, evtchn_port_t port);   /* a port the hypervisor notifies (pirq) */
/* XEN_DOMCTL_set_virq_handler. -EINVAL: not a global one */
int event_set_virq_handler(struct domain *d, u32 virq);

/* True when an upcall is pending and not masked: the vCPU must not block, and gets its callback on return to guest. */
bool event_needs_upcall(const struct vcpu *v);
/* For SCHEDOP_poll. @return 1 pending, 0 not, -EINVAL: no such port */
int event_port_pending(struct domain *d, evtchn_port_t port);
/* Log-dirty mode: notes the guest's pages that hold event words and queues as written to. */
void event_fifo_mark_dirty(struct domain *d);
/* For debug keys: one line for each of the first @most open ports. */
void event_print(struct domain *d, unsigned most);

#endif
