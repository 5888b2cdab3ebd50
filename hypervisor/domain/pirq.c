/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical interrupts of domains, see the header. An irq is bound to one domain at a time. */
#include "domain/pirq.h"

#include "atomic.h"
#include "domain/domain.h"
#include "domain/event_internal.h"
#include "errno.h"
#include "machine/irq.h"
#include "machine/smp.h"
#include "mm/heap.h"

#define NO_IRQ      (-1)
#define GUEST_PIRQS 64 /* of a domain that is not privileged, beyond the GSIs */

struct pirq {
    struct domain *domain;
    s16 irq;       /* NO_IRQ: not mapped */
    bool reserved; /* given out by PHYSDEVOP_get_free_pirq */
    bool level, bound;
    u32 pirq;
    evtchn_port_t port; /* 0: not bound */
};

struct pirq_table {
    struct spinlock lock;
    unsigned count;
    unsigned long *eoi_map; /* in the guest's page; NULL: none */
    bool auto_unmask;
    struct pirq *entries; /* made with the first mapping */
};

static struct pirq *entry(const struct domain *d, u32 pirq)
{
    struct pirq *e = atomic_load(&d->pirqs->entries);

    return e && pirq < d->pirqs->count ? &e[pirq] : NULL;
}

static struct pirq *mapped(const struct domain *d, u32 pirq)
{
    struct pirq *p = entry(d, pirq);

    return p && p->irq != NO_IRQ ? p : NULL;
}

int pirq_domain_init(struct domain *d)
{
    struct pirq_table *t = heap_new(struct pirq_table);

    if (!t)
        return -ENOMEM;
    spin_lock_init(&t->lock, LOCK_PIRQ);
    t->count = irq_gsi_count() + (d->privileged ? cpu_count * IRQS_PER_CPU : GUEST_PIRQS); /* no more than there can be */
    t->count = MIN(t->count, (unsigned)MAX_IRQS);
    d->pirqs = t;
    return 0;
}

void pirq_domain_destroy(struct domain *d)
{
    if (d->pirqs)
        heap_free(d->pirqs->entries);
    heap_free(d->pirqs);
    d->pirqs = NULL;
}

/* lock held */
static int make_entries(struct domain *d)
{
    struct pirq_table *t = d->pirqs;
    struct pirq *e;

    if (t->entries)
        return 0;
    e = heap_array(t->count, sizeof(*e));
    if (!e)
        return -ENOMEM;
    for (unsigned i = 0; i < t->count; i++)
        e[i] = (struct pirq){.domain = d, .irq = NO_IRQ, .pirq = i};
    atomic_store(&t->entries, e);
    return 0;
}

bool pirq_valid(const struct domain *d, u32 pirq)
{
    return pirq < d->pirqs->count;
}

bool pirq_allowed(const struct domain *d, u32 pirq)
{
    return mapped(d, pirq) != NULL;
}

/* lock held: the highest free number above the GSIs, as Xen gives them out */
static int find_free(struct domain *d)
{
    struct pirq_table *t = d->pirqs;

    for (unsigned i = t->count; i-- > irq_gsi_count();) {
        if (t->entries[i].irq == NO_IRQ && !t->entries[i].reserved)
            return (int)i;
    }
    return -ENOSPC;
}

int pirq_get_free(struct domain *d)
{
    int rc;

    spin_lock(&d->pirqs->lock);
    rc = make_entries(d);
    if (!rc)
        rc = find_free(d);
    if (rc >= 0)
        d->pirqs->entries[rc].reserved = true;
    spin_unlock(&d->pirqs->lock);
    return rc;
}

static int map_locked(struct domain *d, int pirq, unsigned irq)
{
    struct pirq_table *t = d->pirqs;
    int rc = make_entries(d);

    if (rc)
        return rc;
    for (unsigned i = 0; i < t->count; i++) {
        if (t->entries[i].irq == (int)irq)
            return pirq < 0 || (unsigned)pirq == i ? (int)i : -EEXIST;
    }
    if (pirq < 0)
        pirq = d->privileged && irq < irq_gsi_count() ? (int)irq : find_free(d);
    if (pirq < 0)
        return pirq;
    if ((unsigned)pirq >= t->count)
        return -EINVAL;
    if (t->entries[pirq].irq != NO_IRQ)
        return -EEXIST;
    t->entries[pirq].irq = (s16)irq;
    t->entries[pirq].reserved = false;
    return pirq;
}

int pirq_map(struct domain *d, int pirq, unsigned irq)
{
    int rc;

    if (irq >= MAX_IRQS)
        return -EINVAL;
    spin_lock(&d->pirqs->lock);
    rc = d->dying ? -EINVAL : map_locked(d, pirq, irq);
    spin_unlock(&d->pirqs->lock);
    return rc;
}

int pirq_unmap(struct domain *d, u32 pirq, int *irq)
{
    struct pirq *p;
    int rc = 0;

    spin_lock(&d->pirqs->lock);
    p = entry(d, pirq);
    if (!p || (p->irq == NO_IRQ && !p->reserved)) {
        rc = -EINVAL;
    } else if (p->port) {
        rc = -EBUSY;
    } else {
        *irq = p->irq;
        p->irq = NO_IRQ;
        p->reserved = false;
    }
    spin_unlock(&d->pirqs->lock);
    return rc;
}

int pirq_to_irq(const struct domain *d, u32 pirq)
{
    struct pirq *p = mapped(d, pirq);

    return p ? p->irq : -ENOENT;
}

/* In interrupt context. */
static void pirq_interrupt(unsigned irq, void *data)
{
    const struct pirq *p = data;

    (void)irq;
    event_send_port(p->domain, p->port);
}

static void eoi_map_set(struct domain *d, const struct pirq *p)
{
    unsigned long *map = d->pirqs->eoi_map;

    if (!map)
        return;
    if (p->bound && p->level)
        atomic_test_and_set_bit(p->pirq, map);
    else
        atomic_test_and_clear_bit(p->pirq, map);
}

int pirq_bind(struct domain *d, u32 pirq, evtchn_port_t port, bool will_share)
{
    struct pirq *p;
    int rc;

    (void)will_share; /* among drivers of one domain: Linux shares the event channel itself */
    spin_lock(&d->pirqs->lock);
    p = mapped(d, pirq);
    if (!p) {
        rc = -EINVAL;
        goto out;
    }
    p->port = port;
    rc = irq_bind((unsigned)p->irq, pirq_interrupt, p);
    if (rc) {
        p->port = 0;
        goto out;
    }
    p->bound = true;
    p->level = irq_is_level((unsigned)p->irq);
    if (d->vcpus[0])
        irq_set_affinity((unsigned)p->irq, d->vcpus[0]->unit.cpu);
    eoi_map_set(d, p);
    irq_unmask((unsigned)p->irq);
out:
    spin_unlock(&d->pirqs->lock);
    return rc;
}

void pirq_unbind(struct domain *d, u32 pirq)
{
    struct pirq *p;

    spin_lock(&d->pirqs->lock);
    p = entry(d, pirq);
    if (p && p->bound) {
        irq_unbind((unsigned)p->irq);
        p->bound = false;
        p->port = 0;
        eoi_map_set(d, p);
    }
    spin_unlock(&d->pirqs->lock);
}

evtchn_port_t pirq_port(const struct domain *d, u32 pirq)
{
    struct pirq *p = entry(d, pirq);

    return p ? p->port : 0;
}

/* Called with interrupts disabled and the port's lock held: only the irq's own lock is taken. */
void pirq_set_vcpu(struct domain *d, u32 pirq, struct vcpu *v)
{
    struct pirq *p = entry(d, pirq);

    if (p && p->bound && v)
        irq_set_affinity((unsigned)p->irq, v->unit.cpu);
}

int pirq_eoi(struct domain *d, u32 pirq)
{
    struct pirq *p;

    spin_lock(&d->pirqs->lock);
    p = mapped(d, pirq);
    if (p && p->bound) {
        if (d->pirqs->auto_unmask) {
            struct event_channel *c = event_channel(d, p->port);
            bool irq = spin_lock_irqsave(&c->lock);

            d->event.ops->unmask(d, c);
            spin_unlock_irqrestore(&c->lock, irq);
        }
        irq_eoi((unsigned)p->irq);
    }
    spin_unlock(&d->pirqs->lock);
    return p ? 0 : -EINVAL;
}

bool pirq_needs_eoi(struct domain *d, u32 pirq)
{
    struct pirq *p = mapped(d, pirq);

    return p && irq_is_level((unsigned)p->irq);
}

int pirq_set_eoi_map(struct domain *d, u64 gfn, bool auto_unmask)
{
    struct pirq_table *t = d->pirqs;
    mfn_t mfn = MFN(gfn);
    int rc = 0;

    if (!mfn_valid(mfn) || frame_get_and_type(mfn_to_frame(mfn), d->id, FRAME_WRITABLE))
        return -EINVAL;
    spin_lock(&t->lock);
    if (t->eoi_map || d->dying) {
        rc = -EBUSY;
    } else {
        t->eoi_map = mfn_to_virt(mfn);
        t->auto_unmask = auto_unmask;
        for (unsigned i = 0; t->entries && i < t->count; i++)
            eoi_map_set(d, &t->entries[i]);
    }
    spin_unlock(&t->lock);
    if (rc)
        frame_put_and_type(mfn_to_frame(mfn));
    return rc;
}

void pirq_mark_dirty(struct domain *d)
{
    struct pirq_table *t = d->pirqs;

    spin_lock(&t->lock);
    if (t->eoi_map)
        frame_mark_dirty(mfn_to_frame(virt_to_mfn(t->eoi_map)));
    spin_unlock(&t->lock);
}

void pirq_release_all(struct domain *d)
{
    struct pirq_table *t = d->pirqs;
    unsigned long *map;
    int irq;

    spin_lock(&t->lock);
    map = t->eoi_map;
    t->eoi_map = NULL;
    spin_unlock(&t->lock);
    for (unsigned i = 0; t->entries && i < t->count; i++) {
        spin_lock(&t->lock);
        irq = t->entries[i].irq;
        t->entries[i].irq = NO_IRQ;
        spin_unlock(&t->lock);
        if (irq != NO_IRQ)
            irq_release((unsigned)irq); /* a device's vector is free for its next owner */
    }
    if (map)
        frame_put_and_type(mfn_to_frame(virt_to_mfn(map)));
}
