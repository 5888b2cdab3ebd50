/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small stand-in for the parts of domain/ that the sim build does not link:
 * creation, death, look-up and references of domains. The accounts of
 * their frames are the real ones (domain/pages.c).
 */
#include "sim.h"

#include <stdlib.h>

#include "domain/internal.h"
#include "domain/iomem.h"
#include "mm/paging.h"
#include "sched/softirq.h"

static struct domain pseudo_io = { .id = DOMID_IO, .refs = 1 }, pseudo_xen = { .id = DOMID_XEN, .refs = 1 };
struct domain *dom_io = &pseudo_io, *dom_xen = &pseudo_xen, *dom0;
static struct domain *table[SIM_DOMAINS];
DEFINE_PERCPU(unsigned long, softirq_pending);

void sim_domain_init(void)
{
    domain_pages_init();
}

struct domain *sim_domain_new(domid_t id, u64 max_pages)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->refs = 1;
    d->privileged = id == 0;
    d->kind = &sim_kind;
    d->max_vcpus = SIM_VCPUS;
    d->vcpus = calloc(SIM_VCPUS, sizeof(*d->vcpus));
    d->max_pages = max_pages;
    d->min_mfn = ~0ul;
    spin_lock_init(&d->page_lock, LOCK_DOMAIN_PAGES);
    d->pv = calloc(1, sizeof(*d->pv));
    spin_lock_init(&d->pv->mmu_lock, LOCK_PAGETABLE);
    table[id] = d;
    if (id == 0)
        d->ioports = calloc(1, 8);
    return d;
}

static void free_domain(struct domain *d)
{
    for (unsigned i = 0; i < SIM_VCPUS; i++)
        if (d->vcpus[i]) {
            free(d->vcpus[i]->pv);
            free(d->vcpus[i]);
        }
    free(d->vcpus);
    free(d->ioports);
    free(d->pv);
    free(d);
}

bool sim_domain_end(struct domain *d)
{
    if (!d->kill_stage) {
        d->dying = true;
        if (d->kind->domain_relinquish(d))
            return false;
        d->kill_stage = 1;
    }
    if (d->tot_pages) /* others still map frames of it */
        return false;
    if (d->refs != 1)
        sim_fail("d%d has %u references at its end", d->id, d->refs);
    table[d->id] = NULL;
    free_domain(d);
    return true;
}

struct domain *domain_lookup(domid_t id)
{
    return id < SIM_DOMAINS ? table[id] : NULL;
}

struct domain *domain_get(struct domain *d)
{
    d->refs++;
    return d;
}

struct domain *domain_find(domid_t id)
{
    struct domain *d = domain_lookup(id);

    return d ? domain_get(d) : NULL;
}

void domain_put(struct domain *d)
{
    if (!d->refs--)
        sim_fail("d%d lost a reference too many", d->id);
}

bool domain_controls(const struct domain *d)
{
    return current->domain->privileged || current->domain->target == d;
}

bool domain_iomem_allowed(const struct domain *d, mfn_t mfn, u64 frames)
{
    return d->privileged && !mfn_valid(mfn) && mfn.n < 0x100000;
}
