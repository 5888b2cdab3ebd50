/* SPDX-License-Identifier: GPL-2.0-only */
/* domain/pirq.c itself, with a way to see which of the guest's pages it holds. */
#include "domain/pirq.c"

#include "sim.h"

void sim_pirq_pages(const struct domain *d, void (*fn)(mfn_t mfn))
{
    if (d->pirqs && d->pirqs->eoi_map)
        fn(virt_to_mfn(d->pirqs->eoi_map));
}
