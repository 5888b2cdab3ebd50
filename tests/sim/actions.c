/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the simulated guests do: hypercalls with arguments that are right, nearly right
 * or wild, stores to their memory, ballooning, grants, descriptor tables, and now and
 * then the death of a domain. All choices come from sim_rnd().
 */
#include "sim.h"

#include <string.h>

#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "mm/paging.h"
#include "sched/softirq.h"

u64 sim_emulated, sim_granted, sim_ungranted, sim_deaths;

/* ---- choices ---- */

/* A frame of @d, mostly; small numbers of choices, so that the same ones come up again. */
static mfn_t frame_of(const struct domain *d)
{
    u64 span = d->max_mfn - d->min_mfn + 1, start;

    if (!d->tot_pages)
        return MFN(SIM_HOLE_END);
    start = d->min_mfn + sim_rnd(span);
    for (u64 i = 0; i < span; i++) {
        u64 n = d->min_mfn + (start - d->min_mfn + i) % span;

        if (mfn_to_frame(MFN(n))->owner == d->id && (mfn_to_frame(MFN(n))->refs & FRAME_COUNT))
            return MFN(n);
    }
    return MFN(start);
}

mfn_t sim_any_frame(const struct domain *d)
{
    struct domain *other;

    switch (sim_rnd(20)) {
    case 0:
        return MFN(sim_rnd(SIM_HOLE_START)); /* the hypervisor's own */
    case 1:
        return MFN(SIM_HOLE_START + sim_rnd(SIM_HOLE_END - SIM_HOLE_START)); /* MMIO */
    case 2:
        return MFN((u64)sim_rnd(0x10000) << sim_rnd(30));
    case 3:
    case 4:
        other = sim_domain(sim_rnd(SIM_DOMAINS));
        return other ? frame_of(other) : MFN(1);
    default:
        return frame_of(d);
    }
}

static unsigned any_index(void)
{
    switch (sim_rnd(8)) {
    case 0:
        return sim_rnd(512);
    case 1:
        return 254 + sim_rnd(20); /* around our own slots of level-4 tables */
    default:
        return sim_rnd(12);
    }
}

static u64 any_entry(const struct domain *d)
{
    static const u64 odd[] = { PTE_PWT, PTE_PCD, PTE_PSE, PTE_G, PTE_AVAIL, PTE_NX, BIT(52), BIT(62), BIT(51), PTE_A, PTE_D };
    u64 e;

    if (!sim_rnd(5))
        return 0;
    e = mfn_to_paddr(sim_any_frame(d)) & PTE_ADDR;
    if (sim_rnd(12))
        e |= PTE_P;
    if (sim_rnd(2))
        e |= PTE_RW;
    if (sim_rnd(2))
        e |= PTE_US;
    while (!sim_rnd(5))
        e |= odd[sim_rnd(ARRAY_SIZE(odd))];
    return e;
}

vaddr_t sim_any_va(void)
{
    switch (sim_rnd(12)) {
    case 0:
        return (u64)sim_rnd(1u << 30) << sim_rnd(34);
    case 1:
        return SIM_LINEAR + ((u64)sim_rnd(512) << PAGE_SHIFT) + ((u64)sim_rnd(4) << 21);
    default:
        return SIM_LINEAR + ((u64)sim_rnd(70) << PAGE_SHIFT);
    }
}

static u32 any_foreign(void)
{
    static const u32 choices[] = { DOMID_SELF, DOMID_IO, DOMID_XEN, 0, 1, 2, 7, 0xffff };

    return sim_rnd(4) ? DOMID_SELF : choices[sim_rnd(ARRAY_SIZE(choices))];
}

/* Other work for this CPU: long operations stop at each of their points. */
static void any_preemption(void)
{
    if (!sim_rnd(3))
        softirq_raise(SOFTIRQ_TIMER);
}

/* ---- hypercalls ---- */

/* Where in the window arguments are put; sometimes an address that is not readable. */
static vaddr_t arguments(const void *data, size_t len)
{
    if (!sim_rnd(40))
        return sim_any_va();
    memcpy(sim_window(), data, len);
    return SIM_WINDOW;
}

static vaddr_t done_address(void)
{
    switch (sim_rnd(8)) {
    case 0:
        return 0;
    case 1:
        return sim_any_va();
    default:
        return SIM_WINDOW + SIM_WINDOW_SIZE - 4;
    }
}

static void mmu_update(struct vcpu *v)
{
    struct mmu_update req[24];
    unsigned n = sim_rnd(8) ? 1 + sim_rnd(4) : sim_rnd(ARRAY_SIZE(req) + 1);
    u32 foreign = any_foreign();
    vaddr_t va;

    for (unsigned i = 0; i < n; i++) {
        mfn_t mfn = sim_any_frame(v->domain);
        unsigned cmd = sim_rnd(8) ? 0 : sim_rnd(8);

        req[i].ptr = mfn_to_paddr(mfn) + any_index() * 8 + cmd;
        req[i].val = cmd == MMU_MACHPHYS_UPDATE ? sim_rnd(100) : any_entry(v->domain);
    }
    if (!sim_rnd(10))
        foreign |= (1 + sim_rnd(4)) << 16;
    va = arguments(req, n * sizeof(req[0]));
    sim_hypercall(v, __HYPERVISOR_mmu_update, va, n, done_address(), foreign);
}

static void mmuext(struct vcpu *v)
{
    struct mmuext_op op[3];
    unsigned n = sim_rnd(4);
    u32 foreign = sim_rnd(10) ? DOMID_SELF : any_foreign();
    vaddr_t va;

    memset(op, 0, sizeof(op));
    for (unsigned i = 0; i < n; i++) {
        op[i].cmd = sim_rnd(3) ? sim_rnd(7) : sim_rnd(23);
        op[i].arg1.mfn = op[i].cmd == MMUEXT_NEW_USER_BASEPTR && !sim_rnd(3) ? 0 : sim_any_frame(v->domain).n;
        if (op[i].cmd == MMUEXT_COPY_PAGE)
            op[i].arg2.src_mfn = sim_any_frame(v->domain).n;
        else if (op[i].cmd == MMUEXT_SET_LDT)
            op[i].arg1.linear_addr = sim_any_va(), op[i].arg2.nr_ents = sim_rnd(9000);
        else if (op[i].cmd == MMUEXT_TLB_FLUSH_MULTI || op[i].cmd == MMUEXT_INVLPG_MULTI)
            op[i].arg2.vcpumask.p = (void *)(SIM_WINDOW + SIM_WINDOW_SIZE - 16);
    }
    va = arguments(op, n * sizeof(op[0]));
    sim_hypercall(v, __HYPERVISOR_mmuext_op, va, n, done_address(), foreign);
}

static void update_va(struct vcpu *v)
{
    u64 entry = any_entry(v->domain), flags = sim_rnd(3);
    vaddr_t va = sim_any_va();

    if (flags)
        flags |= sim_rnd(2) ? UVMF_LOCAL : UVMF_ALL;
    if (sim_rnd(8))
        sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, entry, flags, 0);
    else
        sim_hypercall(v, __HYPERVISOR_update_va_mapping_otherdomain, va, entry, flags, any_foreign());
}

/* A tree of tables with every level right, so that whole trees come and go. */
static void build_tree(struct vcpu *v)
{
    mfn_t t[4], old = INVALID_MFN;
    struct mmu_update req[12];
    struct mmuext_op op[5];
    unsigned n = 0;

    memset(op, 0, sizeof(op));
    for (unsigned i = 0; i < 4; i++) {
        t[i] = frame_of(v->domain);
        op[i] = (struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = t[i].n };
        if (mfn_eq(t[i], old))
            return;
        old = t[i];
    }
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 3; k++) {
            u64 e = i < 3 ? mfn_to_paddr(t[i + 1]) | PTE_P | PTE_RW : any_entry(v->domain);

            req[n].ptr = mfn_to_paddr(t[i]) + any_index() * 8;
            req[n++].val = k == 0 || i == 3 ? e : 0;
        }
    memcpy(sim_window(), op, sizeof(op));
    sim_hypercall(v, __HYPERVISOR_mmuext_op, SIM_WINDOW, 4, 0, DOMID_SELF);
    while (sim_continue(v))
        ;
    memcpy(sim_window(), req, sizeof(req));
    sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, n, 0, DOMID_SELF);
    while (sim_continue(v))
        ;
    op[0] = (struct mmuext_op){ .cmd = sim_rnd(3) ? MMUEXT_PIN_L4_TABLE : MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = t[0].n };
    memcpy(sim_window(), op, sizeof(op[0]));
    sim_hypercall(v, __HYPERVISOR_mmuext_op, SIM_WINDOW, 1, 0, DOMID_SELF);
}

/* ---- without a hypercall ---- */

static void store(struct vcpu *v)
{
    vaddr_t va = sim_any_va() + any_index() * 8;
    u64 e = any_entry(v->domain);

    if (sim_rnd(3))
        guest_write(va, &e, sizeof(e));
    else
        guest_read(&e, va, sizeof(e));
}

/* Instructions with [rdi] as destination and rsi as source. */
static const struct {
    u8 length, code[8];
} instructions[] = {
    { 3, { 0x48, 0x89, 0x37 } },                   /* mov %rsi, (%rdi) */
    { 3, { 0x48, 0x87, 0x37 } },                   /* xchg */
    { 5, { 0xf0, 0x48, 0x0f, 0xb1, 0x37 } },       /* lock cmpxchg */
    { 4, { 0xf0, 0x80, 0x27, 0xfd } },             /* lock andb $~2 */
    { 6, { 0xf0, 0x48, 0x0f, 0xba, 0x37, 0x01 } }, /* lock btrq $1 */
    { 5, { 0x48, 0x83, 0x0f, 0x02 } },             /* orq $2 */
    { 7, { 0x48, 0xc7, 0x07, 0x00, 0x00, 0x00, 0x00 } }, /* movq $0 */
    { 2, { 0x89, 0x37 } },                         /* mov %esi, (%rdi) */
    { 3, { 0x48, 0x31, 0x37 } },                   /* xor */
};

static void emulated_store(struct vcpu *v, vaddr_t va)
{
    unsigned k = sim_rnd(ARRAY_SIZE(instructions));
    struct regs *r;

    r = guest_regs();
    r->rip = SIM_WINDOW;
    memset(sim_window(), 0, 16);
    memcpy(sim_window(), instructions[k].code, sizeof(instructions[k].code));
    if (!sim_rnd(6))
        sim_window()[sim_rnd(8)] ^= 1 << sim_rnd(8);
    r->rsi = any_entry(v->domain);
    r->rax = any_entry(v->domain);
    sim_emulated += pv_emulate_pt_write(r, va);
}

static void emulated_store_anywhere(struct vcpu *v)
{
    emulated_store(v, sim_any_va() + any_index() * 8);
}

/* ---- sequences ---- */

static long one_op(struct vcpu *v, unsigned cmd, mfn_t mfn)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn.n };
    long rc;

    memcpy(sim_window(), &op, sizeof(op));
    rc = sim_hypercall(v, __HYPERVISOR_mmuext_op, SIM_WINDOW, 1, 0, DOMID_SELF);
    while (sim_continue(v))
        ;
    return rc;
}

/* The life of a page table as kernels have it, without the flushes that they may leave out. */
static void retype(struct vcpu *v)
{
    vaddr_t va = SIM_LINEAR + ((u64)sim_rnd(64) << PAGE_SHIFT);
    struct vcpu *other = v->domain->vcpus[sim_rnd(SIM_VCPUS)];
    mfn_t mfn;
    u64 zero = 0, parts[2];

    if (!other || !sim_switch(other))
        other = v;
    if (guest_write(va, &zero, 8) || guest_clear(va, PAGE_SIZE)) { /* leaves a writable translation behind */
        sim_switch(v);
        return;
    }
    sim_switch(v);
    mfn = pv_translate(v, va);
    parts[0] = mfn_to_paddr(mfn) | PTE_P;
    parts[1] = parts[0] | PTE_RW;
    sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, parts[0], UVMF_NONE, 0);
    if (one_op(v, MMUEXT_PIN_L1_TABLE + (sim_rnd(4) ? 0 : sim_rnd(4)), mfn))
        return;
    for (unsigned n = sim_rnd(4); n; n--)
        emulated_store(v, va + any_index() * 8);
    if (sim_rnd(2))
        return;
    sim_switch(other);
    guest_read(&zero, va, 8);
    sim_switch(v);
    one_op(v, MMUEXT_UNPIN_TABLE, mfn);
    sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, parts[1], UVMF_NONE, 0);
}

/* Random changes wear the linear map out: some of its frames are mapped again. */
static void repair(struct vcpu *v)
{
    for (unsigned n = 0; n < 12; n++) {
        u64 e = mfn_to_paddr(frame_of(v->domain)) | PTE_P;
        vaddr_t va = SIM_LINEAR + ((u64)sim_rnd(70) << PAGE_SHIFT);

        if (mfn_eq(pv_translate(v, va), INVALID_MFN) &&
            sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, e | PTE_RW, 0, 0))
            sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, e, 0, 0);
    }
}

/* Walks through a table, takes it out and makes it writable. */
static void recycle(struct vcpu *v)
{
    vaddr_t va = sim_any_va(), table_va = SIM_LINEAR + ((u64)sim_rnd(64) << PAGE_SHIFT);
    u64 l2 = 0, probe;
    mfn_t table, upper = INVALID_MFN;
    struct mmu_update req[2];

    table = pv_translate(v, table_va);
    if (!mfn_valid(table) || frame_type(mfn_to_frame(table)) != FRAME_L1 || mfn_to_frame(table)->owner != v->domain->id)
        return;
    upper = pv_translate(v, SIM_LINEAR + (2ul << PAGE_SHIFT)); /* the first level-2 table, if it is still there */
    if (!mfn_valid(upper) || frame_type(mfn_to_frame(upper)) != FRAME_L2)
        return;
    va = SIM_LINEAR + (5ul << 21) + (1ul << PAGE_SHIFT);
    l2 = mfn_to_paddr(table) | PTE_P | PTE_RW;
    req[0] = (struct mmu_update){ mfn_to_paddr(table) + 8, mfn_to_paddr(frame_of(v->domain)) | PTE_P };
    req[1] = (struct mmu_update){ mfn_to_paddr(upper) + 5 * 8, l2 };
    memcpy(sim_window(), req, sizeof(req));
    sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, 2, 0, DOMID_SELF);
    while (sim_continue(v))
        ;
    guest_read(&probe, va, 8);
    req[1].val = 0;
    memcpy(sim_window(), &req[1], sizeof(req[1]));
    sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, 1, 0, DOMID_SELF);
    while (sim_continue(v))
        ;
    one_op(v, MMUEXT_UNPIN_TABLE, table);
    sim_hypercall(v, __HYPERVISOR_update_va_mapping, table_va, mfn_to_paddr(table) | PTE_P | PTE_RW, UVMF_NONE, 0);
}


static void balloon(struct vcpu *v)
{
    struct domain *d = v->domain;
    mfn_t mfn;

    if (sim_rnd(2)) {
        mfn = domain_alloc_frames(d, 0, 0, BUDDY_ANY);
        if (!mfn_eq(mfn, INVALID_MFN))
            m2p_set(mfn, sim_rnd(100));
        return;
    }
    if (d->tot_pages < 20)
        return;
    mfn = sim_any_frame(d);
    if (mfn_valid(mfn) && frame_get(mfn_to_frame(mfn), d->id)) {
        domain_drop_frame(d, mfn);
        frame_put(mfn_to_frame(mfn));
    }
}

/* ---- holders of references other than page tables ---- */

static void drop_hold(unsigned i)
{
    struct sim_hold h = sim_holds[i];

    sim_holds[i] = sim_holds[--sim_hold_count];
    if (h.type != FRAME_NONE)
        frame_put_type(mfn_to_frame(h.mfn));
    frame_put(mfn_to_frame(h.mfn));
}

static void hold(mfn_t mfn, enum frame_type type)
{
    if (sim_hold_count < SIM_HOLDS)
        sim_holds[sim_hold_count++] = (struct sim_hold){ mfn, type };
    else
        sim_fail("too many holds");
}

static void descriptor_table(struct vcpu *v)
{
    mfn_t mfn = sim_any_frame(v->domain);

    if (sim_hold_count == SIM_HOLDS || !sim_rnd(3)) {
        if (sim_hold_count)
            drop_hold(sim_rnd(sim_hold_count));
        return;
    }
    if (mfn_valid(mfn) && !frame_get_and_type(mfn_to_frame(mfn), v->domain->id, FRAME_SEGDESC))
        hold(mfn, FRAME_SEGDESC);
}

/* ---- life and death ---- */

/* The operator: wakes who sleeps for ever, takes domains that ended away, makes new ones. */
static void life(void)
{
    unsigned i = sim_rnd(SIM_DOMAINS);
    struct domain *d = sim_domain(i);
    struct sim_domain *s = &sim_domains[i];
    struct vcpu *v;

    if (!d) {
        sim_domain_make(i);
        return;
    }
    if (i != 0 && d != current->domain && (s->killing || d->shut_down || !sim_rnd(12))) {
        if (!s->killed)
            sim_deaths += sim_domain_kill(i);
        return;
    }
    if (s->killing)
        return;
    if (d->shut_down)
        domain_resume(d);
    for_each_vcpu(d, v) {
        if (!v->initialised)
            sim_vcpu_initialise(v, d->vcpus[!v->id]->initialised ? paddr_to_mfn(d->vcpus[!v->id]->pv->kernel_cr3) : sim_first_frame(i, 0));
        if (v->down)
            vcpu_up(v);
        vcpu_unblock(v);
    }
}

void sim_action(void)
{
    static void (*const actions[])(struct vcpu *v) = {
        mmu_update, mmu_update, mmu_update, mmu_update, mmuext, mmuext, mmuext, update_va, update_va,
        store, store, emulated_store_anywhere, retype, retype, recycle, repair, repair, build_tree, balloon, descriptor_table,
        sim_log_dirty, sim_user_mode, sim_descriptors, sim_descriptors, sim_descriptors, sim_modes, sim_contexts,
        sim_any_hypercall, sim_any_hypercall, sim_any_hypercall, sim_any_hypercall, sim_any_hypercall, sim_any_hypercall,
    };
    struct vcpu *v;

    sim_this_cpu = sim_rnd(SIM_CPUS);
    for (unsigned n = 0; n < SIM_CPUS; n++) { /* the first CPU that has something to run */
        sim_time_passes();
        if (!vcpu_is_idle(current))
            break;
        sim_this_cpu = (sim_this_cpu + 1) % SIM_CPUS;
    }
    v = current;
    if (vcpu_is_idle(v) || !sim_rnd(12)) {
        life();
        return;
    }
    if (!v->pv->kernel_mode && !sim_rnd(4))
        return; /* it goes on in user mode */
    if (!sim_enter_kernel(v))
        return;
    work_begin();
    any_preemption();
    if (sim_pending(v)->active && sim_rnd(8)) { /* a guest may also abandon it */
        sim_continue(v);
        return;
    }
    sim_pending(v)->active = false;
    actions[sim_rnd(ARRAY_SIZE(actions))](v);
}
