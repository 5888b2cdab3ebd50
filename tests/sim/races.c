/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two CPUs at once, where the one is in the middle of something: sim_between is called where the hypervisor reads or
 * flushes with no lock of its own held (tlb.c), and does there what another CPU may do at that moment. Each case is a
 * race that was once lost; what must not come out of it is checked afterwards.
 */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "errno.h"
#include "machine/spinlock.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "mm/paging.h"
#include <xen/memory.h>

void (*sim_between)(void);

static unsigned failures;
static struct vcpu *v0, *v, *v1; /* of Domain 0; two of one guest */
static unsigned done;            /* times that a race was tried */

#define EXPECT(call, value)                                                                      \
    do {                                                                                         \
        long got_ = (call), want_ = (value);                                                     \
        if (got_ != want_) {                                                                     \
            printf("%s:%d: %s is %#lx, not %#lx\n", __FILE__, __LINE__, #call, got_, want_);     \
            failures++;                                                                          \
        }                                                                                        \
    } while (0)

static vaddr_t va_of(unsigned k)
{
    return SIM_LINEAR + ((u64)k << PAGE_SHIFT);
}

static mfn_t frame(unsigned k)
{
    return sim_first_frame(v->domain->id, k);
}

static u64 pte(mfn_t mfn, u64 flags)
{
    return mfn_to_paddr(mfn) | flags;
}

static long va_mapping(vaddr_t va, u64 entry, u64 flags)
{
    return sim_hypercall(current, __HYPERVISOR_update_va_mapping, va, entry, flags, 0);
}

static long ext(unsigned cmd, mfn_t mfn)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn.n };

    memcpy(sim_window(), &op, sizeof(op));
    return sim_hypercall(current, __HYPERVISOR_mmuext_op, SIM_WINDOW, 1, 0, DOMID_SELF);
}

/* @what on the CPU of @u, once. */
static void elsewhere(struct vcpu *u, void (*what)(void))
{
    unsigned self = sim_this_cpu;

    sim_between = NULL;
    if (!sim_switch(u))
        sim_fail("the other vCPU does not run");
    what();
    done++;
    sim_this_cpu = self;
}

/* ---- a type that goes while another CPU takes it again ---- */

#define RACED 15

static void write_through_new_mapping(void)
{
    u64 zero = 0;

    tlb_flush_local();
    EXPECT(va_mapping(va_of(RACED), pte(frame(RACED), PTE_P | PTE_RW), 0), 0);
    EXPECT(guest_write(va_of(RACED), &zero, sizeof(zero)), 0);
    EXPECT(va_mapping(va_of(RACED), 0, 0), 0);
}

/* Where the frame is locked the other CPU waits, as it should. */
static void map_meanwhile(void)
{
    if (mfn_to_frame(frame(RACED))->type & TYPE_LOCKED)
        sim_between = NULL;
    else
        elsewhere(v1, write_through_new_mapping);
}

/* The stamp must not be older than the count's way to zero: the other CPU's translation would outlive the type. */
static void stamp_before_count(void)
{
    EXPECT(va_mapping(va_of(RACED), 0, UVMF_INVLPG | UVMF_ALL), 0);
    sim_between = map_meanwhile;
    EXPECT(ext(MMUEXT_CLEAR_PAGE, frame(RACED)), 0);
    EXPECT(ext(MMUEXT_PIN_L1_TABLE, frame(RACED)), 0);
    sim_check_tlbs();
    EXPECT(ext(MMUEXT_UNPIN_TABLE, frame(RACED)), 0);
    EXPECT(va_mapping(va_of(RACED), pte(frame(RACED), PTE_P | PTE_RW), 0), 0);
}

/* ---- a mapping by right of control that nobody flushed ---- */

static void map_foreign(void)
{
    u64 zero = 0;

    EXPECT(sim_hypercall(v0, __HYPERVISOR_update_va_mapping_otherdomain, va_of(30), pte(frame(16), PTE_P | PTE_RW), 0,
                         v->domain->id), 0);
    EXPECT(guest_write(va_of(30), &zero, sizeof(zero)), 0);
    EXPECT(va_mapping(va_of(30), 0, 0), 0);
}

static void foreign_mapping(void)
{
    EXPECT(va_mapping(va_of(16), 0, UVMF_INVLPG | UVMF_ALL), 0);
    elsewhere(v0, map_foreign);
    EXPECT(!!(mfn_to_frame(frame(16))->refs & FRAME_FOREIGN), 1);
    EXPECT(ext(MMUEXT_PIN_L1_TABLE, frame(16)), 0);
    sim_check_tlbs();
    EXPECT(!!(mfn_to_frame(frame(16))->refs & FRAME_FOREIGN), 0); /* flushed everywhere: ordinary again */
    EXPECT(ext(MMUEXT_UNPIN_TABLE, frame(16)), 0);
    EXPECT(va_mapping(va_of(16), pte(frame(16), PTE_P | PTE_RW), 0), 0);
}

/* ---- accounts ---- */

static mfn_t extra = INVALID_MFN;

static void allocate(void)
{
    extra = domain_alloc_frames(v->domain, 0, 0, BUDDY_ANY);
}

static void allocate_meanwhile(void)
{
    elsewhere(v1, allocate);
}

static void drop(mfn_t mfn)
{
    if (mfn_eq(mfn, INVALID_MFN))
        return;
    EXPECT(frame_get(mfn_to_frame(mfn), v->domain->id), 1);
    domain_drop_frame(v->domain, mfn);
    frame_put(mfn_to_frame(mfn));
}

/* A claim of one page, and no memory but what is claimed: of two that allocate at once one gets it. */
static void one_claim(void)
{
    u64 others = buddy_free_frames() - 1;
    mfn_t got;

    EXPECT(domain_set_claim(v->domain, v->domain->tot_pages + 1), 0);
    EXPECT(buddy_claim(others), 0);
    sim_between = allocate_meanwhile;
    got = domain_alloc_frames(v->domain, 0, 0, BUDDY_ANY);
    sim_between = NULL;
    EXPECT(mfn_eq(got, INVALID_MFN), 0);
    EXPECT(mfn_eq(extra, INVALID_MFN), 1);
    EXPECT(buddy_claimed() <= buddy_free_frames(), 1);
    drop(extra);
    drop(got);
    buddy_unclaim(others);
    domain_set_claim(v->domain, 0);
}

static unsigned moments;

static void allocate_a_moment_later(void)
{
    if (moments++)
        elsewhere(v1, allocate);
}

/* An exchange that fails gives back what it took, though another CPU would like to have the domain's quota. */
static void exchange_and_quota(void)
{
    struct xen_memory_exchange *x = (void *)sim_window();
    u64 *list = (u64 *)(sim_window() + 0x1000), pages = v->domain->tot_pages, limit = v->domain->max_pages;

    memset(x, 0, sizeof(*x));
    x->in.extent_start.p = (void *)(SIM_WINDOW + 0x1000);
    x->out.extent_start.p = (void *)(SIM_WINDOW + 0x1100);
    x->in.nr_extents = 2;
    x->out.nr_extents = x->out.extent_order = 1;
    x->out.mem_flags = XENMEMF_address_bits(14); /* there is none */
    x->in.domid = x->out.domid = DOMID_SELF;
    for (unsigned i = 0; i < 2; i++) {
        EXPECT(va_mapping(va_of(17 + i), 0, UVMF_INVLPG | UVMF_ALL), 0);
        list[i] = frame(18 - i).n;
    }
    v->domain->max_pages = pages;
    sim_between = allocate_a_moment_later;
    EXPECT(sim_hypercall(v, __HYPERVISOR_memory_op, XENMEM_exchange, SIM_WINDOW, 0, 0), -ENOMEM);
    sim_between = NULL;
    v->domain->max_pages = limit;
    for (unsigned i = 0; i < 2; i++) {
        EXPECT(mfn_to_frame(frame(17 + i))->owner, v->domain->id);
        va_mapping(va_of(17 + i), pte(frame(17 + i), PTE_P | PTE_RW), 0);
    }
    EXPECT(mfn_eq(extra, INVALID_MFN), 1);
    EXPECT(v->domain->tot_pages, pages);
    drop(extra);
}

/* ---- locks of others ---- */

/* Who may not change Domain 0's page tables does not wait for their lock either. */
static void foreign_lock(void)
{
    struct mmu_update req = { mfn_to_paddr(sim_first_frame(0, 3)), 0 };
    struct spinlock *lock = &v0->domain->pv->mmu_lock;

    memcpy(sim_window(), &req, sizeof(req));
    sim_switch(v0);
    spin_lock(lock);
    sim_switch(v);
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, 1, 0, DOMID_SELF | 1u << 16), -EPERM);
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, 0, 0, DOMID_SELF | 1u << 16), 0);
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, 0x1000, 1, 0, DOMID_SELF | 1u << 16), -EFAULT);
    sim_switch(v0);
    spin_unlock(lock);
}

int sim_races(void)
{
    static void (*const tests[])(void) = {
        stamp_before_count, foreign_mapping, one_claim, exchange_and_quota, foreign_lock,
    };

    v0 = sim_domain(0)->vcpus[0];
    v = sim_domain(1)->vcpus[0];
    v1 = sim_domain(1)->vcpus[1];
    for (unsigned n = 0; n < 100 && !(sim_switch(v0) && sim_switch(v1) && sim_switch(v)); n++)
        sim_all_cpus(); /* until all three run, each on its CPU */
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        if (!sim_switch(v))
            sim_fail("the vCPU does not run");
        extra = INVALID_MFN;
        tests[i]();
        sim_between = NULL;
        sim_check();
    }
    return failures || !done ? 1 : 0;
}
