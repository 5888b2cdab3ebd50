/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the event channels. */
#ifndef HV_DOMAIN_EVENT_INTERNAL_H
#define HV_DOMAIN_EVENT_INTERNAL_H

#include "domain/domain.h"

/*
 * One port. Everything is changed under the domain's event lock and the lock of
 * the port, and may be read under either. The last_ fields and pending belong to event_fifo.c.
 */
struct event_channel {
    struct spinlock lock; /* LOCK_EVENT_PORT, interrupts disabled */
    u8 state;             /* EVTCHNSTAT_* */
    u8 priority;
    u8 last_priority;
    bool pending;         /* FIFO: notified before the guest had added the page of its event word */
    u16 last_vcpu;        /* FIFO: on whose queue it is or was */
    u16 notify_vcpu;
    evtchn_port_t port;
    union {
        domid_t unbound_for;
        u32 pirq, virq;
        struct {
            struct domain *domain; /* no reference: closing either end changes both */
            evtchn_port_t port;
        } remote;
    };
};

#define EVENT_CHANNELS_PER_BUCKET 64u
#define EVENT_BUCKETS_PER_GROUP (EVENT_PORTS_PER_GROUP / EVENT_CHANNELS_PER_BUCKET)

/* Records of 4096 ports. A bucket, once made, stays until the domain is freed; the bits are under the event lock. */
struct event_group {
    struct event_channel *bucket[EVENT_BUCKETS_PER_GROUP];
    u64 free[EVENT_BUCKETS_PER_GROUP]; /* a bit for each free port of a bucket */
    u64 with_free;                     /* a bit for each bucket that has one */
};

/* How pending events are told to the guest. All with the port's lock held. */
struct event_ops {
    void (*init)(struct domain *d, struct event_channel *c);        /* a port comes to life; NULL: nothing to do */
    void (*set_pending)(struct domain *d, struct vcpu *v, struct event_channel *c); /* @v may be NULL: not created yet */
    void (*clear_pending)(struct domain *d, struct event_channel *c);
    void (*unmask)(struct domain *d, struct event_channel *c);
    bool (*is_pending)(struct domain *d, evtchn_port_t port);
    bool (*is_masked)(struct domain *d, evtchn_port_t port);
    int (*set_priority)(struct domain *d, struct event_channel *c, unsigned priority); /* -EINVAL, -ENOSYS */
    unsigned max_ports;
};
extern const struct event_ops event_2l_ops, event_fifo_ops;

/* NULL: @port has no record. */
struct event_channel *event_channel(const struct domain *d, evtchn_port_t port);

/* Sets a vCPU's upcall_pending flag and makes it run or look. */
void event_mark_pending(struct vcpu *v);
/* A port became pending: ends SCHEDOP_poll of those who wait for it. */
void event_check_pollers(struct domain *d, evtchn_port_t port);

/*
 * Whoever notifies @c holds its lock, or that of its other end: takes what keeps them all away. Event lock held, so
 * that the connection stays.
 */
void event_lock_senders(struct event_channel *c);
void event_unlock_senders(struct event_channel *c);

/* event_fifo.c: hypercalls, and giving everything back (event lock held, no port is open). */
int event_fifo_init_control(struct evtchn_init_control *args);
int event_fifo_expand_array(const struct evtchn_expand_array *args);
void event_fifo_destroy(struct domain *d);

/* event_bind.c: one function for each EVTCHNOP that makes a port. */
int event_bind_interdomain(struct evtchn_bind_interdomain *b);
int event_bind_virq(struct evtchn_bind_virq *b);
int event_bind_ipi(struct evtchn_bind_ipi *b);
int event_bind_pirq(struct evtchn_bind_pirq *b);

/* A free port (event lock held). @return port, -ENOSPC, -ENOMEM, -EINVAL: the domain dies */
int event_get_free_port(struct domain *d);
/* The port is in use from now on (both locks of the port held). */
void event_port_open(struct domain *d, struct event_channel *c, u8 state, unsigned vcpu);
void event_port_close(struct domain *d, struct event_channel *c);
bool event_virq_is_global(u32 virq);
/* A dying domain handles global virqs no more: they go back to Domain 0. */
void event_drop_virq_handlers(struct domain *d);

#endif
