/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On an error nothing has changed: each operation is called again and again while its first, second, third ...
 * allocation fails, memory has room for none, one, two ... pages, its argument cannot be read, its result
 * cannot be written, and with bad arguments. Whenever it fails, a hash of all that domains, guests and the toolstack can
 * see must be what it was, and no memory may be kept, but for tables that grow for later (records of ports, of handles).
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include <xen/grant_table.h>
#include <xen/sched.h>

#include "domain/event_internal.h"
#include "domain/grant_internal.h"
#include "domain/hypercalls.h"
#include "domain/internal.h"
#include "domain/iomem.h"
#include "domain/ioports.h"
#include "domain/pirq.h"
#include "errno.h"
#include "mm/buddy.h"
#include "sched/softirq.h"

#define LAST_DOMAIN 3
#define MOST_FAULTS 64

static struct domain *d0, *d1, *d2;
static vaddr_t where; /* address of the argument */
static int bad;       /* which bad argument; 0: a good one */
static evtchn_port_t offered, opened;
static u32 mapped_handle;

/* ---- what is to stay ---- */

static u64 hash;

static void add(u64 x)
{
    hash = (hash ^ x) * 0x100000001b3ul;
    hash ^= hash >> 29;
}

static void add_bytes(const void *p, size_t len)
{
    for (size_t i = 0; i < len; i += 8)
        add(*(const u64 *)((const u8 *)p + i));
}

static void add_events(struct domain *d)
{
    const struct event_domain *e = &d->event;

    add((uintptr_t)e->ops), add((uintptr_t)e->fifo);
    add(e->active_ports), add(e->reset_next);
    for (unsigned i = 0; i < e->valid_ports; i++) {
        const struct event_channel *c = event_channel(d, i);

        if (c->state == EVTCHNSTAT_closed)
            continue;
        add(i), add(c->state), add(c->notify_vcpu), add(c->priority), add(c->pending), add(c->remote.port);
    }
    add(e->poll_mask[0]);
    for (unsigned i = 0; i < 40; i++)
        add(pirq_valid(d, i) && pirq_allowed(d, i) ? 1 + pirq_port(d, i) : 0);
}

static void add_grants(struct domain *d)
{
    struct grant_table *t = d->grant;

    add(t->frames);
    for (u32 ref = 0; ref < 16; ref++) {
        const struct grant_active *a = grant_active(t, ref);

        if (a->host_readers || a->host_writers || a->dev_readers || a->dev_writers)
            add_bytes(a, sizeof(*a));
    }
    add_bytes(t->shared[0], PAGE_SIZE);
    for (u32 h = 0; h < t->maptrack_frames * MAPTRACK_PER_FRAME; h++) {
        const struct maptrack *m = &t->maptrack[h / MAPTRACK_PER_FRAME][h % MAPTRACK_PER_FRAME];

        if (m->flags)
            add(h), add(m->use), add(m->ref), add(m->frame);
    }
}

static void add_vcpu(const struct vcpu *v)
{
    add((uintptr_t)v->info), add(v->info_mfn.n), add(v->runstate_guest), add(v->time_guest), add((uintptr_t)v->event.fifo);
    add(v->initialised), add(v->down), add(v->pause_flags), add(v->periodic_period), add(v->event.polling);
    add(v->unit.blocked), add(v->unit.pause_count);
    add(timer_armed(&v->periodic_timer)), add(timer_armed(&v->singleshot_timer)), add(timer_armed(&v->poll_timer));
    add_bytes(v->event.virq_port, sizeof(v->event.virq_port));
}

static void add_domain(struct domain *d)
{
    struct vcpu *v;

    add(d->id), add(d->refs), add(d->tot_pages), add(d->xenheap_pages), add(d->watchdogs_in_use), add(d->pause_count);
    add_bytes(d->shared_info, PAGE_SIZE);
    add_events(d);
    add_grants(d);
    for_each_vcpu(d, v)
        add_vcpu(v);
    for (unsigned i = 0; i < 64; i++)
        add(domain_iomem_allowed(d, MFN(i), 1)), add(domain_ioports_allowed(d, i, 1)), add(domain_irq_allowed(d, i));
}

static u64 state(void)
{
    hash = 0xcbf29ce484222325ul;
    for (domid_t id = 0; id <= LAST_DOMAIN; id++) {
        struct domain *d = domain_find(id);

        if (!d)
            continue;
        domain_put(d);
        add_domain(d);
    }
    for (u64 n = 1; n < FRAMES; n++) {
        const struct frame *f = mfn_to_frame(MFN(n));

        if (!(f->refs & FRAME_FREE) && f->owner <= LAST_DOMAIN)
            add(n), add(f->owner), add(f->refs & ~(u32)FRAME_DIRTY), add(f->type & TYPE_COUNT ? f->type : 0);
    }
    return hash;
}

/* Tables that have grown for later: pages, objects of the heap. */
static void grown(u64 *frames, long *objects)
{
    *frames = buddy_free_frames();
    *objects = sim_heap_objects;
    for (domid_t id = 0; id <= LAST_DOMAIN; id++) {
        struct domain *d = domain_find(id);

        if (!d)
            continue;
        *frames += d->grant->maptrack_frames;
        *objects -= d->event.valid_ports / EVENT_CHANNELS_PER_BUCKET + DIV_ROUND_UP(d->event.valid_ports, EVENT_PORTS_PER_GROUP);
        domain_put(d);
    }
}

/* ---- the operations: @return what the caller sees, negative or GNTST_* on an error ---- */

static void *arg(void)
{
    return window(current);
}

static long event(unsigned cmd)
{
    current->hcall_preempted = false;
    return do_event_channel_op(cmd, where);
}

static long alloc_unbound(void)
{
    struct evtchn_alloc_unbound *a = arg();
    long rc;

    *a = (struct evtchn_alloc_unbound){.dom = bad == 1 ? 99 : bad == 2 ? 2 : DOMID_SELF, .remote_dom = 2};
    rc = event(EVTCHNOP_alloc_unbound);
    opened = a->port;
    return rc;
}

static long bind_interdomain(void)
{
    struct evtchn_bind_interdomain *b = arg();
    long rc;

    *b = (struct evtchn_bind_interdomain){.remote_dom = bad == 1 ? 99 : 2, .remote_port = bad == 2 ? offered + 1 : offered};
    rc = event(EVTCHNOP_bind_interdomain);
    opened = b->local_port;
    return rc;
}

static long bind_virq(void)
{
    struct evtchn_bind_virq *b = arg();
    long rc;

    *b = (struct evtchn_bind_virq){.virq = bad == 1 ? 99 : VIRQ_DEBUG, .vcpu = bad == 2 ? 7 : 1};
    rc = event(EVTCHNOP_bind_virq);
    opened = b->port;
    return rc;
}

static long bind_ipi(void)
{
    struct evtchn_bind_ipi *b = arg();
    long rc;

    *b = (struct evtchn_bind_ipi){.vcpu = bad ? 7 : 0};
    rc = event(EVTCHNOP_bind_ipi);
    opened = b->port;
    return rc;
}

static long bind_pirq(void)
{
    struct evtchn_bind_pirq *b = arg();
    long rc;

    *b = (struct evtchn_bind_pirq){.pirq = bad == 1 ? 999 : bad == 2 ? 1 : 30};
    rc = event(EVTCHNOP_bind_pirq);
    opened = b->port;
    return rc;
}

static void close_opened(void)
{
    if (event_close(d1, opened))
        sim_fail("port %u cannot be closed", opened);
}

static long init_control(void)
{
    struct evtchn_init_control *c = arg();
    mfn_t mfn = bad == 1 ? MFN(FRAMES + 5) : bad == 2 ? guests[2].memory[0] : guests[1].memory[0];

    *c = (struct evtchn_init_control){.vcpu = bad == 3 ? 7 : 1, .control_gfn = mfn.n, .offset = bad == 4 ? 4090 : bad == 5 ? 3 : 0};
    return event(EVTCHNOP_init_control);
}

static void reset(void)
{
    *(struct evtchn_reset *)arg() = (struct evtchn_reset){.dom = DOMID_SELF};
    where = WINDOW;
    if (event(EVTCHNOP_reset))
        sim_fail("reset");
}

/* The FIFO ABI is not set up, and stays so. */
static long expand_too_early(void)
{
    *(struct evtchn_expand_array *)arg() = (struct evtchn_expand_array){.array_gfn = guests[1].memory[1].n};
    return event(EVTCHNOP_expand_array);
}

static long expand_array(void)
{
    *(struct evtchn_expand_array *)arg() = (struct evtchn_expand_array){.array_gfn = guests[bad ? 2 : 1].memory[1].n};
    return event(EVTCHNOP_expand_array);
}

/* The first page again, after a success and before the first attempt. */
static void begin_array(void)
{
    if (d1->event.fifo)
        reset();
    bad = 0, where = WINDOW;
    if (init_control())
        sim_fail("init_control");
}

static long map(void)
{
    struct gnttab_map_grant_ref *op = arg();
    long rc;

    *op = (struct gnttab_map_grant_ref){.host_addr = bad == 1 ? MAPPINGS << PAGE_SHIFT : PAGE_SIZE, .flags = bad == 4 ? 0 : GNTMAP_host_map | GNTMAP_device_map,
                                        .ref = bad == 2 ? 5 : 0, .dom = bad == 3 ? 99 : 2};
    rc = do_grant_table_op(GNTTABOP_map_grant_ref, where, 1);
    mapped_handle = op->handle;
    return rc ? rc : op->status;
}

static void unmap(void)
{
    struct gnttab_unmap_grant_ref *op = arg();

    *op = (struct gnttab_unmap_grant_ref){
        .host_addr = PAGE_SIZE, .dev_bus_addr = mfn_to_paddr(guests[2].memory[3]), .handle = mapped_handle};
    if (do_grant_table_op(GNTTABOP_unmap_grant_ref, WINDOW, 1) || op->status)
        sim_fail("unmap: %d", op->status);
}

static long unmap_bad(void)
{
    *(struct gnttab_unmap_grant_ref *)arg() = (struct gnttab_unmap_grant_ref){.host_addr = PAGE_SIZE, .handle = 77};
    (void)do_grant_table_op(GNTTABOP_unmap_grant_ref, where, 1);
    return -1;
}

static long copy_bad(void)
{
    *(struct gnttab_copy *)arg() = (struct gnttab_copy){
        .source = {.u.ref = 0, .domid = 2, .offset = 4000},
        .dest = {.u.gmfn = bad == 1 ? FRAMES + 1 : guests[1].memory[5].n, .domid = DOMID_SELF},
        .len = 200, .flags = GNTCOPY_source_gref};
    (void)do_grant_table_op(GNTTABOP_copy, where, 1);
    return -1;
}

static unsigned table_frames = 1;

static long setup_table(void)
{
    struct gnttab_setup_table *op = arg();
    long rc;

    *op = (struct gnttab_setup_table){.dom = bad == 1 ? 99 : bad == 2 ? 2 : DOMID_SELF, .nr_frames = bad == 3 ? 9999 : table_frames + 3};
    op->frame_list.p = (void *)(WINDOW + 256);
    rc = do_grant_table_op(GNTTABOP_setup_table, where, 1);
    return rc ? rc : op->status;
}

static void table_has_grown(void)
{
    table_frames += 3;
}

static long register_info(void)
{
    *(struct vcpu_register_vcpu_info *)arg() = (struct vcpu_register_vcpu_info){
        .mfn = bad == 1 ? FRAMES + 5 : bad == 2 ? guests[2].memory[0].n : guests[1].memory[6].n, .offset = bad == 3 ? 4090 : bad == 4 ? 3 : 0};
    return do_vcpu_op(VCPUOP_register_vcpu_info, 0, where);
}

static long poll(void)
{
    struct sched_poll *p = arg();

    *p = (struct sched_poll){.nr_ports = bad == 1 ? 200 : 1, .timeout = sim_now + 1000};
    p->ports.p = (void *)(bad == 2 ? WINDOW + WINDOW_SIZE : WINDOW + 512);
    *(evtchn_port_t *)(window(current) + 512) = 99999;
    return do_sched_op(SCHEDOP_poll, where);
}

static long set_periodic(void)
{
    *(u64 *)arg() = 1;
    return do_vcpu_op(VCPUOP_set_periodic_timer, 1, where);
}

static long make_domain(void)
{
    struct domain_config cfg = {.max_vcpus = 2};
    struct domain *d;

    return domain_create(LAST_DOMAIN, &cfg, &d);
}

/* What a CPU may have found without a lock stays until it has passed its loop. */
static void end_domain_slowly(void)
{
    struct domain *d = domain_find(LAST_DOMAIN);
    long objects;

    domain_put(d);
    while (domain_kill(d) == -ERESTART)
        ;
    objects = sim_heap_objects;
    for (unsigned n = 0; n < 20; n++)
        sim_run_cpu(n % (CPUS - 1)); /* the last CPU is in a hypercall */
    if (sim_heap_objects != objects || domain_find(LAST_DOMAIN))
        sim_fail("a domain was freed before every CPU had passed its loop");
    for (unsigned n = 0; n < 20; n++)
        sim_run_cpu(n % CPUS);
    if (sim_heap_objects == objects)
        sim_fail("a domain was not freed");
}

static long permit(void)
{
    static unsigned next;
    int rc = domain_iomem_permit(d2, MFN(next), 3, true);

    next += rc ? 0 : 5;
    return rc;
}

static long forbid(void)
{
    return domain_iomem_permit(d2, MFN(1), 1, false);
}

static long toolstack_port(void)
{
    return MIN(event_alloc_unbound(d2, 0), 0);
}

static const struct operation {
    const char *name;
    long (*call)(void);
    void (*undo)(void);  /* after a success */
    unsigned bad;        /* bad arguments 1.. of it */
    bool fails;          /* always */
    bool hypercall;
} operations[] = {
    {"alloc_unbound", alloc_unbound, close_opened, 2, false, true},
    {"bind_interdomain", bind_interdomain, close_opened, 2, false, true},
    {"bind_virq", bind_virq, close_opened, 2, false, true},
    {"bind_ipi", bind_ipi, close_opened, 1, false, true},
    {"bind_pirq", bind_pirq, close_opened, 2, false, true},
    {"init_control", init_control, reset, 5, false, true},
    {"expand_array too early", expand_too_early, NULL, 0, true, true},
    {"map", map, unmap, 4, false, true},
    {"unmap", unmap_bad, NULL, 0, true, true},
    {"copy", copy_bad, NULL, 1, true, true},
    {"setup_table", setup_table, table_has_grown, 3, false, true},
    {"poll", poll, NULL, 2, true, true},
    {"set_periodic_timer", set_periodic, NULL, 0, true, true},
    {"register_vcpu_info", register_info, NULL, 4, false, true},
    {"expand_array", expand_array, begin_array, 1, false, true},
    {"domain_create", make_domain, end_domain_slowly, 0, false, false},
    {"iomem permit", permit, NULL, 0, false, false},
    {"iomem forbid", forbid, NULL, 0, false, false},
    {"alloc_unbound by the toolstack", toolstack_port, NULL, 0, false, false},
};

/* ---- faults ---- */

static unsigned long failures;

/* @return true: it failed, and nothing has changed */
static bool fails_cleanly(const struct operation *op, const char *fault, unsigned n)
{
    u64 before = state(), after, frames, frames_after;
    long objects, objects_after, rc;

    grown(&frames, &objects);
    rc = op->call();
    sim_fail_nth = 0;
    sim_writable = WINDOW_SIZE;
    if (!rc)
        return false;
    after = state();
    grown(&frames_after, &objects_after);
    if (before != after)
        sim_fail("%s failed (%ld, %s %u), but something has changed", op->name, rc, fault, n);
    if (frames != frames_after || objects != objects_after)
        sim_fail("%s failed (%ld, %s %u), %ld pages and %ld objects are kept", op->name, rc, fault, n,
                 (long)(frames - frames_after), objects_after - objects);
    failures++;
    return true;
}

static void success(const struct operation *op, const char *fault)
{
    if (op->fails)
        sim_fail("%s (%s) did not fail", op->name, fault);
    if (op->undo)
        op->undo();
}

static void fail_allocations(const struct operation *op)
{
    for (unsigned n = 1; n < MOST_FAULTS; n++) {
        sim_fail_nth = n;
        if (fails_cleanly(op, "allocation", n))
            continue;
        success(op, "allocation");
        return;
    }
    if (!op->fails)
        sim_fail("%s never succeeds", op->name);
}

/* All memory but @n pages is taken. @return true: it failed */
static bool with_free_pages(const struct operation *op, unsigned n)
{
    static void *taken[FRAMES];
    unsigned count = 0;
    bool failed;

    while ((taken[count] = page_alloc()) != NULL)
        count++;
    for (unsigned i = 0; i < n; i++)
        page_free(taken[--count]);
    failed = fails_cleanly(op, "pages", n);
    while (count)
        page_free(taken[--count]);
    return failed;
}

static void fail_pages(const struct operation *op)
{
    for (unsigned n = 0; n < MOST_FAULTS; n++) {
        if (with_free_pages(op, n))
            continue;
        success(op, "pages");
        return;
    }
}

/* Its result has room for the first bytes only. */
static void fail_writes(const struct operation *op)
{
    for (unsigned n = 0; n < MOST_FAULTS; n++) {
        sim_writable = n;
        if (fails_cleanly(op, "bytes of the result", n))
            continue;
        success(op, "bytes of the result");
        return;
    }
}

static void fail_arguments(const struct operation *op)
{
    where = WINDOW + WINDOW_SIZE - 1;
    if (op->hypercall && !fails_cleanly(op, "argument out of reach", 0))
        sim_fail("%s read what is not there", op->name);
    where = WINDOW;
    for (unsigned n = 1; n <= op->bad; n++) {
        bad = (int)n;
        if (!fails_cleanly(op, "bad argument", n))
            sim_fail("%s took bad argument %u", op->name, n);
    }
    bad = 0;
}

/* ---- the world ---- */

static struct domain *make(unsigned i)
{
    struct domain_config cfg = {.privileged = i == 0, .max_vcpus = 2};
    struct domain *d;

    while (domain_create((domid_t)i, &cfg, &d))
        ;
    guests[i].d = d;
    spin_lock_init(&guests[i].setup_lock, LOCK_DOMCTL);
    d->max_pages = MEMORY + 8;
    for (unsigned k = 0; k < MEMORY; k++)
        guests[i].memory[k] = domain_alloc_frames(d, 0, 0, 0);
    for (unsigned k = 0; k < 2; k++)
        if (vcpu_create(d, k))
            sim_fail("no vCPU");
    return d;
}

void check_errors(void)
{
    struct grant_entry_v1 *e;

    d0 = make(0), d1 = make(1), d2 = make(2);
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        sim_run_cpu(cpu);
    current = d1->vcpus[0];
    where = WINDOW;
    e = d2->grant->shared[0];
    *e = (struct grant_entry_v1){GTF_permit_access, 1, (u32)guests[2].memory[3].n};
    offered = (evtchn_port_t)event_alloc_unbound(d2, 1);
    if (pirq_map(d1, 30, 5) != 30)
        sim_fail("pirq");
    for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
        const struct operation *op = &operations[i];

        if (op->call == expand_array)
            begin_array();
        fail_arguments(op);
        if (op->fails)
            continue;
        fail_allocations(op);
        if (op->undo) {
            fail_pages(op);
            if (op->hypercall && op->call != setup_table) /* as on Xen: its size is known from query_size, too */
                fail_writes(op);
        }
    }
    printf("ok domain sim errors: %lu failures of %zu operations changed nothing\n", failures, ARRAY_SIZE(operations));
}
