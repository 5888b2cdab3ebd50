/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls other than those on page tables: event channels, vCPU and scheduler
 * operations, memory, grants, multicalls. Arguments are structures of small
 * random numbers with the fields that matter set to something plausible.
 */
#include "sim.h"

#include <string.h>

#include "domain/grant_internal.h"
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#define LIST (SIM_WINDOW + 0x1000) /* where lists of frames and operations lie in the window */

static void *list(void)
{
    return sim_window() + 0x1000;
}

/* Small numbers, as ports, domains, vCPUs and counts are. */
static u32 small(void)
{
    return sim_rnd(6) ? sim_rnd(8) : sim_rnd(2) ? sim_rnd(300) : ~0u - sim_rnd(3);
}

static u16 any_domid(void)
{
    return sim_rnd(3) ? DOMID_SELF : sim_rnd(4);
}

static void fill_window(void)
{
    u32 *w = (u32 *)sim_window();

    for (unsigned i = 0; i < 16; i++)
        w[i] = small();
}

static void event_channel(struct vcpu *v)
{
    unsigned cmd = sim_rnd(10) ? sim_rnd(EVTCHNOP_set_priority + 1) : sim_rnd(20);

    fill_window();
    if (cmd == EVTCHNOP_alloc_unbound || cmd == EVTCHNOP_status) {
        struct evtchn_alloc_unbound *a = (void *)sim_window();

        a->dom = any_domid();
        a->remote_dom = any_domid();
    } else if (cmd == EVTCHNOP_bind_interdomain) {
        ((struct evtchn_bind_interdomain *)sim_window())->remote_dom = any_domid();
    } else if (cmd == EVTCHNOP_bind_virq) {
        ((struct evtchn_bind_virq *)sim_window())->virq = sim_rnd(26);
    } else if (cmd == EVTCHNOP_init_control) {
        struct evtchn_init_control *c = (void *)sim_window();

        c->control_gfn = sim_any_frame(v->domain).n;
        c->offset = sim_rnd(4) * 64;
    } else if (cmd == EVTCHNOP_expand_array) {
        ((struct evtchn_expand_array *)sim_window())->array_gfn = sim_any_frame(v->domain).n;
    } else if (cmd == EVTCHNOP_reset && sim_rnd(8)) {
        return;
    }
    sim_hypercall(v, __HYPERVISOR_event_channel_op, cmd, SIM_WINDOW, 0, 0);
}

static void vcpu_op(struct vcpu *v)
{
    unsigned cmd = sim_rnd(16);

    fill_window();
    if (cmd == VCPUOP_register_vcpu_info) {
        struct vcpu_register_vcpu_info *r = (void *)sim_window();

        r->mfn = sim_any_frame(v->domain).n;
        r->offset = sim_rnd(8) * 64;
    } else if (cmd == VCPUOP_set_periodic_timer) {
        *(u64 *)sim_window() = 1000000ul * (1 + sim_rnd(100));
    } else if (cmd == VCPUOP_set_singleshot_timer) {
        *(u64 *)sim_window() = sim_now + sim_rnd(1000000);
    } else if (cmd == VCPUOP_register_runstate_memory_area || cmd == VCPUOP_register_vcpu_time_memory_area) {
        *(u64 *)sim_window() = sim_rnd(2) ? SIM_WINDOW + 0x2000 : sim_any_va();
    }
    sim_hypercall(v, __HYPERVISOR_vcpu_op, cmd, sim_rnd(3), SIM_WINDOW, 0);
}

static void sched_op(struct vcpu *v)
{
    unsigned cmd = sim_rnd(8);

    if (cmd == SCHEDOP_shutdown && sim_rnd(10))
        cmd = SCHEDOP_yield;
    fill_window();
    if (cmd == SCHEDOP_poll) {
        struct sched_poll *p = (void *)sim_window();

        p->nr_ports = sim_rnd(4);
        p->timeout = sim_rnd(2) ? 0 : sim_now + sim_rnd(1000000);
        p->ports.p = (void *)LIST;
        for (unsigned i = 0; i < 4; i++)
            ((u32 *)list())[i] = small();
    }
    sim_hypercall(v, __HYPERVISOR_sched_op, cmd, SIM_WINDOW, 0, 0);
}

static void memory_reservation(struct vcpu *v, unsigned cmd)
{
    struct xen_memory_reservation *r = (void *)sim_window();

    *r = (struct xen_memory_reservation){
        .extent_start.p = (void *)LIST,
        .nr_extents = sim_rnd(4),
        .extent_order = sim_rnd(10) ? 0 : sim_rnd(12),
        .mem_flags = sim_rnd(8) ? 0 : small(),
        .domid = sim_rnd(5) ? DOMID_SELF : any_domid(),
    };
    for (unsigned i = 0; i < 4; i++)
        ((u64 *)list())[i] = cmd == XENMEM_decrease_reservation ? sim_any_frame(v->domain).n : sim_rnd(100);
    if (cmd == XENMEM_decrease_reservation && v->domain->tot_pages < 30)
        return;
    sim_hypercall(v, __HYPERVISOR_memory_op, cmd, SIM_WINDOW, 0, 0);
}

static void memory_exchange(struct vcpu *v)
{
    struct xen_memory_exchange *x = (void *)sim_window();
    unsigned order = sim_rnd(3) ? 0 : 1;

    memset(x, 0, sizeof(*x));
    x->in.extent_start.p = (void *)LIST;
    x->in.nr_extents = 2;
    x->in.domid = DOMID_SELF;
    x->out.extent_start.p = (void *)(LIST + 0x100);
    x->out.nr_extents = 2 >> order;
    x->out.extent_order = order;
    x->out.domid = DOMID_SELF;
    x->nr_exchanged = sim_rnd(10) ? 0 : small();
    for (unsigned i = 0; i < 2; i++) {
        ((u64 *)list())[i] = sim_any_frame(v->domain).n;
        ((u64 *)list())[0x20 + i] = sim_rnd(100);
    }
    sim_hypercall(v, __HYPERVISOR_memory_op, XENMEM_exchange, SIM_WINDOW, 0, 0);
}

static void memory_op(struct vcpu *v)
{
    switch (sim_rnd(6)) {
    case 0:
        memory_reservation(v, XENMEM_decrease_reservation);
        return;
    case 1:
        memory_reservation(v, XENMEM_increase_reservation);
        return;
    case 2:
        memory_reservation(v, XENMEM_populate_physmap);
        return;
    case 3:
        memory_exchange(v);
        return;
    default:
        fill_window();
        sim_hypercall(v, __HYPERVISOR_memory_op, sim_rnd(30), SIM_WINDOW, 0, 0);
    }
}

/* ---- grants ---- */

#define REFS 4

/* The domain writes an entry of its own table, as it may at any time. */
static void grant_entry(struct vcpu *v)
{
    struct grant_table *t = v->domain->grant;
    struct grant_entry_v1 *e = grant_shared(t, 8 + sim_rnd(REFS));

    if (sim_rnd(20))
        e->flags = (sim_rnd(4) ? GTF_permit_access : sim_rnd(4)) | (sim_rnd(2) ? GTF_readonly : 0);
    else
        e->flags = sim_rnd(0x10000);
    e->domid = sim_rnd(SIM_DOMAINS);
    e->frame = sim_any_frame(v->domain).n;
}

/* @return whether it was mapped */
static bool map_one(struct vcpu *v, domid_t dom, u32 ref, u64 addr, u32 flags)
{
    struct gnttab_map_grant_ref op = { .host_addr = addr, .flags = flags, .ref = ref, .dom = dom };

    memcpy(list(), &op, sizeof(op));
    sim_hypercall(v, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, LIST, 1, 0);
    memcpy(&op, list(), sizeof(op));
    if (op.status != GNTST_okay || !(flags & GNTMAP_host_map))
        return false;
    sim_granted++;
    sim_note_grant(v->domain->id, paddr_to_mfn(op.dev_bus_addr));
    if (!(flags & GNTMAP_readonly))
        sim_note_writable_grant(v->domain->id, paddr_to_mfn(op.dev_bus_addr));
    memcpy(sim_window() + 0x3000 + op.handle % 32 * 16, &op.host_addr, 8);
    return true;
}

static void grant_map(struct vcpu *v)
{
    u32 flags = (sim_rnd(10) ? GNTMAP_host_map : sim_rnd(64)) | (sim_rnd(2) ? GNTMAP_readonly : 0);
    u64 addr = sim_any_va() & PAGE_MASK;

    if (!sim_rnd(4)) {
        flags |= GNTMAP_contains_pte;
        addr = mfn_to_paddr(sim_any_frame(v->domain)) + sim_rnd(16) * 8;
    }
    map_one(v, sim_rnd(SIM_DOMAINS), sim_rnd(15) ? 8 + sim_rnd(REFS) : small(), addr, flags);
}

/* A grant that is right in every respect, whose mapping the guest then tries to change. */
static void grant_session(struct vcpu *v)
{
    struct domain *other = sim_domain(sim_rnd(SIM_DOMAINS));
    bool readonly = sim_rnd(2);
    u32 ref = 8 + sim_rnd(REFS);
    struct grant_entry_v1 *e;
    u64 va, pte;

    if (!other || other == v->domain || sim_domains[other->id].killing)
        return;
    e = grant_shared(other->grant, ref);
    e->domid = v->domain->id;
    e->frame = sim_any_frame(other).n;
    e->flags = GTF_permit_access | (readonly ? GTF_readonly : 0);
    va = SIM_LINEAR + ((u64)sim_rnd(80) << PAGE_SHIFT);
    if (!map_one(v, other->id, ref, va, GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0)))
        return;
    for (unsigned n = sim_rnd(4); n; n--) {
        pte = (u64)e->frame << PAGE_SHIFT | (sim_rnd(8) ? 1 : 0) | (u64)sim_rnd(4) << 1 | (u64)sim_rnd(8) << 9;
        sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, pte, 0, 0);
    }
}

static void grant_unmap(struct vcpu *v)
{
    struct gnttab_unmap_grant_ref op = { .handle = sim_rnd(8) };

    memcpy(&op.host_addr, sim_window() + 0x3000 + op.handle * 16, 8); /* where it was mapped, with luck */
    if (!sim_rnd(8))
        op.host_addr = sim_any_va();
    if (!sim_rnd(8))
        op.dev_bus_addr = mfn_to_paddr(sim_any_frame(v->domain));
    memcpy(list(), &op, sizeof(op));
    sim_hypercall(v, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, LIST, 1, 0);
    memcpy(&op, list(), sizeof(op));
    sim_ungranted += op.status == GNTST_okay;
}

static void grant_copy(struct vcpu *v)
{
    struct gnttab_copy op = { .len = sim_rnd(5000), .flags = sim_rnd(8) ? sim_rnd(4) : small() };

    op.source.domid = op.flags & GNTCOPY_source_gref ? sim_rnd(SIM_DOMAINS) : DOMID_SELF;
    op.dest.domid = op.flags & GNTCOPY_dest_gref ? sim_rnd(SIM_DOMAINS) : DOMID_SELF;
    op.source.offset = sim_rnd(4200);
    if (op.flags & GNTCOPY_source_gref)
        op.source.u.ref = 8 + sim_rnd(REFS);
    else
        op.source.u.gmfn = sim_any_frame(v->domain).n;
    if (op.flags & GNTCOPY_dest_gref)
        op.dest.u.ref = 8 + sim_rnd(REFS);
    else
        op.dest.u.gmfn = sim_any_frame(v->domain).n;
    memcpy(list(), &op, sizeof(op));
    sim_hypercall(v, __HYPERVISOR_grant_table_op, GNTTABOP_copy, LIST, 1, 0);
}

static void grant_other(struct vcpu *v)
{
    struct gnttab_transfer t = { .mfn = sim_any_frame(v->domain).n, .domid = sim_rnd(SIM_DOMAINS), .ref = 8 + sim_rnd(REFS) };
    unsigned cmd = sim_rnd(14);

    if (cmd == GNTTABOP_transfer) {
        if (v->domain->tot_pages < 30)
            return;
        memcpy(sim_window(), &t, sizeof(t));
    } else {
        fill_window();
        *(u16 *)sim_window() = any_domid();
    }
    if (cmd == GNTTABOP_map_grant_ref || cmd == GNTTABOP_copy)
        return; /* grant_map and grant_copy note what they do */
    sim_hypercall(v, __HYPERVISOR_grant_table_op, cmd, SIM_WINDOW, 1, 0);
}

static void multicall(struct vcpu *v)
{
    struct multicall_entry m[3];
    static const u8 inner[] = { __HYPERVISOR_sched_op, __HYPERVISOR_event_channel_op, __HYPERVISOR_xen_version,
                                __HYPERVISOR_multicall, __HYPERVISOR_vm_assist, __HYPERVISOR_update_va_mapping, 60 };

    memset(m, 0, sizeof(m));
    fill_window();
    for (unsigned i = 0; i < 3; i++) {
        m[i].op = inner[sim_rnd(ARRAY_SIZE(inner))];
        m[i].args[0] = m[i].op == __HYPERVISOR_update_va_mapping ? sim_any_va() : sim_rnd(4);
        m[i].args[1] = m[i].op == __HYPERVISOR_update_va_mapping ? 0 : SIM_WINDOW;
        if (m[i].op == __HYPERVISOR_sched_op) /* not the shutdown */
            m[i].args[0] = SCHEDOP_yield;
    }
    memcpy(list(), m, sizeof(m));
    sim_hypercall(v, __HYPERVISOR_multicall, sim_rnd(20) ? LIST : sim_any_va(), 1 + sim_rnd(3), 0, 0);
}

static void version(struct vcpu *v)
{
    fill_window();
    sim_hypercall(v, __HYPERVISOR_xen_version, sim_rnd(13), sim_rnd(4) ? SIM_WINDOW : sim_any_va(), 0, 0);
}

/* Wild numbers, too. */
static void wild(struct vcpu *v)
{
    unsigned nr = sim_rnd(64);

    if (nr == __HYPERVISOR_sched_op || nr == __HYPERVISOR_sched_op_compat || nr == __HYPERVISOR_grant_table_op)
        return; /* would end the domain, or map grants behind the test's back */
    fill_window();
    sim_hypercall(v, nr, sim_rnd(2) ? small() : SIM_WINDOW, sim_rnd(2) ? small() : SIM_WINDOW, small(), small());
}

void sim_any_hypercall(struct vcpu *v)
{
    static void (*const some[])(struct vcpu *v) = {
        event_channel, event_channel, event_channel, vcpu_op, sched_op, memory_op, memory_op, grant_entry, grant_entry,
        grant_map, grant_session, grant_session, grant_unmap, grant_unmap, grant_copy, grant_other, multicall, version, wild,
    };

    some[sim_rnd(ARRAY_SIZE(some))](v);
}
