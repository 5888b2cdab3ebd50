/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The FIFO ABI (xen/event_channel.h, design document "event channels, FIFO
 * based"): for each port a 32-bit word in pages that the guest adds, with the
 * bits PENDING, MASKED, LINKED, BUSY and the number of the next port; for each vCPU
 * a control block with the heads of sixteen priority queues. The guest takes
 * events from the heads while we append at the tails, which only we know.
 *
 * All queues of a domain share one lock (LOCK_EVENT_QUEUE), so an event
 * that moves to another vCPU or priority needs no second one. Everything in the
 * guest's pages is changed atomically, and only flags are ever read back from it.
 * Setting up is done under d->event.lock.
 */
#include "atomic.h"
#include "domain/event_internal.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "mm/heap.h"

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define MAX_PAGES      (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)
#define W_PENDING      (1u << EVTCHN_FIFO_PENDING)
#define W_MASKED       (1u << EVTCHN_FIFO_MASKED)
#define W_LINKED       (1u << EVTCHN_FIFO_LINKED)
#define W_BUSY         (1u << EVTCHN_FIFO_BUSY)
#define W_LINK         ((u32)EVTCHN_FIFO_LINK_MASK)

struct event_fifo_domain {
    struct spinlock lock;
    unsigned pages; /* published after the entry */
    event_word_t *page[MAX_PAGES];
};

struct event_fifo_vcpu {
    struct evtchn_fifo_control_block *control;  /* in the guest's page; NULL: not yet */
    evtchn_port_t tail[EVTCHN_FIFO_MAX_QUEUES]; /* 0: empty */
};

/* NULL: the guest has not added the page yet. */
static event_word_t *word_of(const struct domain *d, evtchn_port_t port)
{
    const struct event_fifo_domain *f = d->event.fifo;

    if (!f || port / WORDS_PER_PAGE >= atomic_load(&f->pages))
        return NULL;
    return f->page[port / WORDS_PER_PAGE] + port % WORDS_PER_PAGE;
}

/*
 * Makes the word of a queue's tail point to @port, if it is still linked: the
 * guest clears LINKED when it takes the event. BUSY keeps the guest from unlinking it for a moment
 * when it interferes all the time. @return false: it is no longer in the queue
 */
static bool link_behind(event_word_t *tail, evtchn_port_t port)
{
    u32 w = READ_ONCE(*tail);

    for (unsigned attempt = 0; attempt < 8; attempt++) {
        if (!(w & W_LINKED))
            return false;
        if (attempt == 4)
            w = atomic_or(tail, W_BUSY) | W_BUSY;
        if (atomic_cmpxchg(tail, &w, (w & ~(W_BUSY | W_LINK)) | port))
            return true;
    }
    atomic_and(tail, ~W_BUSY);
    return true; /* a guest that races with itself on purpose loses its own events */
}

/*
 * f->lock held. Appends the event to the queue of @v. @return true: the queue was empty, tell the
 * vCPU
 */
static bool append(struct domain *d, struct vcpu *v, struct event_channel *c)
{
    struct event_fifo_vcpu *q = v->event.fifo, *old = d->vcpus[c->last_vcpu]->event.fifo;
    unsigned prio = c->priority;
    bool linked = false;
    event_word_t *tail;

    /* It was the last one of a queue and has been taken from there: that queue is empty now. */
    if (old->tail[c->last_priority] == c->port)
        old->tail[c->last_priority] = 0;
    c->last_vcpu = (u16)v->id;
    c->last_priority = (u8)prio;
    tail = q->tail[prio] ? word_of(d, q->tail[prio]) : NULL;
    if (tail)
        linked = link_behind(tail, c->port);
    if (!linked)
        atomic_store(&q->control->head[prio], c->port);
    q->tail[prio] = c->port;
    return !linked && !(atomic_or(&q->control->ready, 1u << prio) & (1u << prio));
}

static void fifo_set_pending(struct domain *d, struct vcpu *v, struct event_channel *c)
{
    event_word_t *word = word_of(d, c->port);
    struct event_fifo_domain *f = d->event.fifo;
    bool was_pending, tell = false;

    if (!word || !v) {
        c->pending = true; /* done again when the page is added */
        return;
    }
    spin_lock(&f->lock);
    /* The lock is held until the event is in its queue: a vCPU that is woken must find it there. */
    was_pending = atomic_or(word, W_PENDING) & W_PENDING;
    if (v->event.fifo && v->event.fifo->control && !(READ_ONCE(*word) & W_MASKED) &&
        !(atomic_or(word, W_LINKED) & W_LINKED))
        tell = append(d, v, c);
    spin_unlock(&f->lock);
    if (tell)
        event_mark_pending(v);
    if (!was_pending)
        event_check_pollers(d, c->port);
}

static void fifo_init_port(struct domain *d, struct event_channel *c)
{
    event_word_t *word = word_of(d, c->port);

    /*
     * A port that was closed while linked is still in its old queue; the guest will find it not
     * pending there.
     */
    if (word && (READ_ONCE(*word) & W_LINKED))
        guest_printk(LOG_DEBUG, "d%d port %u is already on a queue\n", d->id, c->port);
}

static void fifo_clear_pending(struct domain *d, struct event_channel *c)
{
    event_word_t *word = word_of(d, c->port);

    c->pending = false;
    if (word)
        atomic_and(word, ~W_PENDING);
}

static void fifo_unmask(struct domain *d, struct event_channel *c)
{
    event_word_t *word = word_of(d, c->port);

    if (!word)
        return;
    atomic_and(word, ~W_MASKED);
    if (READ_ONCE(*word) & W_PENDING)
        fifo_set_pending(d, d->vcpus[c->notify_vcpu], c);
}

static bool fifo_is_pending(struct domain *d, evtchn_port_t port)
{
    event_word_t *word = word_of(d, port);

    return word && (READ_ONCE(*word) & W_PENDING);
}

static bool fifo_is_masked(struct domain *d, evtchn_port_t port)
{
    event_word_t *word = word_of(d, port);

    return !word || (READ_ONCE(*word) & W_MASKED);
}

static int fifo_set_priority(struct domain *d, struct event_channel *c, unsigned priority)
{
    (void)d;
    if (priority > EVTCHN_FIFO_PRIORITY_MIN)
        return -EINVAL;
    c->priority = (u8)priority; /* from the next time on; where it is linked it stays */
    return 0;
}

const struct event_ops event_fifo_ops = {
    .init = fifo_init_port,
    .set_pending = fifo_set_pending,
    .clear_pending = fifo_clear_pending,
    .unmask = fifo_unmask,
    .is_pending = fifo_is_pending,
    .is_masked = fifo_is_masked,
    .set_priority = fifo_set_priority,
    .max_ports = EVTCHN_FIFO_NR_CHANNELS,
};

/* ---- setting up, d->event.lock held ---- */

/* A writable page of the calling domain, with references that page_unmap() drops. NULL: not one */
static void *page_map(struct domain *d, u64 gfn)
{
    mfn_t mfn = MFN(gfn);

    if (!mfn_valid(mfn) || frame_get_and_type(mfn_to_frame(mfn), d->id, FRAME_WRITABLE))
        return NULL;
    return mfn_to_virt(mfn);
}

static void page_unmap(void *p)
{
    struct frame *f;

    if (!p)
        return;
    f = mfn_to_frame(virt_to_mfn((void *)((uintptr_t)p & PAGE_MASK)));
    frame_note_write(f);
    frame_put_and_type(f);
}

static void vcpus_free(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        heap_free(v->event.fifo);
        v->event.fifo = NULL;
    }
}

/* What the ABI needs of our memory, unseen until switch_to_fifo(). -ENOMEM; -EINVAL: without vCPU 0, where ports begin */
static int fifo_alloc(struct domain *d, struct event_fifo_domain **out)
{
    struct event_fifo_domain *f;
    struct vcpu *v;

    if (!d->vcpus[0])
        return -EINVAL;
    f = heap_new(struct event_fifo_domain);
    if (!f)
        return -ENOMEM;
    for_each_vcpu(d, v) {
        v->event.fifo = heap_new(struct event_fifo_vcpu);
        if (v->event.fifo)
            continue;
        vcpus_free(d);
        heap_free(f);
        return -ENOMEM;
    }
    spin_lock_init(&f->lock, LOCK_EVENT_QUEUE);
    *out = f;
    return 0;
}

/*
 * From now on events are noted as the FIFO ABI says. Those that were before are kept for when their pages come:
 * with its senders kept away once, a port has none left who looks at the old bits. There are no more
 * open ports than the 2-level ABI has.
 */
static void switch_to_fifo(struct domain *d, struct event_fifo_domain *f)
{
    atomic_store(&d->event.fifo, f);
    atomic_store(&d->event.ops, &event_fifo_ops);
    for (evtchn_port_t port = 1; port < MIN(d->event.valid_ports, event_2l_ops.max_ports); port++) {
        struct event_channel *c = event_channel(d, port);
        bool irq;

        if (c->state == EVTCHNSTAT_closed)
            continue;
        irq = irq_save();
        event_lock_senders(c);
        if (event_2l_ops.is_pending(d, port)) {
            event_2l_ops.clear_pending(d, c);
            c->pending = true;
        }
        event_unlock_senders(c);
        irq_restore(irq);
    }
}

/* The first control block makes a domain change over: all of it, or nothing. */
static int add_control_block(struct domain *d, struct vcpu *v, u64 gfn, u32 offset)
{
    struct event_fifo_domain *f = d->event.fifo;
    bool first = !f, irq;
    char *page;
    int rc;

    if (d->dying || (!first && (!v->event.fifo || v->event.fifo->control)))
        return -EINVAL;
    rc = first ? fifo_alloc(d, &f) : 0;
    if (rc)
        return rc;
    page = page_map(d, gfn);
    if (!page) {
        if (first) {
            vcpus_free(d);
            heap_free(f);
        }
        return -EINVAL;
    }
    if (first)
        switch_to_fifo(d, f);
    irq = spin_lock_irqsave(&f->lock);
    v->event.fifo->control = (struct evtchn_fifo_control_block *)(page + offset);
    spin_unlock_irqrestore(&f->lock, irq);
    return 0;
}

int event_fifo_init_control(struct evtchn_init_control *args)
{
    struct domain *d = current_domain();
    struct vcpu *v = domain_vcpu(d, args->vcpu);
    int rc;

    args->link_bits = EVTCHN_FIFO_LINK_BITS;
    if (!v)
        return -ENOENT;
    if (args->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || args->offset & 7)
        return -EINVAL;
    spin_lock(&d->event.lock);
    rc = add_control_block(d, v, args->control_gfn, args->offset);
    spin_unlock(&d->event.lock);
    return rc;
}

/*
 * The ports of a page that was just added: those notified before become pending now. Whoever has notified holds the
 * lock of one end until it is noted, and whoever comes later sees the page.
 */
static void deliver_kept(struct domain *d, evtchn_port_t first)
{
    for (evtchn_port_t port = first; port < first + WORDS_PER_PAGE && port < d->event.valid_ports;
         port++) {
        struct event_channel *c = event_channel(d, port);
        bool irq;

        if (c->state == EVTCHNSTAT_closed)
            continue;
        irq = irq_save();
        event_lock_senders(c);
        if (c->pending) {
            c->pending = false;
            fifo_set_pending(d, d->vcpus[c->notify_vcpu], c);
        }
        event_unlock_senders(c);
        irq_restore(irq);
    }
}

int event_fifo_expand_array(const struct evtchn_expand_array *args)
{
    struct domain *d = current_domain();
    struct event_fifo_domain *f;
    void *page;
    int rc = 0;

    spin_lock(&d->event.lock);
    f = d->event.fifo;
    if (!f || d->dying) {
        rc = -EOPNOTSUPP;
        goto out;
    }
    if (f->pages >= MAX_PAGES) {
        rc = -ENOSPC;
        goto out;
    }
    page = page_map(d, args->array_gfn);
    if (!page) {
        rc = -EINVAL;
        goto out;
    }
    f->page[f->pages] = page;
    atomic_store(&f->pages, f->pages + 1);
    deliver_kept(d, (f->pages - 1) * WORDS_PER_PAGE);
out:
    spin_unlock(&d->event.lock);
    return rc;
}

static void note_page(const void *p)
{
    if (p)
        frame_mark_dirty(mfn_to_frame(virt_to_mfn((void *)((uintptr_t)p & PAGE_MASK))));
}

void event_fifo_mark_dirty(struct domain *d)
{
    const struct event_fifo_domain *f;
    struct vcpu *v;

    spin_lock(&d->event.lock);
    f = d->event.fifo;
    for_each_vcpu(d, v)
        if (f && v->event.fifo)
            note_page(v->event.fifo->control);
    for (unsigned i = 0; f && i < f->pages; i++)
        note_page(f->page[i]);
    spin_unlock(&d->event.lock);
}

/*
 * All ports are closed: nobody notifies any more. Gives the guest's pages back and returns to the
 * 2-level ABI.
 */
void event_fifo_destroy(struct domain *d)
{
    struct event_fifo_domain *f = d->event.fifo;
    struct vcpu *v;

    if (!f)
        return;
    atomic_store(&d->event.ops, &event_2l_ops);
    d->event.fifo = NULL;
    for_each_vcpu(d, v) {
        if (v->event.fifo)
            page_unmap(v->event.fifo->control);
    }
    vcpus_free(d);
    for (unsigned i = 0; i < f->pages; i++)
        page_unmap(f->page[i]);
    heap_free(f);
}
