/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of all domains, in order of their ids, with a small hash in front
 * for look-ups, and their reference counts. A domain is in the table from the
 * end of its creation until its last reference goes. Lock: table_lock
 * (LOCK_DOMAIN_TABLE), a leaf, interrupts disabled, so that it works in any context.
 */
#include "domain/domain_table.h"

#include "atomic.h"
#include "bug.h"
#include "domain/internal.h"
#include "errno.h"
#include "machine/cpu.h"

#define HASH_SIZE 64

static struct spinlock table_lock = SPINLOCK_INIT(LOCK_DOMAIN_TABLE);
static struct list all = LIST_INIT(all);
/* The last one looked up of those with this remainder; a hint. */
static struct domain *hash[HASH_SIZE];

struct domain *dom0;
static struct domain pseudo_xen = {.id = DOMID_XEN, .refs = 1};
static struct domain pseudo_io = {.id = DOMID_IO, .refs = 1};
struct domain *dom_xen = &pseudo_xen, *dom_io = &pseudo_io;

/* table_lock held */
static struct domain *find(domid_t id)
{
    struct domain *d = hash[id % HASH_SIZE];

    if (d && d->id == id)
        return d;
    list_for_each(d, &all, list) {
        if (d->id == id) {
            hash[id % HASH_SIZE] = d;
            return d;
        }
        if (d->id > id)
            break;
    }
    return NULL;
}

int domain_table_insert(struct domain *d)
{
    struct domain *it;
    bool irq;

    irq = spin_lock_irqsave(&table_lock);
    if (find(d->id)) {
        spin_unlock_irqrestore(&table_lock, irq);
        return -EEXIST;
    }
    list_for_each(it, &all, list) {
        if (it->id > d->id)
            break;
    }
    list_add_tail(&d->list, &it->list);
    spin_unlock_irqrestore(&table_lock, irq);
    return 0;
}

/* Takes a reference unless the last one has gone already. */
static bool get_unless_zero(struct domain *d)
{
    u32 refs = atomic_load(&d->refs);

    while (refs) {
        if (atomic_cmpxchg(&d->refs, &refs, refs + 1))
            return true;
    }
    return false;
}

struct domain *domain_find(domid_t id)
{
    struct domain *d;
    bool irq;

    irq = spin_lock_irqsave(&table_lock);
    d = find(id);
    if (d && !get_unless_zero(d))
        d = NULL;
    spin_unlock_irqrestore(&table_lock, irq);
    return d;
}

struct domain *domain_lookup(domid_t id)
{
    struct domain *d;
    bool irq;

    if (id == DOMID_XEN)
        return dom_xen;
    if (id == DOMID_IO)
        return dom_io;
    irq = spin_lock_irqsave(&table_lock);
    d = find(id);
    spin_unlock_irqrestore(&table_lock, irq);
    return d;
}

struct domain *domain_next(domid_t id)
{
    struct domain *d;
    bool irq;

    irq = spin_lock_irqsave(&table_lock);
    list_for_each(d, &all, list) {
        if (d->id >= id && get_unless_zero(d)) {
            spin_unlock_irqrestore(&table_lock, irq);
            return d;
        }
    }
    spin_unlock_irqrestore(&table_lock, irq);
    return NULL;
}

struct domain *domain_get(struct domain *d)
{
    u32 refs = atomic_add_return(&d->refs, 1);

    BUG_ON(refs <= 1); /* it was gone, or overflowed */
    return d;
}

void domain_put(struct domain *d)
{
    u32 left = atomic_sub_return(&d->refs, 1);
    bool irq;

    ASSERT(left != ~0u);
    if (left)
        return;
    irq = spin_lock_irqsave(&table_lock);
    if (hash[d->id % HASH_SIZE] == d)
        hash[d->id % HASH_SIZE] = NULL;
    list_del(&d->list);
    spin_unlock_irqrestore(&table_lock, irq);
    tasklet_schedule(&d->destroy, cpu_id()); /* the caller may hold locks */
}
