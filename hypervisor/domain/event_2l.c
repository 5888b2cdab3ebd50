/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 2-level ABI: a bit for each port in the shared info page (pending and
 * mask), and in each vCPU's vcpu_info a selector word whose bits say which words of
 * the first level to look at. 4096 ports for 64-bit guests. Called with the
 * port's lock held; the words are shared with the guest, so all changes are atomic.
 */
#include "atomic.h"
#include "bitmap.h"
#include "domain/event_internal.h"
#include "errno.h"

/* The selector bit for @port; a vCPU is told only when its bit was clear. */
static void select_word(struct vcpu *v, evtchn_port_t port)
{
    if (!atomic_test_and_set_bit(port / BITS_PER_LONG, &v->info->evtchn_pending_sel))
        event_mark_pending(v);
}

static void two_level_set_pending(struct domain *d, struct vcpu *v, struct event_channel *c)
{
    struct shared_info *s = d->shared_info;
    evtchn_port_t port = c->port;

    if (port >= EVTCHN_2L_NR_CHANNELS || atomic_test_and_set_bit(port, s->evtchn_pending))
        return;
    if (v && !test_bit(port, s->evtchn_mask))
        select_word(v, port);
    event_check_pollers(d, port);
}

static void two_level_clear_pending(struct domain *d, struct event_channel *c)
{
    if (c->port < EVTCHN_2L_NR_CHANNELS)
        atomic_test_and_clear_bit(c->port, d->shared_info->evtchn_pending);
}

static void two_level_unmask(struct domain *d, struct event_channel *c)
{
    struct shared_info *s = d->shared_info;
    struct vcpu *v = d->vcpus[c->notify_vcpu];

    if (c->port >= EVTCHN_2L_NR_CHANNELS)
        return;
    if (atomic_test_and_clear_bit(c->port, s->evtchn_mask) &&
        test_bit(c->port, s->evtchn_pending) && v)
        select_word(v, c->port);
}

static bool two_level_is_pending(struct domain *d, evtchn_port_t port)
{
    return port < EVTCHN_2L_NR_CHANNELS && test_bit(port, d->shared_info->evtchn_pending);
}

static bool two_level_is_masked(struct domain *d, evtchn_port_t port)
{
    return port >= EVTCHN_2L_NR_CHANNELS || test_bit(port, d->shared_info->evtchn_mask);
}

static int two_level_set_priority(struct domain *d, struct event_channel *c, unsigned priority)
{
    (void)d, (void)c, (void)priority;
    return -ENOSYS;
}

const struct event_ops event_2l_ops = {
    .set_pending = two_level_set_pending,
    .clear_pending = two_level_clear_pending,
    .unmask = two_level_unmask,
    .is_pending = two_level_is_pending,
    .is_masked = two_level_is_masked,
    .set_priority = two_level_set_priority,
    .max_ports = EVTCHN_2L_NR_CHANNELS,
};
