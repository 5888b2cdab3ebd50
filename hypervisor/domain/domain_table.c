/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of all domains by id, and their reference counts. A domain is in the
 * table from the end of its creation until its last reference goes. Looking one
 * up takes no lock, in any context: pages of the table, once made, stay, and what a
 * look-up may still have in hand is freed only after every CPU has passed its loop
 * (domain_destroy()). Lock: table_lock (LOCK_DOMAIN_TABLE) for those who add one.
 */
#include "domain/domain_table.h"

#include "atomic.h"
#include "bug.h"
#include "domain/internal.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/buddy.h"

#define PER_PAGE (PAGE_SIZE / sizeof(struct domain *))
#define PAGES    DIV_ROUND_UP(DOMID_FIRST_RESERVED, PER_PAGE)

static struct spinlock table_lock = SPINLOCK_INIT(LOCK_DOMAIN_TABLE);
static struct domain *first_page[PER_PAGE]; /* there is always a Domain 0 */
static struct domain **pages[PAGES] = {first_page};

struct domain *dom0;
static struct domain pseudo_xen = {.id = DOMID_XEN, .refs = 1};
static struct domain pseudo_io = {.id = DOMID_IO, .refs = 1};
struct domain *dom_xen = &pseudo_xen, *dom_io = &pseudo_io;

/* Where the domain is; NULL: there is no page for the id, which is a guest's number. */
static struct domain **slot_of(domid_t id)
{
    struct domain **page;

    if (id >= DOMID_FIRST_RESERVED)
        return NULL;
    page = atomic_load(&pages[id / PER_PAGE % PAGES]);
    return page ? &page[id % PER_PAGE] : NULL;
}

static struct domain *find(domid_t id)
{
    struct domain **slot = slot_of(id);

    return slot ? atomic_load(slot) : NULL;
}

static int make_page(domid_t id)
{
    struct domain **page, **expected = NULL;

    if (slot_of(id))
        return 0;
    page = page_alloc();
    if (!page)
        return -ENOMEM;
    if (!atomic_cmpxchg(&pages[id / PER_PAGE], &expected, page))
        page_free(page);
    return 0;
}

int domain_table_insert(struct domain *d)
{
    struct domain **slot;
    int rc = make_page(d->id);
    bool irq;

    if (rc)
        return rc;
    slot = slot_of(d->id);
    irq = spin_lock_irqsave(&table_lock);
    if (*slot)
        rc = -EEXIST;
    else
        atomic_store(slot, d);
    spin_unlock_irqrestore(&table_lock, irq);
    return rc;
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
    struct domain *d = find(id);

    return d && get_unless_zero(d) ? d : NULL;
}

struct domain *domain_lookup(domid_t id)
{
    if (id == DOMID_XEN)
        return dom_xen;
    if (id == DOMID_IO)
        return dom_io;
    return find(id);
}

struct domain *domain_next(domid_t id)
{
    for (unsigned i = id; i < DOMID_FIRST_RESERVED; i++) {
        struct domain **slot = slot_of((domid_t)i), *d;

        if (!slot) {
            i |= PER_PAGE - 1; /* none on this page */
            continue;
        }
        d = atomic_load(slot);
        if (d && get_unless_zero(d))
            return d;
    }
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

    BUG_ON(left == ~0u);
    if (left)
        return;
    atomic_store(slot_of(d->id), NULL);
    smp_mb();
    tasklet_schedule(&d->destroy, cpumask_first(&cpu_online_mask)); /* the caller may hold locks; from there on all CPUs */
}
