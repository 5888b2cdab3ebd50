/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated domains: Domain 0 and two unprivileged ones, two vCPUs each,
 * with a linear map of their first frames (page tables read-only in it, as PV
 * guests have it). They are created, scheduled and destroyed by the real domain/
 * and sched/. Hypercalls go through the register frame, so that continuations work as on hardware.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/hypercall.h"
#include "domain/internal.h"
#include "domain/iomem.h"
#include "errno.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/paging.h"
#include "pv/domain.h"
#include "sched/softirq.h"

#define FRAMES 64 /* of each domain at first */
#define FRAMES_MAX 80
#define MAX_PIECE (4 * WORK_BUDGET)      /* over the budget: an exchange of the largest order of a guest */
#define MAX_PIECE_DOM0 (8 * WORK_BUDGET) /* an extent of order 11 */

struct sim_domain sim_domains[SIM_DOMAINS];
struct sim_hold sim_holds[SIM_HOLDS];
unsigned sim_hold_count;

struct domain *sim_domain(unsigned i)
{
    return domain_lookup(i);
}

u8 *sim_window(void)
{
    return sim_domains[current->domain->id].window[current->id];
}

struct sim_pending *sim_pending(struct vcpu *v)
{
    return &sim_domains[v->domain->id].pending[v->id];
}

bool sim_switch(struct vcpu *v)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (sim_vcpu_on(cpu) == v) {
            sim_this_cpu = cpu;
            return true;
        }
    return false;
}

/* ---- building ---- */

static u64 *table_at(mfn_t mfn)
{
    return mfn_to_virt(mfn);
}

/*
 * Frame k of the domain at SIM_LINEAR + k pages: frames 0..3 are the level-4 to level-1 tables themselves. All
 * addresses of the linear map share one table of each level.
 */
static void build_tables(struct domain *d, const mfn_t *frame, unsigned n)
{
    for (unsigned level = 0; level < 3; level++) {
        unsigned index = SIM_LINEAR >> (39 - 9 * level) & 511;

        table_at(frame[level])[index] = mfn_to_paddr(frame[level + 1]) | PTE_P | PTE_RW;
    }
    for (unsigned k = 0; k < n; k++)
        table_at(frame[3])[k] = mfn_to_paddr(frame[k]) | PTE_P | (k < 4 ? 0 : PTE_RW);
    if (pv_pin_table(d, frame[0], FRAME_L4))
        sim_fail("the first page tables of d%d are refused", d->id);
}

bool sim_vcpu_initialise(struct vcpu *v, mfn_t root)
{
    static struct vcpu_guest_context c;
    int rc;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.kernel_sp = SIM_WINDOW + SIM_WINDOW_SIZE - 0x800;
    c.event_callback_eip = c.failsafe_callback_eip = c.syscall_callback_eip = SIM_LINEAR;
    c.ctrlreg[3] = xen_pfn_to_cr3(root.n);
    spin_lock(&v->domain->lock);
    rc = vcpu_set_context(v, &c);
    spin_unlock(&v->domain->lock);
    return !rc;
}

static void make_vcpu(struct domain *d, unsigned id, mfn_t root)
{
    if (vcpu_create(d, id) || !sim_vcpu_initialise(d->vcpus[id], root) || vcpu_up(d->vcpus[id]))
        sim_fail("d%d has no vCPU %u", d->id, id);
}

static mfn_t first_frames[SIM_DOMAINS][FRAMES];

mfn_t sim_first_frame(unsigned i, unsigned k)
{
    return first_frames[i][k];
}

void sim_domain_make(unsigned i)
{
    const struct domain_config cfg = {
        .privileged = i == 0, .max_vcpus = SIM_VCPUS, .max_grant_frames = 3, .max_maptrack_frames = 2,
    };
    mfn_t *frame = first_frames[i];
    struct domain *d;

    per_cpu(softirq_pending, sim_this_cpu) = 0;
    work_begin();
    memset(&sim_domains[i], 0, sizeof(sim_domains[i]));
    if (domain_create(i, &cfg, &d))
        sim_fail("d%u cannot be created", i);
    d->max_pages = FRAMES_MAX;
    if (i == 0 && domain_iomem_permit(d, MFN(SIM_HOLE_START), SIM_HOLE_END - SIM_HOLE_START, true))
        sim_fail("no MMIO for Domain 0");
    for (unsigned k = 0; k < FRAMES; k++) {
        frame[k] = domain_alloc_frames(d, 0, 0, BUDDY_ANY);
        if (mfn_eq(frame[k], INVALID_MFN))
            sim_fail("no memory for d%u", i);
        m2p_set(frame[k], k);
    }
    build_tables(d, frame, FRAMES);
    for (unsigned k = 0; k < SIM_VCPUS; k++)
        make_vcpu(d, k, frame[0]);
    domain_unpause_by_controller(d);
}

bool sim_domain_kill(unsigned i)
{
    struct domain *d = sim_domain(i);
    struct sim_domain *s = &sim_domains[i];

    if (!d)
        return true;
    s->killing = true;
    work_begin();
    if (!s->killed)
        s->killed = !domain_kill(d);
    return s->killed;
}

/* ---- hypercalls ---- */

static u64 outcomes[64][4]; /* by hypercall: done, refused, faulted, continued */

void sim_world_report(void)
{
    for (unsigned nr = 0; nr < ARRAY_SIZE(outcomes); nr++)
        if (outcomes[nr][0])
            printf("hypercall %2u: %lu done, %lu refused, %lu faulted, %lu continued\n", nr, outcomes[nr][0],
                   outcomes[nr][1], outcomes[nr][2], outcomes[nr][3]);
}

static long run(struct vcpu *v, struct sim_pending *p)
{
    struct regs *r = guest_regs();
    long rc;

    v->hcall_preempted = false;
    work_begin();
    rc = hypercall_dispatch(p->nr, p->arg[0], p->arg[1], p->arg[2], p->arg[3], p->arg[4]);
    if (cpu_top()->work_left < -(v->domain->privileged ? MAX_PIECE_DOM0 : MAX_PIECE))
        sim_fail("hypercall %lu did %d units of work in one piece", p->nr, WORK_BUDGET - cpu_top()->work_left);
    p->active = v->hcall_preempted;
    outcomes[p->nr % ARRAY_SIZE(outcomes)][rc == -ERESTART ? 3 : rc == -EFAULT ? 2 : rc < 0 ? 1 : 0]++;
    if ((rc == -ERESTART) != p->active)
        sim_fail("hypercall %lu returned %ld, continued: %d", p->nr, rc, p->active);
    if (p->active) {
        p->nr = r->rax;
        p->arg[0] = r->rdi;
        p->arg[1] = r->rsi;
        p->arg[2] = r->rdx;
        p->arg[3] = r->r10;
        p->arg[4] = r->r8;
    }
    return rc;
}

long sim_hypercall(struct vcpu *v, u64 nr, u64 a1, u64 a2, u64 a3, u64 a4)
{
    struct sim_pending *p = sim_pending(v);

    if (current != v)
        sim_fail("a vCPU that does not run makes a hypercall");
    *p = (struct sim_pending){ true, nr, { a1, a2, a3, a4 } };
    return run(v, p);
}

bool sim_continue(struct vcpu *v)
{
    struct sim_pending *p = sim_pending(v);

    if (!p->active || current != v)
        return false;
    run(v, p);
    return true;
}

/* ---- the machine ---- */

void sim_time_passes(void)
{
    sim_now += 200000;
    sim_run_cpu(sim_this_cpu);
    work_begin();
}

void sim_all_cpus(void)
{
    for (unsigned round = 0; round < 4; round++)
        for (sim_this_cpu = 0; sim_this_cpu < SIM_CPUS; sim_this_cpu++)
            sim_time_passes();
    sim_this_cpu = 0;
}

static long heap_at_start;

void sim_world_init(void)
{
    sim_machine_init(0x1000, SIM_HOLE_START, SIM_HOLE_END);
    domains_init();
    pv_init();
    sim_cpus_start(SIM_CPUS);
    heap_at_start = sim_heap_objects;
    sim_world_start();
}

void sim_world_start(void)
{
    for (unsigned i = 0; i < SIM_DOMAINS; i++)
        if (!sim_domain(i))
            sim_domain_make(i);
    sim_all_cpus();
}

/* Frames that are neither free nor a domain's: the hypervisor's. */
u64 sim_kept_frames(void)
{
    u64 kept = 0;

    for (u64 n = SIM_HOLE_END; n < max_frame; n++) {
        const struct frame *f = mfn_to_frame(MFN(n));

        if (f->refs & FRAME_FREE)
            n += BIT(f->order) - 1;
        else if (!(f->refs & FRAME_COUNT))
            kept++;
    }
    return kept;
}

/* Everybody dies, Domain 0 too; nothing may be left. */
void sim_world_end(void)
{
    u64 kept;

    sim_all_cpus();
    dom0 = NULL; /* it may be killed now */
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        per_cpu(softirq_pending, cpu) = 0;
    for (unsigned i = 0; i < SIM_DOMAINS; i++) {
        struct domain *d = sim_domain(i);

        if (d && !sim_domains[i].killing)
            domain_pause_nosync(d);
    }
    sim_all_cpus();
    sim_this_cpu = 0;
    while (sim_hold_count) {
        struct sim_hold h = sim_holds[--sim_hold_count];

        if (h.type != FRAME_NONE)
            frame_put_type(mfn_to_frame(h.mfn));
        frame_put(mfn_to_frame(h.mfn));
    }
    for (unsigned round = 0, left = 1; left && round < 1000; round++) {
        left = 0;
        for (unsigned i = 0; i < SIM_DOMAINS; i++)
            left += !sim_domain_kill(i);
    }
    sim_all_cpus();
    for (unsigned i = 0; i < SIM_DOMAINS; i++)
        if (sim_domain(i))
            sim_fail("d%u does not end: %lu frames, %u references", i, sim_domain(i)->tot_pages, sim_domain(i)->refs);
    sim_check();
    if (sim_heap_objects != heap_at_start)
        sim_fail("%ld heap objects are left", sim_heap_objects - heap_at_start);
    kept = sim_kept_frames();
    if (kept || buddy_free_frames() != buddy_total_frames())
        sim_fail("%lu frames are lost, %lu of them the hypervisor's", buddy_total_frames() - buddy_free_frames(), kept);
}
