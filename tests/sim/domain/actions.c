/* SPDX-License-Identifier: GPL-2.0-only */
/* What guests and the toolstack do, at random: mostly sensible, often not. */
#include "world.h"

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

#define EVTCHNOP_RESET_CONT 14 /* with which a reset goes on */
#define IOMEM 0xfe000 /* a device's frames */

struct guest guests[DOMAINS];
u64 calls[64], calls_ok[64], reached[R_COUNT];

static domid_t some_domain(void)
{
    static const domid_t odd[] = { DOMID_SELF, DOMID_IO, 99, DOMID_INVALID };

    return sim_rnd(12) ? (domid_t)sim_rnd(DOMAINS) : odd[sim_rnd(4)];
}

static evtchn_port_t some_port(void)
{
    return sim_rnd(20) ? sim_rnd(sim_rnd(3) ? 40 : 200) : sim_rnd(200000);
}

static u64 some_frame(struct guest *g)
{
    mfn_t m = g->memory[FIFO_FRAMES + sim_rnd(MEMORY - FIFO_FRAMES)];
    u64 any = sim_rnd(2 * FRAMES);

    for (unsigned i = 0; i < FIFO_FRAMES; i++)
        if (g->memory[i].n == any)
            any = 0;
    return sim_rnd(30) && !mfn_eq(m, INVALID_MFN) ? m.n : any;
}

/* Before the first control block: a guest begins with clean pages. */
static void fifo_prepare(struct guest *g)
{
    if (g->d->event.fifo)
        return;
    g->fifo_pages = 0;
    for (unsigned i = 0; i < VCPUS; i++)
        memset(g->v[i].head, 0, sizeof(g->v[i].head)), g->v[i].ready = 0;
    for (unsigned i = 0; i < FIFO_FRAMES; i++)
        if (!mfn_eq(g->memory[i], INVALID_MFN))
            memset(mfn_to_virt(g->memory[i]), 0, PAGE_SIZE);
}

bool orderly = true;

/* What a kernel does under a lock of its own. */
static bool is_setup(u64 nr, u64 cmd)
{
    return orderly && nr == __HYPERVISOR_event_channel_op &&
           (cmd == EVTCHNOP_reset || cmd == EVTCHNOP_RESET_CONT || cmd == EVTCHNOP_init_control || cmd == EVTCHNOP_expand_array);
}

static long dispatch(u64 nr, const u64 *a)
{
    switch (nr) {
    case __HYPERVISOR_event_channel_op:
        return do_event_channel_op(a[0], a[1]);
    case __HYPERVISOR_grant_table_op:
        return do_grant_table_op(a[0], a[1], a[2]);
    case __HYPERVISOR_vcpu_op:
        return do_vcpu_op(a[0], a[1], a[2]);
    case __HYPERVISOR_sched_op:
        return do_sched_op(a[0], a[1]);
    case __HYPERVISOR_set_timer_op:
        return do_set_timer_op(a[0]);
    }
    sim_fail("no such hypercall %lu", nr);
}

/* As a guest executes it: what is preempted goes on when the vCPU acts the next time. */
static long call(u64 nr, u64 a1, u64 a2, u64 a3)
{
    struct vcpu *v = current;
    struct guest *g = guest_of(v->domain);
    u64 args[4] = { a1, a2, a3, 0 };
    long rc;

    if (sim_rnd(4) == 0)
        softirq_raise(SOFTIRQ_TASKLET); /* preemption at every point in question */
    v->hcall_preempted = false;
    work_begin();
    rc = dispatch(nr, args);
    calls[nr]++;
    calls_ok[nr] += rc >= 0;
    if (rc == -ERESTART) {
        const struct regs *r = guest_regs();

        if (!v->hcall_preempted)
            sim_fail("-ERESTART without continuation");
        reached[R_PREEMPTED]++;
        g->v[v->id].pending = true;
        g->v[v->id].nr = r->rax;
        memcpy(g->v[v->id].args, (u64[]){ r->rdi, r->rsi, r->rdx, r->r10 }, sizeof(args));
    }
    return rc;
}

static void *arg(void)
{
    return window(current);
}

/* A guest with more ports than one stretch of EVTCHNOP_reset closes. */
static void many_ports(void)
{
    for (unsigned n = 0; n < 100; n++) {
        ((struct evtchn_bind_ipi *)arg())->vcpu = 0;
        if (call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, WINDOW, 0))
            break;
    }
}

static struct evtchn_bind_interdomain offered; /* a port that waits for whom it may concern */

/* A reset that stops half-way and is never continued, a new port behind it, and now and then the end of the domain. */
static void reset_then_death(struct guest *g)
{
    struct evtchn_alloc_unbound *a = arg();

    many_ports();
    ((struct evtchn_reset *)arg())->dom = DOMID_SELF;
    softirq_raise(SOFTIRQ_TASKLET);
    if (call(__HYPERVISOR_event_channel_op, EVTCHNOP_reset, WINDOW, 0) != -ERESTART)
        return;
    g->v[current->id].pending = false;
    *a = (struct evtchn_alloc_unbound){ .dom = DOMID_SELF, .remote_dom = (domid_t)sim_rnd(DOMAINS) };
    if (call(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, WINDOW, 0) == 0)
        offered = (struct evtchn_bind_interdomain){ .remote_dom = g->d->id, .remote_port = a->port };
    reached[R_HALF_RESETS]++;
    if (g->d->id && sim_rnd(4) == 0)
        domain_shutdown(g->d, SHUTDOWN_crash);
}

static void event_command(struct guest *g, unsigned cmd)
{
    union {
        struct evtchn_alloc_unbound alloc;
        struct evtchn_bind_interdomain inter;
        struct evtchn_bind_virq virq;
        struct evtchn_bind_pirq pirq;
        struct evtchn_bind_ipi ipi;
        struct evtchn_bind_vcpu vcpu;
        struct evtchn_status status;
        struct evtchn_init_control control;
        struct evtchn_expand_array array;
        struct evtchn_set_priority priority;
        struct evtchn_reset reset;
        evtchn_port_t port;
    } *a = arg();

    switch (cmd) {
    case EVTCHNOP_bind_interdomain:
        a->inter.remote_dom = some_domain();
        a->inter.remote_port = some_port();
        if (sim_rnd(2))
            a->inter = offered;
        break;
    case EVTCHNOP_bind_virq:
        a->virq.virq = sim_rnd(26);
        a->virq.vcpu = sim_rnd(VCPUS + 1);
        break;
    case EVTCHNOP_bind_pirq:
        a->pirq.pirq = sim_rnd(30);
        a->pirq.flags = sim_rnd(2);
        break;
    case EVTCHNOP_status:
        a->status.dom = some_domain();
        a->status.port = some_port();
        break;
    case EVTCHNOP_alloc_unbound:
        a->alloc.dom = sim_rnd(3) ? DOMID_SELF : some_domain();
        a->alloc.remote_dom = some_domain();
        break;
    case EVTCHNOP_bind_ipi:
        a->ipi.vcpu = sim_rnd(VCPUS + 1);
        break;
    case EVTCHNOP_bind_vcpu:
        a->vcpu.port = some_port();
        a->vcpu.vcpu = sim_rnd(VCPUS + 1);
        break;
    case EVTCHNOP_reset:
        a->reset.dom = DOMID_SELF;
        if (sim_rnd(orderly ? 10 : 2))
            return;
        if (sim_rnd(2)) {
            reset_then_death(g);
            return;
        }
        a->reset.dom = DOMID_SELF;
        break;
    case EVTCHNOP_init_control:
        fifo_prepare(g);
        a->control.vcpu = sim_rnd(VCPUS + 1);
        a->control.control_gfn = sim_rnd(8) ? g->memory[0].n : sim_rnd(FRAMES) + FRAMES;
        a->control.offset = sim_rnd(8) ? 256 * a->control.vcpu : 4096 - 8 * sim_rnd(8) + sim_rnd(2);
        break;
    case EVTCHNOP_expand_array:
        a->array.array_gfn = g->fifo_pages < FIFO_FRAMES - 1 ? g->memory[1 + g->fifo_pages].n : FRAMES;
        if (call(__HYPERVISOR_event_channel_op, cmd, WINDOW, 0) == 0)
            g->fifo_pages++;
        return;
    case EVTCHNOP_set_priority:
        a->priority.port = some_port();
        a->priority.priority = sim_rnd(18);
        break;
    default:
        if (cmd > EVTCHNOP_set_priority)
            cmd = EVTCHNOP_send;
        a->port = some_port();
    }
    call(__HYPERVISOR_event_channel_op, cmd, WINDOW, 0);
}

static void event_action(struct guest *g)
{
    unsigned cmd = sim_rnd(18);
    bool setup = is_setup(__HYPERVISOR_event_channel_op, cmd);

    if (setup)
        spin_lock(&g->setup_lock);
    event_command(g, cmd);
    if (setup)
        spin_unlock(&g->setup_lock);
}

/* The guest changes an entry of its own table. */
static void write_entry(struct guest *g)
{
    struct grant_entry_v1 *e = &g->d->grant->shared[0][sim_rnd(16)];

    if (sim_rnd(3)) {
        e->domid = (domid_t)sim_rnd(DOMAINS);
        e->frame = (u32)some_frame(g);
        e->flags = (u16)(sim_rnd(6) ? GTF_permit_access | (sim_rnd(3) ? 0 : GTF_readonly) : GTF_accept_transfer);
    } else if (!(e->flags & (GTF_reading | GTF_writing))) {
        e->flags = 0;
    }
}

/* Another domain's entry, whatever becomes of the domain. */
static bool look_at(unsigned i, unsigned ref, struct grant_entry_v1 *e)
{
    struct domain *d = domain_find((domid_t)i);

    if (!d)
        return false;
    *e = d->grant->shared[0][ref];
    domain_put(d);
    return true;
}

/* An entry that lets @me map, if there is one. */
static void find_granter(domid_t me, struct gnttab_map_grant_ref *op)
{
    unsigned first = sim_rnd(DOMAINS), ref = sim_rnd(16);

    for (unsigned n = 0; n < DOMAINS * 16; n++, ref = (ref + 1) % 16) {
        unsigned i = (first + n / 16) % DOMAINS;
        struct grant_entry_v1 e;

        if (look_at(i, ref, &e) && (e.flags & GTF_type_mask) == GTF_permit_access && e.domid == me) {
            op->dom = (domid_t)i;
            op->ref = ref;
            return;
        }
    }
}

static void map_action(struct guest *g)
{
    struct gnttab_map_grant_ref *op = arg();
    unsigned n = 1 + sim_rnd(6);

    for (unsigned i = 0; i < n; i++)
        op[i] = (struct gnttab_map_grant_ref){
            .host_addr = (u64)sim_rnd(MAPPINGS + 2) << PAGE_SHIFT,
            .flags = sim_rnd(8) ? (sim_rnd(3) ? GNTMAP_host_map : GNTMAP_device_map) | sim_rnd(8) : sim_rnd(256),
            .ref = sim_rnd(30) ? sim_rnd(16) : sim_rnd(100000),
            .dom = some_domain(),
        };
    for (unsigned i = 0; i < n; i++)
        if (sim_rnd(2))
            find_granter(g->d->id, &op[i]);
    if (call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, WINDOW, n) < 0)
        return;
    for (unsigned i = 0; i < n; i++)
        if (op[i].status == GNTST_okay && ++reached[R_MAPPED])
            g->handles[sim_rnd(MAPPINGS)] = op[i].handle;
}

/* Mostly with the place and frame that the handle really has. */
static void unmap_action(struct guest *g)
{
    unsigned n = 1 + sim_rnd(40);

    for (unsigned i = 0; i < n; i++) {
        u32 h = g->handles[sim_rnd(MAPPINGS)];
        u64 host = (u64)sim_rnd(MAPPINGS) << PAGE_SHIFT, bus = 0;

        for (unsigned k = 0; k < MAPPINGS && h < MAPTRACK_PER_FRAME && g->d->grant->maptrack_frames; k++) {
            const struct maptrack *m = &g->d->grant->maptrack[0][h];

            bus = (u64)m->frame << PAGE_SHIFT;
            if (sim_rnd(4) && g->map[k].used && g->map[k].frame.n == m->frame)
                host = (u64)k << PAGE_SHIFT;
        }
        if (sim_rnd(2))
            ((struct gnttab_unmap_grant_ref *)arg())[i] = (struct gnttab_unmap_grant_ref){
                .host_addr = host, .dev_bus_addr = sim_rnd(2) ? bus : 0, .handle = h };
        else
            ((struct gnttab_unmap_grant_ref *)arg())[i] = (struct gnttab_unmap_grant_ref){
                .host_addr = host, .dev_bus_addr = bus, .handle = sim_rnd(40) };
    }
    if (call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, WINDOW, n) < 0)
        return;
    for (unsigned i = 0; i < n; i++)
        reached[R_UNMAPPED] += ((struct gnttab_unmap_grant_ref *)arg())[i].status == GNTST_okay;
}

static void copy_action(struct guest *g)
{
    struct gnttab_copy *op = arg();
    unsigned n = 1 + sim_rnd(4);

    for (unsigned i = 0; i < n; i++) {
        op[i].flags = (u16)sim_rnd(4);
        op[i].len = (u16)sim_rnd(3000);
        op[i].source.offset = (u16)sim_rnd(2000);
        op[i].dest.offset = (u16)sim_rnd(2000);
        op[i].source.domid = op[i].flags & GNTCOPY_source_gref ? some_domain() : DOMID_SELF;
        op[i].dest.domid = op[i].flags & GNTCOPY_dest_gref ? some_domain() : DOMID_SELF;
        if (op[i].flags & GNTCOPY_source_gref)
            op[i].source.u.ref = sim_rnd(16);
        else
            op[i].source.u.gmfn = some_frame(g);
        if (op[i].flags & GNTCOPY_dest_gref)
            op[i].dest.u.ref = sim_rnd(16);
        else
            op[i].dest.u.gmfn = some_frame(g);
    }
    if (call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, WINDOW, n) < 0)
        return;
    for (unsigned i = 0; i < n; i++)
        reached[R_COPIED] += op[i].status == GNTST_okay;
}

/* An entry that waits for a page from @me, if there is one. */
static void find_receiver(domid_t me, struct gnttab_transfer *op)
{
    for (unsigned i = 0; i < DOMAINS; i++) {
        for (unsigned ref = 0; ref < 16; ref++) {
            struct grant_entry_v1 e;

            if (look_at(i, ref, &e) && e.flags == GTF_accept_transfer && e.domid == me) {
                op->domid = (domid_t)i;
                op->ref = ref;
            }
        }
    }
}

static void transfer_action(struct guest *g)
{
    struct gnttab_transfer *op = arg();
    unsigned i = FIFO_FRAMES + sim_rnd(MEMORY - FIFO_FRAMES);

    if (sim_rnd(4) || mfn_eq(g->memory[i], INVALID_MFN))
        return;
    *op = (struct gnttab_transfer){ .mfn = g->memory[i].n, .domid = some_domain(), .ref = sim_rnd(16) };
    if (sim_rnd(4))
        find_receiver(g->d->id, op);
    if (call(__HYPERVISOR_grant_table_op, GNTTABOP_transfer, WINDOW, 1) == 0 && op->status != GNTST_bad_page)
        g->memory[i] = INVALID_MFN; /* the receiver has it without knowing in this test */
    reached[R_TRANSFERRED] += op->status == GNTST_okay;
}

static void other_grant_action(void)
{
    unsigned cmd = sim_rnd(14);

    if (cmd == GNTTABOP_map_grant_ref || cmd == GNTTABOP_unmap_grant_ref || cmd == GNTTABOP_transfer ||
        cmd == GNTTABOP_copy || cmd == GNTTABOP_unmap_and_replace)
        return;
    memset(arg(), 0, 64);
    if (cmd == GNTTABOP_setup_table) {
        struct gnttab_setup_table *op = arg();

        op->dom = some_domain();
        op->nr_frames = sim_rnd(6);
        op->frame_list.p = (void *)(WINDOW + 256);
    } else {
        *(u32 *)arg() = some_domain();
    }
    call(__HYPERVISOR_grant_table_op, cmd, WINDOW, sim_rnd(10) ? 1 : sim_rnd(3));
}

static void vcpu_action(struct guest *g)
{
    struct vcpu *v = current;
    unsigned cmd = sim_rnd(15), id = sim_rnd(2) ? v->id : sim_rnd(VCPUS + 1);

    switch (cmd) {
    case VCPUOP_down:
        if (sim_rnd(8))
            return;
        break;
    case VCPUOP_register_runstate_memory_area:
    case VCPUOP_register_vcpu_time_memory_area:
        *(u64 *)arg() = WINDOW + 0x1000 + 8 * sim_rnd(100);
        break;
    case VCPUOP_set_periodic_timer:
        *(u64 *)arg() = 1000000ul * sim_rnd(4);
        break;
    case VCPUOP_set_singleshot_timer:
        *(struct vcpu_set_singleshot_timer *)arg() =
            (struct vcpu_set_singleshot_timer){ sim_now + sim_rnd(1000000), sim_rnd(2) };
        break;
    case VCPUOP_register_vcpu_info:
        *(struct vcpu_register_vcpu_info *)arg() =
            (struct vcpu_register_vcpu_info){ .mfn = some_frame(g), .offset = 64 * sim_rnd(65) };
        break;
    case VCPUOP_initialise:
        memset(arg(), 0, sizeof(struct vcpu_guest_context));
        break;
    }
    call(__HYPERVISOR_vcpu_op, cmd, id, WINDOW);
}

static void sched_action(void)
{
    unsigned cmd = sim_rnd(12);
    struct sched_poll *p = arg();
    evtchn_port_t *ports = (evtchn_port_t *)(window(current) + 512);

    switch (cmd) {
    case SCHEDOP_shutdown:
        if (sim_rnd(40) || current->domain->id == 0)
            return;
        *(u32 *)arg() = sim_rnd(6);
        break;
    case SCHEDOP_poll:
        p->nr_ports = sim_rnd(4);
        p->timeout = sim_rnd(3) ? sim_now + sim_rnd(1000000) : 0;
        p->ports.p = (void *)(WINDOW + 512);
        for (unsigned i = 0; i < 4; i++)
            ports[i] = sim_rnd(40);
        break;
    case SCHEDOP_remote_shutdown:
        if (sim_rnd(20))
            return;
        *(struct sched_remote_shutdown *)arg() = (struct sched_remote_shutdown){ some_domain(), 2 };
        break;
    case SCHEDOP_watchdog:
        *(struct sched_watchdog *)arg() = (struct sched_watchdog){ sim_rnd(4), sim_rnd(2) };
        break;
    case SCHEDOP_pin_override:
        *(int *)arg() = (int)sim_rnd(CPUS + 2) - 1;
        break;
    case SCHEDOP_shutdown_code:
        return;
    }
    call(__HYPERVISOR_sched_op, cmd, WINDOW, 0);
}

void guest_action(void)
{
    struct vcpu *v = current;
    struct guest *g = guest_of(v->domain);
    bool setup;

    if (g->v[v->id].pending) {
        g->v[v->id].pending = false;
        if (sim_rnd(8) == 0)
            return; /* it is never continued: another vCPU has taken this one down, or its kernel has jumped away */
        setup = is_setup(g->v[v->id].nr, g->v[v->id].args[0]);
        if (setup)
            spin_lock(&g->setup_lock);
        call(g->v[v->id].nr, g->v[v->id].args[0], g->v[v->id].args[1], g->v[v->id].args[2]);
        if (setup)
            spin_unlock(&g->setup_lock);
        return;
    }
    switch (sim_rnd(15)) {
    case 0: case 1: case 2: case 3:
        event_action(g);
        break;
    case 4:
        write_entry(g);
        break;
    case 5: case 6:
        map_action(g);
        break;
    case 7:
        unmap_action(g);
        break;
    case 8:
        copy_action(g);
        break;
    case 9:
        transfer_action(g);
        break;
    case 10:
        other_grant_action();
        break;
    case 11:
        vcpu_action(g);
        break;
    case 12:
        sched_action();
        break;
    case 13:
        consume_events(v);
        break;
    case 14: /* as for page-table entries */
        for (unsigned n = 0; n < 20; n++)
            reached[R_RIGHTS] += domain_iomem_allowed(v->domain, MFN(IOMEM + sim_rnd(32)), 1);
        break;
    }
}

/* ---- the toolstack ---- */

static void make(unsigned i)
{
    struct domain_config cfg = { .privileged = i == 0, .max_vcpus = VCPUS };
    struct guest *g = &guests[i];
    struct domain *d;

    memset(g, 0, sizeof(*g));
    spin_lock_init(&g->setup_lock, LOCK_DOMCTL);
    for (unsigned k = 0; k < MEMORY; k++)
        g->memory[k] = INVALID_MFN;
    if (domain_create((domid_t)i, &cfg, &d))
        return;
    g->d = domain_get(d);
    d->max_pages = MEMORY + 4;
    for (unsigned k = 0; k < MEMORY; k++)
        g->memory[k] = domain_alloc_frames(d, 0, 0, 0);
    for (unsigned k = 0; k < VCPUS; k++) {
        if (vcpu_create(d, k) == 0 && k == 0) {
            d->vcpus[0]->initialised = true;
            (void)vcpu_up(d->vcpus[0]);
        }
    }
    (void)domain_unpause_by_controller(d);
}

static void kill_step(unsigned i)
{
    struct guest *g = &guests[i];
    int rc = domain_kill(g->d);

    g->killing = true;
    if (rc == -ERESTART)
        return;
    if (rc)
        sim_fail("domain_kill(%u): %d", i, rc);
    domain_put(g->d);
    g->d = NULL;
    reached[R_DEATHS]++;
}

void domain_end(unsigned i)
{
    while (guests[i].d)
        kill_step(i);
}

/* Like an interrupt: something for a vCPU to do. */
static void wake_somebody(struct domain *d)
{
    struct vcpu *v = d->vcpus[sim_rnd(VCPUS)];

    if (!v)
        return;
    if (v->down)
        (void)vcpu_up(v);
    event_mark_pending(v);
    vcpu_kick(v);
}

static void change_rights(struct domain *d)
{
    for (unsigned n = 0; n < 8; n++) {
        (void)domain_iomem_permit(d, MFN(IOMEM + sim_rnd(24)), 1 + sim_rnd(8), sim_rnd(2));
        (void)domain_ioports_permit(d, sim_rnd(100), sim_rnd(100), sim_rnd(2));
        (void)domain_irq_permit(d, sim_rnd(24), sim_rnd(2));
    }
}

void toolstack_action(void)
{
    unsigned i = sim_rnd(DOMAINS);
    struct guest *g = &guests[i];
    struct domain *old;

    if (!g->d) {
        old = domain_find((domid_t)i);
        if (old)
            domain_put(old); /* others still hold what it owned */
        else
            make(i);
        return;
    }
    if (g->killing || (i && g->d->shut_down && sim_rnd(2)) || (i && !sim_rnd(60))) {
        kill_step(i);
        return;
    }
    switch (sim_rnd(7)) {
    case 6:
        change_rights(g->d);
        break;
    case 0:
        if (g->d->controller_pauses < 2 && sim_rnd(6) == 0)
            (void)domain_pause_by_controller(g->d);
        break;
    case 1:
    case 2:
        (void)domain_unpause_by_controller(g->d);
        break;
    case 3:
        if (g->d->shut_down)
            domain_resume(g->d);
        else
            wake_somebody(g->d);
        break;
    case 4:
        if (g->d->controller_pauses > 2)
            break;
        (void)event_alloc_unbound(g->d, (domid_t)sim_rnd(DOMAINS));
        break;
    case 5:
        sim_irq_fire(sim_rnd(24));
        break;
    }
}
