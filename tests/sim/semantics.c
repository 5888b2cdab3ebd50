/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mmu_update, update_va_mapping and mmuext_op answer, case by case, as
 * Xen 4.17 does: error numbers, counts of what was done, and the entry that is found
 * afterwards. Runs on freshly made domains (world.c: frame k at SIM_LINEAR + k pages, tables in frames 0 to 3).
 */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "errno.h"
#include "mm/guest_access.h"
#include "mm/paging.h"
#include "sched/softirq.h"

static unsigned failures;
static struct vcpu *v; /* of an unprivileged domain */
static struct vcpu *v0;

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

static mfn_t frame(struct vcpu *u, unsigned k)
{
    return sim_first_frame(u->domain->id, k);
}

static u64 entry(unsigned k)
{
    return ((const u64 *)mfn_to_virt(sim_first_frame(v->domain->id, 3)))[k];
}

static long update(u64 ptr, u64 val, u32 foreign, u32 *done)
{
    struct mmu_update req = { ptr, val };
    long rc;

    memcpy(sim_window(), &req, sizeof(req));
    rc = sim_hypercall(current, __HYPERVISOR_mmu_update, SIM_WINDOW, 1, SIM_WINDOW + 0x800, foreign);
    if (done)
        memcpy(done, sim_window() + 0x800, sizeof(*done));
    return rc;
}

static long ext(unsigned cmd, u64 arg1, u64 arg2, u32 foreign)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2 };

    memcpy(sim_window(), &op, sizeof(op));
    return sim_hypercall(current, __HYPERVISOR_mmuext_op, SIM_WINDOW, 1, 0, foreign);
}

static long va_mapping(vaddr_t va, u64 pte, u64 flags)
{
    return sim_hypercall(current, __HYPERVISOR_update_va_mapping, va, pte, flags, 0);
}

/* The address of the linear map's entry k. */
static u64 slot(unsigned k)
{
    return mfn_to_paddr(sim_first_frame(v->domain->id, 3)) + k * 8;
}

static u64 pte(mfn_t mfn, u64 flags)
{
    return mfn_to_paddr(mfn) | flags;
}

static void test_update_errors(void)
{
    mfn_t f10 = frame(v, 10), other = frame(v0, 10), table = sim_first_frame(v->domain->id, 3);
    u32 done = 77;

    EXPECT(update(slot(10), pte(f10, PTE_P), DOMID_SELF, &done), 0);
    EXPECT(done, 1);
    EXPECT(update(slot(10) | 5, 0, DOMID_SELF, &done), -ENOSYS);
    EXPECT(done, 0);
    EXPECT(update(slot(10), pte(f10, PTE_P | PTE_PSE), DOMID_SELF, NULL), -EINVAL);
    EXPECT(update(slot(10), pte(f10, PTE_P | PTE_PCD), DOMID_SELF, NULL), -EINVAL); /* no device is its own */
    EXPECT(update(slot(10), pte(other, PTE_P), DOMID_SELF, NULL), -EBUSY);
    EXPECT(update(slot(10), pte(other, PTE_P), 0, NULL), -EPERM);
    EXPECT(update(slot(10), pte(other, PTE_P), 9, NULL), -ESRCH);
    EXPECT(update(slot(10), pte(f10, PTE_P), v->domain->id, NULL), -ESRCH); /* itself as foreign domain */
    EXPECT(update(slot(10), pte(f10, PTE_P), DOMID_SELF | 10u << 16, NULL), -ESRCH);
    EXPECT(update(slot(10), pte(table, PTE_P | PTE_RW), DOMID_SELF, NULL), -EBUSY); /* a page table, writable */
    EXPECT(update(slot(10), pte(table, PTE_P), DOMID_SELF, NULL), 0);
    EXPECT(update(slot(10), pte(MFN(SIM_HOLE_START), PTE_P), DOMID_SELF, NULL), -EPERM);
    EXPECT(update(slot(10), pte(MFN(5), PTE_P), DOMID_SELF, NULL), -EBUSY); /* ours */
    EXPECT(update(mfn_to_paddr(other), 0, DOMID_SELF, NULL), -EINVAL);
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, HV_VIRT_START, 1, 0, DOMID_SELF), -EFAULT);
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, 0x1000, 1, 0, DOMID_SELF), -EFAULT);
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, 0, 0, DOMID_SELF), 0);
    EXPECT(update(slot(10), pte(f10, PTE_P | PTE_RW), DOMID_SELF, NULL), 0);
}

static void test_stored_form(void)
{
    mfn_t f11 = frame(v, 11);

    EXPECT(va_mapping(va_of(11), pte(f11, PTE_P | PTE_G), 0), 0);
    EXPECT(entry(11), pte(f11, PTE_P | PTE_US | BIT(52)));
    EXPECT(va_mapping(va_of(11), pte(f11, PTE_P | PTE_US | PTE_A), 0), 0);
    EXPECT(entry(11), pte(f11, PTE_P | PTE_US | PTE_A));
    EXPECT(update(slot(11) | MMU_PT_UPDATE_PRESERVE_AD, pte(f11, PTE_P | PTE_US | PTE_RW), DOMID_SELF, NULL), 0);
    EXPECT(entry(11), pte(f11, PTE_P | PTE_US | PTE_RW | PTE_A));
    EXPECT(va_mapping(va_of(11), 0x123456789abc000, 0), 0); /* not present: the guest's own affair */
    EXPECT(entry(11), 0x123456789abc000);
    EXPECT(va_mapping(va_of(11), pte(f11, PTE_P | PTE_RW), UVMF_INVLPG | UVMF_ALL), 0);
    EXPECT(va_mapping(SIM_LINEAR + (1ul << 30), 0, 0), -EINVAL); /* no table there */
    EXPECT(va_mapping(HV_VIRT_START, 0, 0), -EINVAL);
}

static void test_pins(void)
{
    mfn_t f = frame(v, 12);
    u64 zero = 0;

    EXPECT(guest_write(va_of(12), &zero, 8), 0);
    EXPECT(ext(MMUEXT_PIN_L1_TABLE, f.n, 0, DOMID_SELF), -EINVAL); /* mapped writable */
    EXPECT(va_mapping(va_of(12), pte(f, PTE_P), UVMF_INVLPG), 0);
    EXPECT(ext(MMUEXT_UNPIN_TABLE, f.n, 0, DOMID_SELF), -EINVAL);
    EXPECT(ext(MMUEXT_PIN_L1_TABLE, f.n, 0, DOMID_SELF), 0);
    EXPECT(ext(MMUEXT_PIN_L1_TABLE, f.n, 0, DOMID_SELF), -EINVAL); /* twice */
    EXPECT(ext(MMUEXT_PIN_L2_TABLE, f.n, 0, DOMID_SELF), -EINVAL);
    EXPECT(va_mapping(va_of(12), pte(f, PTE_P | PTE_RW), 0), -EBUSY);
    EXPECT(ext(MMUEXT_CLEAR_PAGE, f.n, 0, DOMID_SELF), -EINVAL);
    EXPECT(update(mfn_to_paddr(f), pte(f, PTE_P | PTE_RW), DOMID_SELF, NULL), -EBUSY); /* maps itself writable */
    EXPECT(update(mfn_to_paddr(f), pte(f, PTE_P), DOMID_SELF, NULL), 0);
    EXPECT(ext(MMUEXT_UNPIN_TABLE, f.n, 0, DOMID_SELF), 0);
    EXPECT(va_mapping(va_of(12), pte(f, PTE_P | PTE_RW), 0), 0);
    EXPECT(ext(MMUEXT_CLEAR_PAGE, f.n, 0, DOMID_SELF), 0);
}

/* A tree that maps itself at some level is refused; a level-4 table may not change our slots. */
static void test_roots(void)
{
    mfn_t root = frame(v, 0), f = frame(v, 13);
    u64 l4 = mfn_to_paddr(root);

    EXPECT(update(l4 + 3 * 8, pte(root, PTE_P), DOMID_SELF, NULL), -EINVAL); /* linear page table */
    EXPECT(update(l4 + 256 * 8, 0, DOMID_SELF, NULL), -EINVAL);
    EXPECT(update(l4 + 271 * 8, pte(f, PTE_P), DOMID_SELF, NULL), -EINVAL);
    EXPECT(update(l4 + 3 * 8, pte(f, PTE_P | PTE_PSE), DOMID_SELF, NULL), -EINVAL);
    EXPECT(update(l4 + 3 * 8, pte(f, PTE_P), DOMID_SELF, NULL), -EINVAL); /* still mapped writable */
    EXPECT(va_mapping(va_of(13), pte(f, PTE_P), UVMF_INVLPG), 0);
    EXPECT(update(l4 + 3 * 8, pte(f, PTE_P), DOMID_SELF, NULL), 0);
    EXPECT(frame_type(mfn_to_frame(f)), FRAME_L3);
    EXPECT(update(l4 + 3 * 8, 0, DOMID_SELF, NULL), 0);
    EXPECT(ext(MMUEXT_NEW_BASEPTR, f.n, 0, DOMID_SELF), 0);      /* an empty root: legal if foolish */
    EXPECT(ext(MMUEXT_NEW_BASEPTR, root.n, 0, DOMID_SELF), 0);
    EXPECT(ext(MMUEXT_NEW_BASEPTR, frame(v, 14).n, 0, DOMID_SELF), -EINVAL);
    EXPECT(ext(MMUEXT_NEW_USER_BASEPTR, root.n, 0, DOMID_SELF), 0);
    EXPECT(ext(MMUEXT_NEW_USER_BASEPTR, 0, 0, DOMID_SELF), 0);
    EXPECT(va_mapping(va_of(13), pte(f, PTE_P | PTE_RW), 0), 0);
}

static void test_other_commands(void)
{
    EXPECT(ext(MMUEXT_MARK_SUPER, 0, 0, DOMID_SELF), -EOPNOTSUPP);
    EXPECT(ext(MMUEXT_UNMARK_SUPER, 0, 0, DOMID_SELF), -EOPNOTSUPP);
    EXPECT(ext(14, 0, 0, DOMID_SELF), -ENOSYS);
    EXPECT(ext(99, 0, 0, DOMID_SELF), -ENOSYS);
    EXPECT(ext(MMUEXT_FLUSH_CACHE, 0, 0, DOMID_SELF), -EACCES);
    EXPECT(ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, 9), -ESRCH);
    EXPECT(ext(MMUEXT_TLB_FLUSH_ALL, 0, 0, 0), -EPERM);
    EXPECT(ext(MMUEXT_SET_LDT, va_of(5) + 8, 1, DOMID_SELF), -EINVAL);
    EXPECT(ext(MMUEXT_SET_LDT, va_of(5), 8193, DOMID_SELF), -EINVAL);
    EXPECT(ext(MMUEXT_COPY_PAGE, frame(v, 20).n, frame(v0, 20).n, DOMID_SELF), -EINVAL);
    EXPECT(ext(MMUEXT_COPY_PAGE, frame(v, 20).n, frame(v, 21).n, DOMID_SELF), 0);
}

/* Domain 0 may map others' frames by naming their owner, and change their tables. */
static void test_control(void)
{
    mfn_t f10 = frame(v, 10), table = sim_first_frame(v->domain->id, 3);
    domid_t id = v->domain->id;

    EXPECT(sim_switch(v0), 1);
    EXPECT(sim_hypercall(v0, __HYPERVISOR_update_va_mapping_otherdomain, va_of(30), pte(f10, PTE_P | PTE_RW), 0, id), 0);
    EXPECT(va_mapping(va_of(30), pte(f10, PTE_P), 0), -EBUSY);
    EXPECT(va_mapping(va_of(30), 0, 0), 0);
    EXPECT(va_mapping(va_of(30), pte(MFN(SIM_HOLE_START), PTE_P | PTE_RW | PTE_PCD), 0), 0);
    EXPECT(sim_hypercall(v0, __HYPERVISOR_update_va_mapping_otherdomain, va_of(31), pte(f10, PTE_P), 0, DOMID_IO), -EBUSY);
    EXPECT(update(mfn_to_paddr(table) + 40 * 8, 0, id | (id + 1u) << 16, NULL), 0);
    EXPECT(update(mfn_to_paddr(f10) | MMU_MACHPHYS_UPDATE, 55, id, NULL), 0);
    EXPECT(m2p_get(f10), 55);
    EXPECT(ext(MMUEXT_NEW_BASEPTR, table.n, 0, id), -EPERM);
    EXPECT(sim_switch(v), 1);
    EXPECT(update(mfn_to_paddr(f10) | MMU_MACHPHYS_UPDATE, 56, DOMID_SELF, NULL), 0);
    EXPECT(m2p_get(f10), 56);
}

/* A list is done in pieces, though nobody wants the CPU; all of it, each entry once. */
static void test_budget(void)
{
    struct mmu_update *req = (struct mmu_update *)sim_window();
    unsigned n = 900, pieces = 0;

    for (unsigned i = 0; i < n; i++)
        req[i] = (struct mmu_update){ slot(20 + i % 2), i & 2 ? pte(frame(v, 20 + i % 2), PTE_P | PTE_RW) : 0 };
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, n, SIM_WINDOW + SIM_WINDOW_SIZE - 4, DOMID_SELF), -ERESTART);
    while (sim_continue(v))
        pieces++;
    EXPECT(pieces >= 1 && pieces < 10, 1);
    EXPECT(*(u32 *)(sim_window() + SIM_WINDOW_SIZE - 4), n);
    EXPECT(!!(entry(20) & PTE_P), 1); /* as the last one says */
    for (unsigned k = 20; k < 22; k++)
        EXPECT(va_mapping(va_of(k), pte(frame(v, k), PTE_P | PTE_RW), 0), 0);
}

int sim_semantics(void)
{
    static void (*const tests[])(void) = {
        test_update_errors, test_stored_form, test_pins, test_roots, test_other_commands, test_control,
        test_budget,
    };

    v0 = sim_domain(0)->vcpus[0];
    v = sim_domain(1)->vcpus[0];
    for (unsigned n = 0; n < 100 && !(sim_switch(v0) && sim_switch(v)); n++)
        sim_all_cpus(); /* until both run, on some CPU */
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        if (!sim_switch(v))
            sim_fail("the vCPU does not run");
        for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
            per_cpu(softirq_pending, cpu) = 0;
        tests[i]();
        sim_check();
    }
    sim_switch(v0);
    failures += sim_log_semantics(v0, v);
    return failures ? 1 : 0;
}
