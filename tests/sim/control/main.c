/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may do what to whom: every command of every hypercall that names a domain or is Domain 0's, made by every kind of
 * caller, about the device model's target, about Domain 0 and about the caller itself. What is to be answered stands here
 * once more, beside the tables of the hypervisor, from Xen 4.17's default policy. A call that is refused changes nothing:
 * references, counts and settings of all domains, and the caller's own memory, are as before.
 */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "errno.h"
#include "sched/softirq.h"

#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>

#define LIST (SIM_WINDOW + 0x1000) /* what arguments point at */
#define DOMCTLS 1010
#define COMMANDS 72

static unsigned failures, calls, refused;
static struct vcpu *v0, *v1;
static struct domain *d0, *d1, *d2;

unsigned sim_rnd(unsigned n)
{
    static u64 state = 1;

    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (state >> 33) % n;
}

bool sim_more(void)
{
    return true;
}

void sim_report_position(void)
{
    printf("call %u\n", calls);
}

/* ---- what a refused call must leave as it is ---- */

struct state {
    u32 refs;
    u64 pages, max_pages, claimed, assist;
    unsigned pauses, controller_pauses, weight, cap, watchdogs;
    struct domain *target;
    bool shutting_down, debugger, dying;
    evtchn_port_t suspend_port;
    void *ioports, *iomem, *irqs;
    s64 offset;
    u8 uuid[16], tsc_mode;
    unsigned active_ports;
};

static struct state state_of(const struct domain *d)
{
    struct state s;

    memset(&s, 0, sizeof(s)); /* the holes too: it is compared as bytes */
    s.refs = d->refs;
    s.pages = d->tot_pages;
    s.max_pages = d->max_pages;
    s.claimed = d->claimed_pages;
    s.assist = d->vm_assist;
    s.pauses = d->pause_count;
    s.controller_pauses = d->controller_pauses;
    s.weight = d->group.weight;
    s.cap = d->group.cap;
    s.watchdogs = d->watchdogs_in_use;
    s.target = d->target;
    s.shutting_down = d->shutting_down;
    s.debugger = d->debugger;
    s.dying = d->dying;
    s.suspend_port = d->suspend_port;
    s.ioports = d->ioports;
    s.iomem = d->iomem;
    s.irqs = d->irqs;
    s.offset = d->time_offset_seconds;
    memcpy(s.uuid, d->uuid, sizeof(s.uuid));
    s.tsc_mode = d->tsc.mode;
    s.active_ports = d->event.active_ports;
    return s;
}

static struct everything {
    struct state domain[SIM_DOMAINS];
    u8 window[SIM_WINDOW_SIZE];
} before;

static void note(struct everything *e)
{
    memset(e, 0, sizeof(*e));
    e->domain[0] = state_of(d0);
    e->domain[1] = state_of(d1);
    e->domain[2] = state_of(d2);
    memcpy(e->window, sim_window(), sizeof(e->window));
}

static bool unchanged(void)
{
    static struct everything now;

    note(&now);
    return !memcmp(&now, &before, sizeof(now));
}

/* ---- making calls ---- */

static void *args(void)
{
    memset(sim_window(), 0, SIM_WINDOW_SIZE);
    return sim_window();
}

static bool hurry;      /* something else is to be done on the caller's CPU all the time */
static unsigned rounds; /* in which the last call was made */

static long make(struct vcpu *v, u64 nr, u64 a1, u64 a2, u64 a3, u64 a4)
{
    long rc;

    rounds = 1;
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) /* the others do what is pending; the caller stays where it is */
        if (cpu != sim_this_cpu)
            sim_run_cpu(cpu);
    per_cpu(softirq_pending, sim_this_cpu) = hurry ? BIT(SOFTIRQ_TIMER) : 0;
    calls++;
    note(&before);
    rc = sim_hypercall(v, nr, a1, a2, a3, a4);
    for (; rc == -ERESTART && sim_continue(v); rounds++)
        rc = sim_pending(v)->active ? -ERESTART : 0;
    return rc;
}

static long domctl(struct vcpu *v, unsigned cmd, domid_t about)
{
    struct xen_domctl *op = args();

    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = about;
    return make(v, __HYPERVISOR_domctl, SIM_WINDOW, 0, 0, 0);
}

static long sysctl(struct vcpu *v, unsigned cmd, domid_t about)
{
    struct xen_sysctl *op = args();

    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return make(v, __HYPERVISOR_sysctl, SIM_WINDOW, 0, 0, 0);
}

static long platform(struct vcpu *v, unsigned cmd, domid_t about)
{
    struct xen_platform_op *op = args();

    op->cmd = cmd;
    op->interface_version = XENPF_INTERFACE_VERSION;
    return make(v, __HYPERVISOR_platform_op, SIM_WINDOW, 0, 0, 0);
}

static long console(struct vcpu *v, unsigned cmd, domid_t about)
{
    args();
    return make(v, __HYPERVISOR_console_io, cmd, 5, SIM_WINDOW, 0);
}

/* One frame; decrease_reservation gives back one that the domain has. */
static long memory(struct vcpu *v, unsigned cmd, domid_t about)
{
    struct xen_memory_reservation *r = args();
    static unsigned next = 40;
    u8 *window = sim_window();
    u64 mfn = cmd == XENMEM_decrease_reservation && about < SIM_DOMAINS ? sim_first_frame(about, next++ % 60).n : 0;

    memcpy(window + (LIST - SIM_WINDOW), &mfn, sizeof(mfn));
    switch (cmd) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        r->extent_start.p = (void *)LIST;
        r->nr_extents = 1;
        /* fall through */
    case XENMEM_claim_pages:
        r->domid = about;
        break;
    case XENMEM_exchange:
        ((struct xen_memory_exchange *)window)->in.domid = ((struct xen_memory_exchange *)window)->out.domid = about;
        break;
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target:
        ((struct xen_pod_target *)window)->domid = about;
        break;
    default: /* the id comes first in the others that have one */
        memcpy(window, &about, sizeof(about));
    }
    return make(v, __HYPERVISOR_memory_op, cmd, SIM_WINDOW, 0, 0);
}

static long physdev(struct vcpu *v, unsigned cmd, domid_t about)
{
    void *window = args();

    if (cmd == PHYSDEVOP_map_pirq)
        *(struct physdev_map_pirq *)window = (struct physdev_map_pirq){ .domid = about, .type = MAP_PIRQ_TYPE_GSI, .index = 5 };
    else if (cmd == PHYSDEVOP_unmap_pirq)
        *(struct physdev_unmap_pirq *)window = (struct physdev_unmap_pirq){ .domid = about, .pirq = 3 };
    return make(v, __HYPERVISOR_physdev_op, cmd, SIM_WINDOW, 0, 0);
}

static long events(struct vcpu *v, unsigned cmd, domid_t about)
{
    domid_t *ids = args(); /* evtchn_alloc_unbound, evtchn_status, evtchn_reset begin with it */

    ids[0] = about;
    ids[1] = DOMID_SELF;
    if (cmd == EVTCHNOP_status)
        ((struct evtchn_status *)ids)->port = 1;
    return make(v, __HYPERVISOR_event_channel_op, cmd, SIM_WINDOW, 0, 0);
}

/* @return 0, or what stands for its GNTST_* */
static long grants(struct vcpu *v, unsigned cmd, domid_t about)
{
    domid_t *ids = args(); /* gnttab_setup_table, query_size, get_version begin with it */
    s16 status;
    long rc;

    ids[0] = about;
    rc = make(v, __HYPERVISOR_grant_table_op, cmd, SIM_WINDOW, 1, 0);
    if (rc || cmd == GNTTABOP_get_version)
        return rc;
    memcpy(&status, sim_window() + (cmd == GNTTABOP_query_size ? offsetof(struct gnttab_query_size, status)
                                                               : offsetof(struct gnttab_setup_table, status)), sizeof(status));
    memcpy(before.window, sim_window(), sizeof(before.window)); /* where the refusal stands */
    return status == GNTST_permission_denied ? -EPERM : 0;
}

static long schedule(struct vcpu *v, unsigned cmd, domid_t about)
{
    struct sched_remote_shutdown *r = args();

    r->domain_id = about;
    r->reason = SHUTDOWN_suspend;
    return make(v, __HYPERVISOR_sched_op, cmd, SIM_WINDOW, 0, 0);
}

/* Nothing: the list is empty, only who is named counts. */
static long tables(struct vcpu *v, unsigned cmd, domid_t about)
{
    args();
    switch (cmd) {
    case 0:
        return make(v, __HYPERVISOR_mmuext_op, SIM_WINDOW, 0, 0, about);
    case 1:
        return make(v, __HYPERVISOR_update_va_mapping_otherdomain, SIM_LINEAR + (40ul << PAGE_SHIFT), 0, 0, about);
    default:
        *(struct mmu_update *)sim_window() = (struct mmu_update){ mfn_to_paddr(sim_first_frame(1, 3)) + 40 * 8, 0 };
        before.window[0] = 0;
        return make(v, __HYPERVISOR_mmu_update, SIM_WINDOW, 1, 0, about);
    }
}

/* ---- what is to be answered ---- */

enum relation { TARGET = 1, ITSELF = 2, STORE = 4 };

static bool domctl_allowed(unsigned cmd, unsigned relation)
{
    switch (cmd) {
    case XEN_DOMCTL_ioport_mapping:
    case XEN_DOMCTL_memory_mapping:
    case XEN_DOMCTL_bind_pt_irq:
    case XEN_DOMCTL_unbind_pt_irq:
        return relation & TARGET;
    case XEN_DOMCTL_getdomaininfo:
        return relation & (TARGET | STORE);
    }
    return false;
}

static bool never(unsigned cmd, unsigned relation)
{
    return false;
}

static bool memory_allowed(unsigned cmd, unsigned relation)
{
    switch (cmd) {
    case XENMEM_claim_pages:
    case XENMEM_machine_memory_map:
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target:
        return false;
    case XENMEM_acquire_resource:
        return relation & TARGET;
    case XENMEM_maximum_ram_page:
    case XENMEM_machphys_mapping:
    case XENMEM_machphys_mfn_list:
    case XENMEM_machphys_compat_mfn_list:
    case XENMEM_memory_map:
    case XENMEM_reserved_device_memory_map:
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages:
        return true;
    }
    return relation & (TARGET | ITSELF);
}

static bool physdev_allowed(unsigned cmd, unsigned relation)
{
    switch (cmd) {
    case PHYSDEVOP_eoi:
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
    case PHYSDEVOP_pirq_eoi_gmfn_v2:
    case PHYSDEVOP_irq_status_query:
    case PHYSDEVOP_get_free_pirq:
    case PHYSDEVOP_set_iopl:
    case PHYSDEVOP_set_iobitmap:
        return true;
    case PHYSDEVOP_map_pirq:
    case PHYSDEVOP_unmap_pirq:
        return relation & TARGET;
    }
    return false;
}

static bool target_or_self(unsigned cmd, unsigned relation)
{
    return relation & (TARGET | ITSELF);
}

static bool target_only(unsigned cmd, unsigned relation)
{
    return relation & TARGET;
}

static bool memory_exists(unsigned cmd)
{
    return cmd <= XENMEM_acquire_resource && cmd != 8 && (cmd < XENMEM_paging_op || cmd > XENMEM_sharing_op);
}

static bool physdev_exists(unsigned cmd)
{
    return cmd >= 5 && cmd <= PHYSDEVOP_release_msix && cmd != 18 && cmd != 22;
}

static bool event_names_domain(unsigned cmd)
{
    return cmd == EVTCHNOP_alloc_unbound || cmd == EVTCHNOP_status || cmd == EVTCHNOP_reset;
}

static bool grant_names_domain(unsigned cmd)
{
    return cmd == GNTTABOP_setup_table || cmd == GNTTABOP_query_size || cmd == GNTTABOP_get_version;
}

static bool schedule_names_domain(unsigned cmd)
{
    return cmd == SCHEDOP_remote_shutdown;
}

static bool table_call(unsigned cmd)
{
    return cmd < 3;
}

static const struct family {
    const char *name;
    long (*call)(struct vcpu *v, unsigned cmd, domid_t about);
    bool (*allowed)(unsigned cmd, unsigned relation);
    bool (*exists)(unsigned cmd); /* others are not asked for; NULL: for an unknown one who may not gets -EPERM too */
} families[] = {
    { "domctl", domctl, domctl_allowed, NULL },
    { "sysctl", sysctl, never, NULL },
    { "platform_op", platform, never, NULL },
    { "console_io", console, never, NULL },
    { "memory_op", memory, memory_allowed, memory_exists },
    { "physdev_op", physdev, physdev_allowed, physdev_exists },
    { "event_channel_op", events, target_or_self, event_names_domain },
    { "grant_table_op", grants, target_or_self, grant_names_domain },
    { "mmu", tables, target_or_self, table_call },
    { "sched_op", schedule, target_only, schedule_names_domain },
};

/* @return the refusal that is expected */
static long refusal(const struct family *f, unsigned cmd)
{
    if (f->call == memory && (cmd <= XENMEM_decrease_reservation || cmd == XENMEM_populate_physmap))
        return 0; /* extents done */
    if (f->call == physdev && (cmd == PHYSDEVOP_restore_msi || cmd == PHYSDEVOP_restore_msi_ext))
        return -ENODEV;
    return -EPERM;
}

static bool is_reservation(const struct family *f, unsigned cmd)
{
    return f->call == memory && refusal(f, cmd) == 0;
}

static void judge(const struct family *f, const char *who, unsigned cmd, const struct domain *about, bool allowed, long rc)
{
    bool ok = allowed ? (is_reservation(f, cmd) ? rc == 1 : rc != -EPERM) : rc == refusal(f, cmd);

    if (!ok) {
        printf("%s about d%d: %s %u is %ld, which is %s\n", who, about->id, f->name, cmd, rc, allowed ? "to be done" : "not refused");
        failures++;
    }
    refused += !allowed;
    if (!allowed && !unchanged()) {
        printf("%s about d%d: %s %u is refused and has changed something\n", who, about->id, f->name, cmd);
        failures++;
    }
}

static void one_family(const struct family *f, const char *who, struct vcpu *v, const struct domain *about, unsigned relation)
{
    for (unsigned cmd = 0; cmd < (f->call == domctl ? DOMCTLS : COMMANDS); cmd++) {
        if (f->exists && !f->exists(cmd))
            continue;
        if (f->call == tables && (relation & ITSELF))
            continue; /* "itself as a foreign domain" is another error */
        if (f->call == memory && cmd == XENMEM_acquire_resource && (relation & ITSELF))
            continue; /* likewise, -EPERM */
        judge(f, who, cmd, about, f->allowed(cmd, relation), f->call(v, cmd, about->id));
    }
}

/* The unprivileged caller d1 in one of its roles, about each of the domains. */
static void caller(const char *who, struct domain *target, bool store)
{
    struct domain *const all[] = { d2, d0, d1 };

    d1->target = target;
    d1->create_flags = store ? XEN_DOMCTL_CDF_xs_domain : 0;
    for (unsigned i = 0; i < ARRAY_SIZE(families); i++)
        for (unsigned k = 0; k < ARRAY_SIZE(all); k++)
            one_family(&families[i], who, v1, all[k],
                       (all[k] == target ? TARGET : 0) | (all[k] == d1 ? ITSELF : 0) | (store ? STORE : 0));
    d1->target = NULL;
    d1->create_flags = 0;
}

/* ---- Domain 0 ---- */

/* It may everything; the reference that a call takes goes with it. What ends a domain or makes one is left out. */
static void domain0(void)
{
    u32 refs = d2->refs;

    for (unsigned i = 0; i < ARRAY_SIZE(families); i++) {
        for (unsigned cmd = 0; cmd < (families[i].call == domctl ? DOMCTLS : COMMANDS); cmd++) {
            long rc;

            if (families[i].call == domctl && (cmd == XEN_DOMCTL_createdomain || cmd == XEN_DOMCTL_destroydomain))
                continue;
            if (families[i].exists && !families[i].exists(cmd))
                continue;
            if ((families[i].call == physdev && cmd == PHYSDEVOP_map_pirq) ||
                (families[i].call == domctl && cmd == XEN_DOMCTL_irq_permission))
                continue; /* of an interrupt that it has no right to here: -EPERM for that */
            rc = families[i].call(v0, cmd, d2->id);
            if (rc == -EPERM) {
                printf("Domain 0 about d2: %s %u is not permitted\n", families[i].name, cmd);
                failures++;
            }
            if (d2->refs != refs) {
                printf("Domain 0 about d2: %s %u leaves %u references instead of %u\n", families[i].name, cmd, d2->refs, refs);
                failures++;
            }
            refs = d2->refs;
        }
    }
}

/* ---- set_target ---- */

static long set_target(struct vcpu *v, domid_t id, domid_t target)
{
    struct xen_domctl *op = args();

    op->cmd = XEN_DOMCTL_set_target;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    op->u.set_target.target = target;
    return make(v, __HYPERVISOR_domctl, SIM_WINDOW, 0, 0, 0);
}

#define EXPECT(call, value)                                                             \
    do {                                                                                \
        long got_ = (call), want_ = (value);                                            \
        if (got_ != want_) {                                                            \
            printf("%s:%d: %s is %ld, not %ld\n", __FILE__, __LINE__, #call, got_, want_); \
            failures++;                                                                 \
        }                                                                               \
    } while (0)

static void targets(void)
{
    u32 refs = d2->refs;

    sim_switch(v0);
    EXPECT(set_target(v0, 1, 9), -ESRCH);
    EXPECT(set_target(v0, 1, 1), -EINVAL);
    EXPECT(set_target(v0, 1, 2), -EOPNOTSUPP); /* a PV guest has no device model */
    EXPECT(set_target(v0, 1, 0), -EOPNOTSUPP);
    EXPECT(d2->refs, refs);
    d0->is_hvm = d2->is_hvm = true; /* as if */
    EXPECT(set_target(v0, 1, 0), -EPERM); /* rights over Domain 0 are nobody's */
    EXPECT(set_target(v0, 1, 2), 0);
    EXPECT(d2->refs, refs + 1);
    EXPECT(set_target(v0, 1, 2), -EINVAL); /* it has one */
    d1->is_hvm = true;
    EXPECT(set_target(v0, 2, 1), -EPERM); /* no circle */
    d1->is_hvm = false;
    sim_switch(v1);
    EXPECT(set_target(v1, 2, 0), -EPERM); /* nor may a device model give its target any */
    EXPECT(d2->target == NULL, 1);
    d0->is_hvm = d2->is_hvm = false;
    domain_put(d2);
    d1->target = NULL;
}

/* ---- lengths that the caller chooses ---- */

static struct xen_domctl *domctl_args(unsigned cmd, domid_t id)
{
    struct xen_domctl *op = args();

    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return op;
}

static long domctl_made(void)
{
    return make(v0, __HYPERVISOR_domctl, SIM_WINDOW, 0, 0, 0);
}

static void lengths(void)
{
    struct xen_sysctl *s;
    struct xen_domctl *op;

    sim_switch(v0);
    op = domctl_args(XEN_DOMCTL_getnodeaffinity, 2);
    op->u.nodeaffinity.nodemap.nr_bits = ~0u;
    op->u.nodeaffinity.nodemap.bitmap.p = (void *)LIST;
    EXPECT(domctl_made(), -EINVAL);
    EXPECT(unchanged(), 1);
    op->u.nodeaffinity.nodemap.nr_bits = 64;
    EXPECT(domctl_made(), 0);
    EXPECT(sim_window()[LIST - SIM_WINDOW], 1);

    hurry = true;
    s = args();
    s->cmd = XEN_SYSCTL_pcitopoinfo;
    s->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    s->u.pcitopoinfo.num_devs = 100;
    s->u.pcitopoinfo.devs.p = (void *)LIST;
    s->u.pcitopoinfo.nodes.p = (void *)(LIST + 0x800);
    EXPECT(make(v0, __HYPERVISOR_sysctl, SIM_WINDOW, 0, 0, 0), 0);
    EXPECT(s->u.pcitopoinfo.num_devs, 1);

    op = domctl_args(XEN_DOMCTL_createdomain, 7);
    op->u.createdomain.max_vcpus = 4;
    op->u.createdomain.grant_opts = 1;
    EXPECT(domctl_made(), 0);
    op = domctl_args(XEN_DOMCTL_max_vcpus, 7);
    op->u.max_vcpus.max = 4;
    EXPECT(domctl_made(), 0);
    EXPECT(rounds, 4);
    domctl_args(XEN_DOMCTL_destroydomain, 7);
    EXPECT(domctl_made(), 0);
    hurry = false;
}

int main(void)
{
    sim_world_init();
    d0 = sim_domain(0);
    d1 = sim_domain(1);
    d2 = sim_domain(2);
    d1->max_pages = d2->max_pages = 1000;
    v0 = d0->vcpus[0];
    v1 = d1->vcpus[0];
    for (unsigned n = 0; n < 100 && !(sim_switch(v0) && sim_switch(v1)); n++)
        sim_all_cpus(); /* until both run, on some CPU */
    targets();
    lengths();
    sim_switch(v1);
    caller("a plain guest", NULL, false);
    caller("the store", NULL, true);
    caller("a device model", d2, false); /* last: it may shut its target down */
    sim_switch(v0);
    domain0();
    sim_check();
    printf("%s sim control: %u calls, %u of them refused\n", failures ? "FAIL" : "ok", calls, refused);
    return failures ? 1 : 0;
}
