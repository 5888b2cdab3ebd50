/* SPDX-License-Identifier: GPL-2.0-only */
/* domain/event_fifo.c itself, with a way to see which of the guest's pages it holds. */
#include "domain/event_fifo.c"

#include "sim.h"

void sim_fifo_pages(const struct domain *d, void (*fn)(mfn_t mfn))
{
    const struct event_fifo_domain *f = d->event.fifo;
    struct vcpu *v;

    for (unsigned i = 0; f && i < f->pages; i++)
        fn(virt_to_mfn(f->page[i]));
    for_each_vcpu(d, v)
        if (v->event.fifo && v->event.fifo->control)
            fn(virt_to_mfn((void *)((uintptr_t)v->event.fifo->control & PAGE_MASK)));
}
