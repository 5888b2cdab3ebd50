/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invariants, recomputed from scratch: references of every frame, pins of
 * every grant entry, both ends of every event channel, every pending FIFO event on
 * its queue, a vCPU on one CPU at a time. Includes event_fifo.c to see its structures.
 */
#include "world.h"

#include <string.h>

#include "../../../hypervisor/domain/event_fifo.c"
#include "domain/grant_internal.h"
#include "domain/internal.h"
#include "mm/buddy.h"

static u16 want_refs[FRAMES], want_writable[FRAMES];

static void hold(mfn_t mfn, bool writable)
{
    want_refs[mfn.n]++;
    want_writable[mfn.n] += writable;
}

static void hold_page(const void *p)
{
    if (p)
        hold(virt_to_mfn(p), true);
}

static struct maptrack *track(struct domain *d, u32 h)
{
    return &d->grant->maptrack[h / MAPTRACK_PER_FRAME][h % MAPTRACK_PER_FRAME];
}

static void count_domain(struct guest *g)
{
    struct domain *d = g->d;
    struct vcpu *v;

    for (unsigned i = 0; i < MAPPINGS; i++)
        if (g->map[i].used)
            hold(g->map[i].frame, !(g->map[i].flags & GNTMAP_readonly));
    for (u32 h = 0; h < d->grant->maptrack_frames * MAPTRACK_PER_FRAME; h++)
        if (track(d, h)->flags)
            hold(MFN(track(d, h)->frame), !(track(d, h)->flags & GNTMAP_readonly));
    for_each_vcpu(d, v) {
        if (!mfn_eq(v->info_mfn, INVALID_MFN))
            hold(v->info_mfn, true);
        if (v->event.fifo)
            hold_page(v->event.fifo->control);
    }
    for (unsigned i = 0; d->event.fifo && i < d->event.fifo->pages; i++)
        hold_page(d->event.fifo->page[i]);
}

static void check_frames(void)
{
    memset(want_refs, 0, sizeof(want_refs));
    memset(want_writable, 0, sizeof(want_writable));
    for (unsigned i = 0; i < DOMAINS; i++)
        if (guests[i].d)
            count_domain(&guests[i]);
    for (u64 n = 1; n < FRAMES; n++) {
        struct frame *f = mfn_to_frame(MFN(n));
        u32 refs = f->refs & FRAME_COUNT, types = f->type & TYPE_COUNT;

        if (f->refs & FRAME_FREE)
            continue;
        if (f->refs & FRAME_ALLOCATED)
            refs--;
        if (f->refs & FRAME_XENHEAP)
            types = types ? types - 1 : 0;
        if (refs != want_refs[n] || types != want_writable[n])
            sim_fail("frame %lx of d%u: %u references and %u writable, should be %u and %u", n, f->owner, refs, types,
                     want_refs[n], want_writable[n]);
    }
}

static void check_grants(struct domain *d)
{
    struct grant_table *t = d->grant;

    for (u32 ref = 0; ref < t->frames * ENTRIES_PER_FRAME; ref++) {
        const struct grant_active *a = grant_active(t, ref);
        unsigned hr = 0, hw = 0, dr = 0, dw = 0;

        if (ref > 20 && !a->host_readers && !a->host_writers && !a->dev_readers && !a->dev_writers)
            continue;
        for (unsigned i = 0; i < DOMAINS; i++) {
            struct domain *m = guests[i].d;

            for (u32 h = 0; m && h < m->grant->maptrack_frames * MAPTRACK_PER_FRAME; h++) {
                const struct maptrack *k = track(m, h);

                if (!k->flags || k->domid != d->id || k->ref != ref)
                    continue;
                hr += (k->flags & GNTMAP_host_map) && (k->flags & GNTMAP_readonly);
                hw += (k->flags & GNTMAP_host_map) && !(k->flags & GNTMAP_readonly);
                dr += (k->flags & GNTMAP_device_map) && (k->flags & GNTMAP_readonly);
                dw += (k->flags & GNTMAP_device_map) && !(k->flags & GNTMAP_readonly);
            }
        }
        if (hr != a->host_readers || hw != a->host_writers || dr != a->dev_readers || dw != a->dev_writers)
            sim_fail("d%u entry %u: pins %u %u %u %u, should be %u %u %u %u", d->id, ref, a->host_readers,
                     a->host_writers, a->dev_readers, a->dev_writers, hr, hw, dr, dw);
    }
}

/* All three levels say the same, or it is not found. */
static bool port_marked_free(const struct domain *d, evtchn_port_t port)
{
    unsigned g = port / EVENT_PORTS_PER_GROUP, b = port / EVENT_CHANNELS_PER_BUCKET % EVENT_BUCKETS_PER_GROUP;
    const struct event_group *group = d->event.groups[g];

    if (!(d->event.groups_with_free & BIT(g)) != !group->with_free || !(group->with_free & BIT(b)) != !group->free[b])
        sim_fail("d%u port %u: the bits of free ports disagree", d->id, port);
    return group->free[b] & BIT(port % EVENT_CHANNELS_PER_BUCKET);
}

static void check_ports(struct domain *d)
{
    unsigned active = 0;
    struct vcpu *v;

    for (evtchn_port_t port = 0; port < d->event.valid_ports; port++) {
        struct event_channel *c = event_channel(d, port), *r;

        if (c->port != port)
            sim_fail("d%u port %u says it is %u", d->id, port, c->port);
        if (port && port_marked_free(d, port) != (c->state == EVTCHNSTAT_closed))
            sim_fail("d%u port %u is in state %u, but its bit is %d", d->id, port, c->state, port_marked_free(d, port));
        active += c->state != EVTCHNSTAT_closed;
        if (c->state == EVTCHNSTAT_interdomain) {
            r = event_channel(c->remote.domain, c->remote.port);
            if (r->state != EVTCHNSTAT_interdomain || r->remote.domain != d || r->remote.port != port)
                sim_fail("d%u port %u has no other end", d->id, port);
        }
        if (c->state == EVTCHNSTAT_virq && !event_virq_is_global(c->virq) &&
            d->vcpus[c->notify_vcpu]->event.virq_port[c->virq] != port)
            sim_fail("d%u port %u: virq %u is bound elsewhere", d->id, port, c->virq);
    }
    if (active != d->event.active_ports)
        sim_fail("d%u has %u ports, counted %u", d->id, active, d->event.active_ports);
    for_each_vcpu(d, v) {
        for (unsigned i = 0; i < NR_VIRQS; i++) {
            evtchn_port_t p = v->event.virq_port[i];

            if (p && (event_channel(d, p)->state != EVTCHNSTAT_virq || event_channel(d, p)->virq != i))
                sim_fail("d%uv%u virq %u: port %u", d->id, v->id, i, p);
        }
    }
}

/* ---- FIFO: the guest's side, after the design document ---- */

static bool reachable[EVTCHN_FIFO_NR_CHANNELS];

static void walk_queue(struct domain *d, evtchn_port_t port)
{
    for (unsigned n = 0; port; n++) {
        event_word_t *w = word_of(d, port);

        if (!w || n > EVTCHN_FIFO_NR_CHANNELS)
            sim_fail("d%u: broken queue at port %u", d->id, port);
        if (!(*w & W_LINKED))
            break;
        reachable[port] = true;
        port = *w & W_LINK;
    }
}

/* Every event that is pending and not masked can be found from a head. Only with all vCPUs' control blocks. */
static void check_fifo(struct domain *d)
{
    struct guest *g = guest_of(d);
    struct vcpu *v;

    if (!orderly || !d->event.fifo)
        return;
    for_each_vcpu(d, v)
        if (!v->event.fifo || !v->event.fifo->control)
            return;
    reached[R_FIFO_CHECKED]++;
    memset(reachable, 0, sizeof(reachable));
    for_each_vcpu(d, v) {
        for (unsigned q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++) {
            walk_queue(d, g->v[v->id].head[q]);
            if ((g->v[v->id].ready | v->event.fifo->control->ready) & (1u << q))
                walk_queue(d, v->event.fifo->control->head[q]);
        }
    }
    for (evtchn_port_t port = 1; port < d->event.valid_ports; port++) {
        event_word_t *w = word_of(d, port);

        if (w && event_channel(d, port)->state != EVTCHNSTAT_closed && (*w & W_LINKED) && !reachable[port])
            sim_fail("d%u port %u is lost", d->id, port);
    }
}

/* Takes @port off its queue. @return the next one; waits while the hypervisor asks for it */
static evtchn_port_t take(event_word_t *w)
{
    u32 old = READ_ONCE(*w);

    for (;;) {
        while (old & W_BUSY)
            old = READ_ONCE(*w);
        if (atomic_cmpxchg(w, &old, old & ~(W_LINKED | W_LINK)))
            return old & W_LINK;
    }
}

static void consume_queue(struct domain *d, struct vcpu *v, unsigned q)
{
    struct evtchn_fifo_control_block *c = v->event.fifo->control;
    u32 *ready = &guest_of(d)->v[v->id].ready;
    evtchn_port_t *head = &guest_of(d)->v[v->id].head[q], port = *head ? *head : c->head[q];
    event_word_t *w = word_of(d, port);

    if (!w) {
        *ready &= ~(1u << q);
        return;
    }
    reached[R_FIFO_TAKEN]++;
    *head = take(w);
    if (!*head)
        *ready &= ~(1u << q);
    if (!(READ_ONCE(*w) & W_MASKED))
        atomic_and(w, ~W_PENDING);
}

static void consume_fifo(struct domain *d, struct vcpu *v)
{
    u32 *ready = &guest_of(d)->v[v->id].ready;
    unsigned most = 1 + sim_rnd(20);
    event_word_t *w;

    for (unsigned n = 0; n < most; n++) {
        *ready |= atomic_xchg(&v->event.fifo->control->ready, 0);
        *ready &= (1u << EVTCHN_FIFO_MAX_QUEUES) - 1;
        if (!*ready)
            break;
        consume_queue(d, v, (unsigned)__builtin_ctz(*ready));
    }
    w = sim_rnd(4) ? NULL : word_of(d, sim_rnd(40));
    if (w && sim_rnd(2))
        atomic_and(w, ~W_MASKED);
    else if (w)
        __atomic_fetch_xor(w, W_MASKED, __ATOMIC_SEQ_CST);
}

/* The lock stands for the guest's knowledge that it has not gone back to the 2-level ABI. */
void consume_events(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct guest *g = guest_of(d);

    WRITE_ONCE(v->info->evtchn_upcall_pending, 0);
    spin_lock(&d->event.lock);
    if (d->event.fifo && v->event.fifo && v->event.fifo->control) {
        consume_fifo(d, v);
    } else {
        memset(g->v[v->id].head, 0, sizeof(g->v[v->id].head));
        g->v[v->id].ready = 0;
        atomic_xchg(&v->info->evtchn_pending_sel, 0);
        memset(d->shared_info->evtchn_pending, 0, sizeof(d->shared_info->evtchn_pending));
    }
    spin_unlock(&d->event.lock);
}

static void check_running(void)
{
    unsigned was = sim_this_cpu;
    struct vcpu *on[CPUS];

    for (unsigned a = 0; a < CPUS; a++) {
        sim_this_cpu = a;
        on[a] = current;
        if (!on[a]->unit.running || on[a]->unit.cpu != a)
            sim_fail("the vCPU on CPU %u is not marked as running there", a);
        for (unsigned b = 0; b < a; b++)
            if (on[a] == on[b])
                sim_fail("a vCPU is on CPUs %u and %u", a, b);
    }
    sim_this_cpu = was;
}

void check_all(void)
{
    sim_check_no_locks();
    check_running();
    check_frames();
    for (unsigned i = 0; i < DOMAINS; i++) {
        struct domain *d = guests[i].d;

        if (!d)
            continue;
        check_grants(d);
        check_ports(d);
        check_fifo(d);
    }
}
