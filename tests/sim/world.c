/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated domains: Domain 0 and two unprivileged ones, two vCPUs each,
 * with a linear map of their first frames (page tables read-only in it, as PV
 * guests have it). A vCPU always runs on the same CPU. Hypercalls go through the
 * register frame, so that continuations work as on hardware.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/internal.h"
#include "errno.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/paging.h"
#include "pv/segments.h"

#define FRAMES 64 /* of each domain at first */
#define FRAMES_MAX 80

struct sim_domain sim_domains[SIM_DOMAINS];
struct sim_hold sim_holds[SIM_HOLDS];
unsigned sim_hold_count;

u8 *sim_window(void)
{
    return sim_domains[current->domain->id].window[current->id];
}

struct sim_pending *sim_pending(struct vcpu *v)
{
    return &sim_domains[v->domain->id].pending[v->id];
}

void sim_switch(struct vcpu *v)
{
    sim_this_cpu = (v->domain->id * SIM_VCPUS + v->id) % SIM_CPUS;
    if (current == v)
        return;
    if (current)
        current->regs = *guest_regs();
    current = v;
    *guest_regs() = v->regs;
    cpumask_set(&v->domain->dirty_cpus, sim_this_cpu);
    v->dirty_cpu = sim_this_cpu;
    pv_load_root(v);
}

/* ---- what the PV floor adds to page tables ---- */

bool pv_descriptor_frame_ok(mfn_t mfn)
{
    const u64 *desc = mfn_to_virt(mfn);

    for (unsigned i = 0; i < PAGE_SIZE / sizeof(u64); i++)
        if (desc[i] & BIT(63)) /* stands for anything that is not allowed */
            return false;
    return true;
}

bool pv_drop_ldt(struct vcpu *v)
{
    bool any = false;

    for (unsigned i = 0; i < LDT_FRAMES; i++) {
        mfn_t mfn = v->pv->ldt_frames[i];

        if (mfn_eq(mfn, INVALID_MFN))
            continue;
        v->pv->ldt_frames[i] = INVALID_MFN;
        frame_put_and_type(mfn_to_frame(mfn));
        any = true;
    }
    return any;
}

int pv_set_ldt(struct vcpu *v, vaddr_t base, unsigned entries)
{
    pv_drop_ldt(v);
    v->pv->ldt_base = base;
    v->pv->ldt_entries = entries;
    return 0;
}

static int reset_vcpu(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    pv_drop_ldt(v);
    if (p->user_cr3) {
        if (pv_drop_root(v->domain, paddr_to_mfn(p->user_cr3)))
            return -ERESTART;
        p->user_cr3 = 0;
    }
    if (p->kernel_cr3) {
        if (pv_drop_root(v->domain, paddr_to_mfn(p->kernel_cr3)))
            return -ERESTART;
        p->kernel_cr3 = 0;
    }
    return 0;
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

static struct vcpu *make_vcpu(struct domain *d, unsigned id, mfn_t root)
{
    struct vcpu *v = calloc(1, sizeof(*v));

    v->domain = d;
    v->id = id;
    v->dirty_cpu = DIRTY_CPU_NONE;
    v->pv = calloc(1, sizeof(*v->pv));
    v->pv->kernel_mode = true;
    for (unsigned i = 0; i < LDT_FRAMES; i++)
        v->pv->ldt_frames[i] = INVALID_MFN;
    if (pv_take_root(d, root))
        sim_fail("d%d has no root", d->id);
    v->pv->kernel_cr3 = mfn_to_paddr(root);
    return v;
}

void sim_domain_make(unsigned i)
{
    mfn_t frame[FRAMES];
    struct domain *d = sim_domain_new(i, FRAMES_MAX);

    sim_this_cpu = 0;
    sim_domains[i].d = d;
    sim_domains[i].killing = false;
    for (unsigned k = 0; k < FRAMES; k++) {
        frame[k] = domain_alloc_frames(d, 0, 0, BUDDY_ANY);
        if (mfn_eq(frame[k], INVALID_MFN))
            sim_fail("no memory for d%d", i);
        m2p_set(frame[k], k);
    }
    build_tables(d, frame, FRAMES);
    for (unsigned k = 0; k < SIM_VCPUS; k++)
        d->vcpus[k] = make_vcpu(d, k, frame[0]);
}

static void leave_cpus(struct domain *d)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
        sim_this_cpu = cpu;
        if (current && current->domain == d) {
            current->regs = *guest_regs();
            current = NULL;
            load_cr3(0);
        }
    }
    memset(&d->dirty_cpus, 0, sizeof(d->dirty_cpus));
    memset(sim_domains[d->id].pending, 0, sizeof(sim_domains[d->id].pending));
}

bool sim_domain_kill(unsigned i)
{
    struct sim_domain *s = &sim_domains[i];

    if (!s->killing) {
        leave_cpus(s->d);
        s->killing = true;
    }
    sim_this_cpu = 0;
    if (!sim_domain_end(s->d))
        return false;
    s->d = NULL;
    return true;
}

/* ---- hypercalls ---- */

static u64 outcomes[64][4]; /* by hypercall: done, refused, faulted, continued */

void sim_world_report(void)
{
    for (unsigned nr = 0; nr < ARRAY_SIZE(outcomes); nr++)
        if (outcomes[nr][0] + outcomes[nr][1])
            printf("hypercall %2u: %lu done, %lu refused, %lu faulted, %lu continued\n", nr, outcomes[nr][0],
                   outcomes[nr][1], outcomes[nr][2], outcomes[nr][3]);
}

static long dispatch(u64 nr, const u64 *a)
{
    switch (nr) {
    case __HYPERVISOR_mmu_update:
        return do_mmu_update(a[0], a[1], a[2], a[3]);
    case __HYPERVISOR_mmuext_op:
        return do_mmuext_op(a[0], a[1], a[2], a[3]);
    case __HYPERVISOR_update_va_mapping:
        return do_update_va_mapping(a[0], a[1], a[2]);
    case __HYPERVISOR_update_va_mapping_otherdomain:
        return do_update_va_mapping_otherdomain(a[0], a[1], a[2], a[3]);
    default:
        return -ENOSYS;
    }
}

static long run(struct vcpu *v, struct sim_pending *p)
{
    struct regs *r = guest_regs();
    long rc;

    v->hcall_preempted = false;
    rc = dispatch(p->nr, p->arg);
    p->active = v->hcall_preempted;
    outcomes[p->nr % ARRAY_SIZE(outcomes)][rc == -ERESTART ? 3 : rc == -EFAULT ? 2 : rc ? 1 : 0]++;
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

    sim_switch(v);
    *p = (struct sim_pending){ true, nr, { a1, a2, a3, a4 } };
    return run(v, p);
}

bool sim_continue(struct vcpu *v)
{
    struct sim_pending *p = sim_pending(v);

    if (!p->active)
        return false;
    sim_switch(v);
    run(v, p);
    return true;
}

const struct domain_kind sim_kind = {
    .name = "PV",
    .domain_relinquish = pv_relinquish_memory,
    .reset_vcpu = reset_vcpu,
    .grant_map = pv_grant_map,
    .grant_unmap = pv_grant_unmap,
};

void sim_world_init(void)
{
    sim_machine_init(0x1000, SIM_HOLE_START, SIM_HOLE_END);
    pv_mmu_init();
    sim_domain_init();
    for (unsigned i = 0; i < SIM_DOMAINS; i++)
        sim_domain_make(i);
}
