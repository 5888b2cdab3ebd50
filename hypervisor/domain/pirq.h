/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Physical interrupts as a domain sees them: a pirq is its own number for one
 * irq of the machine (machine/irq.h). Domain 0's pirqs for GSIs have the same
 * number. A pirq that is bound to an event channel is delivered there; a level
 * triggered line stays masked from the interrupt to the guest's EOI.
 * Lock: LOCK_PIRQ of the domain for the table; binding is under d->event.lock too.
 */
#ifndef HV_DOMAIN_PIRQ_H
#define HV_DOMAIN_PIRQ_H

#include "domain/event_channel.h"
#include "types.h"

struct domain;
struct vcpu;

int pirq_domain_init(struct domain *d);
void pirq_domain_destroy(struct domain *d);
void pirq_release_all(struct domain *d);              /* the domain dies: unmaps everything; ports are closed */

bool pirq_valid(const struct domain *d, u32 pirq);    /* a number that the domain could have */
bool pirq_allowed(const struct domain *d, u32 pirq);  /* it is mapped */

/*
 * PHYSDEVOP_map_pirq, domctl: @pirq < 0: any free number (for GSIs of Domain 0 the same number).
 * @return pirq, -EEXIST (mapped otherwise), -EINVAL, -ENOSPC. The caller has checked that @d may use @irq.
 */
int pirq_map(struct domain *d, int pirq, unsigned irq);
/* *@irq: what it stood for, -1: it was only reserved. 0, -EINVAL: not mapped, -EBUSY: bound to a port */
int pirq_unmap(struct domain *d, u32 pirq, int *irq);
int pirq_to_irq(const struct domain *d, u32 pirq);    /* -ENOENT */
int pirq_get_free(struct domain *d);                  /* PHYSDEVOP_get_free_pirq: reserves it. -ENOSPC */

/* For event_bind.c and event_op.c, event lock held. */
int pirq_bind(struct domain *d, u32 pirq, evtchn_port_t port, bool will_share);
void pirq_unbind(struct domain *d, u32 pirq);
evtchn_port_t pirq_port(const struct domain *d, u32 pirq); /* 0: not bound */
void pirq_set_vcpu(struct domain *d, u32 pirq, struct vcpu *v);

/* PHYSDEVOP_eoi: the guest has served the interrupt. -EINVAL */
int pirq_eoi(struct domain *d, u32 pirq);
bool pirq_needs_eoi(struct domain *d, u32 pirq);      /* PHYSDEVOP_irq_status_query */

/*
 * PHYSDEVOP_pirq_eoi_gmfn_v1, _v2: bitmap of the pirqs that need an EOI, in a page of the domain. With
 * @auto_unmask (v1) an EOI unmasks the port too. -EBUSY: has one, -EINVAL: not a writable page of it
 */
int pirq_set_eoi_map(struct domain *d, u64 gfn, bool auto_unmask);
/* Log-dirty mode: notes that page as written to. */
void pirq_mark_dirty(struct domain *d);

#endif
