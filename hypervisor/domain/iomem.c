/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rights of a domain to MMIO frames and interrupt lines. Changed by the dom0
 * builder and domctl, read by pv/ for each page-table entry of MMIO (page-table
 * locks held), by domctl and physdev. Lock: d->rights_lock (LOCK_RIGHTS), a leaf
 * but for the heap; the bitmap, once made, stays and is read without.
 */
#include "domain/iomem.h"

#include "atomic.h"
#include "bitmap.h"
#include "domain/domain.h"
#include "errno.h"
#include "list.h"
#include "machine/irq.h"
#include "mm/heap.h"

struct range {
    struct list link;
    u64 first, last;
};

struct range_list {
    struct list ranges;
};

static struct range *range_new(u64 first, u64 last)
{
    struct range *r = heap_new(struct range);

    if (r) {
        r->first = first;
        r->last = last;
    }
    return r;
}

int range_list_add(struct range_list **lp, u64 first, u64 last)
{
    struct range *r, *n, *fresh;

    if (first > last)
        return -EINVAL;
    fresh = range_new(first, last);
    if (!fresh)
        return -ENOMEM;
    if (!*lp) {
        *lp = heap_new(struct range_list);
        if (!*lp) {
            heap_free(fresh);
            return -ENOMEM;
        }
        list_init(&(*lp)->ranges);
    }
    /* Swallows what it overlaps or touches. */
    list_for_each_safe(r, n, &(*lp)->ranges, link) {
        if (r->last != ~0UL && r->last + 1 < fresh->first)
            continue;
        if (fresh->last != ~0UL && fresh->last + 1 < r->first)
            break;
        fresh->first = MIN(fresh->first, r->first);
        fresh->last = MAX(fresh->last, r->last);
        list_del(&r->link);
        heap_free(r);
    }
    list_add_tail(&fresh->link, &r->link); /* before the first one behind it, or at the end */
    return 0;
}

int range_list_remove(struct range_list **lp, u64 first, u64 last)
{
    struct range *r, *n, *rest;

    if (first > last)
        return -EINVAL;
    if (!*lp)
        return 0;
    list_for_each_safe(r, n, &(*lp)->ranges, link) {
        if (r->last < first || r->first > last)
            continue;
        if (r->first < first && r->last > last) {
            rest = range_new(last + 1, r->last);
            if (!rest)
                return -ENOMEM;
            r->last = first - 1;
            list_add(&rest->link, &r->link);
            return 0;
        }
        if (r->first < first) {
            r->last = first - 1;
        } else if (r->last > last) {
            r->first = last + 1;
        } else {
            list_del(&r->link);
            heap_free(r);
        }
    }
    return 0;
}

bool range_list_contains(const struct range_list *l, u64 first, u64 last)
{
    const struct range *r;

    if (!l)
        return false;
    list_for_each(r, &l->ranges, link) {
        if (r->first <= first && last <= r->last)
            return first <= last;
    }
    return false;
}

bool range_list_overlaps(const struct range_list *l, u64 first, u64 last)
{
    const struct range *r;

    if (!l)
        return false;
    list_for_each(r, &l->ranges, link) {
        if (r->first <= last && first <= r->last)
            return true;
    }
    return false;
}

void range_list_free(struct range_list *l)
{
    struct range *r, *n;

    if (!l)
        return;
    list_for_each_safe(r, n, &l->ranges, link)
        heap_free(r);
    heap_free(l);
}

int domain_iomem_permit(struct domain *d, mfn_t first, u64 frames, bool allow)
{
    u64 last;
    int rc;

    if (!frames || __builtin_add_overflow(first.n, frames - 1, &last))
        return -EINVAL;
    spin_lock(&d->rights_lock);
    rc = allow ? range_list_add(&d->iomem, first.n, last)
               : range_list_remove(&d->iomem, first.n, last);
    spin_unlock(&d->rights_lock);
    return rc;
}

bool domain_iomem_allowed(struct domain *d, mfn_t first, u64 frames)
{
    bool allowed;
    u64 last;

    if (!frames || __builtin_add_overflow(first.n, frames - 1, &last))
        return false;
    spin_lock(&d->rights_lock);
    allowed = range_list_contains(d->iomem, first.n, last);
    spin_unlock(&d->rights_lock);
    return allowed;
}

static int irq_permit_locked(struct domain *d, unsigned gsi, bool allow)
{
    unsigned long *map = d->irqs;

    if (!map) {
        map = heap_array(BITS_TO_LONGS(MAX_IRQS), sizeof(*map));
        if (!map)
            return -ENOMEM;
        atomic_store(&d->irqs, map);
    }
    if (allow)
        set_bit(gsi, map);
    else
        clear_bit(gsi, map);
    return 0;
}

int domain_irq_permit(struct domain *d, unsigned gsi, bool allow)
{
    int rc;

    if (gsi >= MAX_IRQS)
        return -EINVAL;
    spin_lock(&d->rights_lock);
    rc = irq_permit_locked(d, gsi, allow);
    spin_unlock(&d->rights_lock);
    return rc;
}

bool domain_irq_allowed(const struct domain *d, unsigned gsi)
{
    const unsigned long *map = atomic_load(&d->irqs);

    return gsi < MAX_IRQS && map && test_bit(gsi, map);
}
