/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log-dirty mode: a copy of all memory of a domain is kept from the time when its log was cleaned last. Whenever the log is
 * read, every frame whose contents are others by now must be in it, however it was written: by the guest, by a hypercall
 * on its behalf, by somebody who has it mapped. Exempt is only what Domain 0 maps writable by its right of control.
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/grant_internal.h"
#include "errno.h"
#include "mm/guest_access.h"
#include "mm/paging.h"
#include "pv/mmu_logdirty.h"
#include "pv/mmu_shadow.h"
#include "sched/softirq.h"

#define PAGES 90 /* of the bitmap; guests have frames at higher numbers too */

u64 sim_logs, sim_logged;

static u8 *copies[SIM_DOMAINS]; /* of all frames, those of the domain are valid: */
static bool *copied[SIM_DOMAINS];

static bool owned(const struct domain *d, u64 n)
{
    const struct frame *f = mfn_to_frame(MFN(n));

    return mfn_valid(MFN(n)) && f->owner == d->id && (f->refs & FRAME_COUNT) && !(f->refs & FRAME_XENHEAP);
}

static u8 *copy_of(const struct domain *d, u64 n)
{
    return copies[d->id] + (n << PAGE_SHIFT);
}

/* @all: else only what a CLEAN forgets */
static void take_copies(const struct domain *d, bool all)
{
    if (!copies[d->id]) {
        copies[d->id] = malloc(max_frame << PAGE_SHIFT);
        copied[d->id] = calloc(max_frame, sizeof(bool));
    }
    for (u64 n = 0; n < max_frame; n++) {
        if (!owned(d, n))
            copied[d->id][n] = false;
        else if (all || m2p_get(MFN(n)) < PAGES) {
            memcpy(copy_of(d, n), mfn_to_virt(MFN(n)), PAGE_SIZE);
            copied[d->id][n] = true;
        }
    }
}

/* Maps Domain 0 the frame writable? Unprivileged domains cannot but by a grant. */
static bool controlled(mfn_t mfn)
{
    for (u64 n = 0; n < max_frame; n++) {
        const u64 *table = mfn_to_virt(MFN(n));

        if (!mfn_valid(MFN(n)) || mfn_to_frame(MFN(n))->owner != 0 || frame_type(mfn_to_frame(MFN(n))) != FRAME_L1)
            continue;
        for (unsigned i = 0; i < PTES_PER_TABLE; i++)
            if ((table[i] & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW) && (table[i] & PTE_ADDR) == mfn_to_paddr(mfn))
                return true;
    }
    return false;
}

static unsigned first_difference(const u8 *a, const u8 *b)
{
    unsigned i = 0;

    while (a[i] == b[i])
        i++;
    return i;
}

/* After a PEEK in one go, which has noted what is written to all along. */
static void check_log(const struct domain *d, const u8 *bitmap, u32 count)
{
    u32 found = 0;

    for (u64 n = 0; n < max_frame; n++) {
        u64 pfn = m2p_get(MFN(n));
        bool dirty = owned(d, n) && (mfn_to_frame(MFN(n))->refs & FRAME_DIRTY);

        found += dirty;
        if (dirty && pfn < PAGES && !(bitmap[pfn / 8] >> pfn % 8 & 1))
            sim_fail("page %#lx of d%d is dirty and not in the bitmap", pfn, d->id);
        if (!owned(d, n) || dirty || (d->id != 0 && controlled(MFN(n))))
            continue;
        if (!copied[d->id][n] && pfn != INVALID_M2P_ENTRY) /* without a place it is not yet the guest's business */
            sim_fail("frame %#lx has come to d%d as page %#lx, not in its log", n, d->id, pfn);
        if (copied[d->id][n] && memcmp(copy_of(d, n), mfn_to_virt(MFN(n)), PAGE_SIZE))
            sim_fail("frame %#lx (type %#x) of d%d was written to at %#x, not in its log", n, mfn_to_frame(MFN(n))->type, d->id,
                     first_difference(copy_of(d, n), mfn_to_virt(MFN(n))));
    }
    if (count < found)
        sim_fail("d%d has %u dirty frames, not %u", d->id, found, count);
    sim_logs++;
    sim_logged += found;
}

/* What was asked for and has been preempted, by domain. */
static struct {
    u8 op; /* 0: nothing */
    bool enabled;
} state[SIM_DOMAINS];

static int read_log(struct domain *d, bool clean, u32 *dirty)
{
    struct log_request r = { .clean = clean, .bitmap = SIM_WINDOW + 0x800, .pages = PAGES };
    int rc = pv_log_dirty_read(d, &r);

    *dirty = r.dirty;
    return rc;
}

/* Op 1: enable, 2: peek, check and clean, 3: the clean of it goes on, 4: disable. */
static void operate(struct domain *d, u8 op)
{
    bool anew = !d->pv->log.op;
    u32 dirty;
    int rc = 0;

    switch (op) {
    case 1:
        rc = pv_log_dirty_enable(d);
        if (!rc)
            take_copies(d, true);
        break;
    case 2:
        rc = read_log(d, false, &dirty);
        if (rc)
            break;
        if (!anew) { /* others may have got and used a grant since what is mapped was noted */
            state[d->id].op = 0;
            return;
        }
        check_log(d, sim_window() + 0x800, dirty);
        op = 3;
        /* fall through */
    case 3:
        rc = read_log(d, true, &dirty);
        if (!rc)
            take_copies(d, false);
        break;
    default:
        pv_log_dirty_disable(d);
    }
    if (rc == -EBUSY && state[d->id].op) /* it was not that which is under way */
        return;
    if (rc && rc != -ERESTART && rc != -ENOMEM)
        sim_fail("operation %u on the log of d%d: %d", op, d->id, rc);
    state[d->id].op = rc == -ERESTART ? op : 0;
    state[d->id].enabled = d->pv->log_dirty;
}

void sim_log_dirty(struct vcpu *v)
{
    struct domain *d = sim_domain(sim_rnd(SIM_DOMAINS));
    u8 op;

    if (!d || d == v->domain || d->dying || sim_domains[d->id].killing)
        return;
    if (!d->pv->log_dirty && !d->pv->log.op)
        state[d->id].op = 0; /* another one of that number */
    op = state[d->id].op;
    if (op && sim_rnd(8)) {
        operate(d, op);
    } else if (!op || d->pv->log_dirty) {
        operate(d, !d->pv->log_dirty ? 1 : sim_rnd(12) ? 2 : 4);
    }
}

void sim_user_mode(struct vcpu *v)
{
    u64 word = 1;

    if (!v->pv->user_cr3)
        return;
    v->pv->kernel_mode = false;
    pv_load_root(v);
    for (unsigned n = sim_rnd(4); n; n--) {
        vaddr_t va = sim_any_va();

        if (sim_rnd(2))
            guest_write(va, &word, sizeof(word));
        else
            guest_read(&word, va, sizeof(word));
    }
    v->pv->kernel_mode = true;
    pv_load_root(v);
}

/* ---- case by case ---- */

static int failures;

#define EXPECT(what, value)                                                                      \
    do {                                                                                         \
        long got_ = (what), want_ = (value);                                                     \
        if (got_ != want_) {                                                                     \
            printf("%s:%d: %s is %ld, not %ld\n", __FILE__, __LINE__, #what, got_, want_);       \
            failures++;                                                                          \
        }                                                                                        \
    } while (0)

static void run_on(struct vcpu *v)
{
    for (unsigned n = 0; n < 100 && !sim_switch(v); n++)
        sim_all_cpus();
}

static u32 dirty_of(struct vcpu *v0, struct domain *d, bool clean)
{
    u32 dirty = 0;
    int rc;

    run_on(v0);
    while ((rc = read_log(d, clean, &dirty)) == -ERESTART)
        per_cpu(softirq_pending, sim_this_cpu) = 0;
    EXPECT(rc, 0);
    return dirty;
}

/* A page that Domain 0 has mapped writable by a grant counts as written each time, and once more when the mapping goes. */
static void granted_page(struct vcpu *v0, struct domain *d, mfn_t mfn)
{
    mfn_t frame;

    EXPECT(grant_table_frame(d, 0, &frame), 0);
    EXPECT(grant_set_entry(d, 8, 0, (u32)mfn.n), 0);
    EXPECT(grant_pin(d, 8, 0, GNTMAP_host_map, &frame), GNTST_okay);
    EXPECT(mfn_eq(frame, mfn), true);
    dirty_of(v0, d, true);
    EXPECT(dirty_of(v0, d, false), 1);
    EXPECT(dirty_of(v0, d, true), 1);
    EXPECT(dirty_of(v0, d, true), 1);
    grant_unpin(d, 8, GNTMAP_host_map);
    grant_frame_put(frame, GNTMAP_host_map);
    EXPECT(dirty_of(v0, d, true), 1);
    EXPECT(dirty_of(v0, d, false), 0);
}

int sim_log_semantics(struct vcpu *v0, struct vcpu *v)
{
    vaddr_t a = SIM_LINEAR + (20ul << PAGE_SHIFT), b = SIM_LINEAR + (21ul << PAGE_SHIFT);
    mfn_t table = sim_first_frame(v->domain->id, 3);
    u64 word = 77, *slot = (u64 *)mfn_to_virt(table) + 20;
    struct domain *d = v->domain;
    struct mmu_update req = { mfn_to_paddr(table) + 22 * 8, 0 };

    per_cpu(softirq_pending, sim_this_cpu) = 0;
    EXPECT(pv_log_dirty_enable(d), 0);
    EXPECT(pv_log_dirty_enable(d), -EINVAL);
    dirty_of(v0, d, true);
    EXPECT(dirty_of(v0, d, false), 0);
    run_on(v);
    EXPECT(current == v, true);
    *slot &= ~(PTE_A | PTE_D);
    EXPECT(guest_read(&word, a, 8), 0); /* nothing but the accessed bits of the tables */
    EXPECT(*slot & (PTE_P | PTE_RW | PTE_A | PTE_D), PTE_P | PTE_RW | PTE_A);
    EXPECT(dirty_of(v0, d, false) <= 4, true);
    dirty_of(v0, d, true);
    run_on(v);
    EXPECT(guest_read(&word, a, 8), 0);
    EXPECT(dirty_of(v0, d, false), 0);
    run_on(v);
    EXPECT(guest_write(a, &word, 8), 0); /* the page, and the table that has the dirty bit now */
    EXPECT(*slot & (PTE_P | PTE_RW | PTE_A | PTE_D), PTE_P | PTE_RW | PTE_A | PTE_D);
    EXPECT(dirty_of(v0, d, false), 2);
    EXPECT(dirty_of(v0, d, false), 2); /* told twice */
    EXPECT(sim_window()[0x800 + 2] >> 4 & 1, 1);
    EXPECT(dirty_of(v0, d, true), 2);
    EXPECT(dirty_of(v0, d, false), 0);
    run_on(v);
    EXPECT(guest_write(a, &word, 8), 0); /* again: it was made read-only */
    EXPECT(guest_write(a + 8, &word, 8), 0);
    EXPECT(dirty_of(v0, d, true), 1);
    granted_page(v0, d, paddr_to_mfn(slot[1] & PTE_ADDR));
    run_on(v);
    memcpy(sim_window(), &req, sizeof(req));
    EXPECT(sim_hypercall(v, __HYPERVISOR_mmu_update, SIM_WINDOW, 1, 0, DOMID_SELF), 0);
    EXPECT(guest_write(SIM_LINEAR + (22ul << PAGE_SHIFT), &word, 8), -EFAULT);
    EXPECT(pv_shadow_fill(v, SIM_LINEAR + (3ul << PAGE_SHIFT), true, false), SHADOW_DENIED);
    EXPECT(pv_shadow_fill(v, 0x5000, false, false), SHADOW_ABSENT);
    EXPECT(guest_write(b, &word, 8), 0);
    sim_switch(v0);
    pv_log_dirty_disable(d);
    EXPECT(dirty_logging, 0);
    run_on(v);
    EXPECT(guest_write(a, &word, 8), 0);
    printf("%s sim log-dirty mode, case by case\n", failures ? "FAIL" : "ok");
    return failures;
}
