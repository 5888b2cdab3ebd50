/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invariants of docs/architecture.md, recomputed from scratch after each
 * step: what every page-table entry, pin, root and other holder refers to must add
 * up exactly to the counts in the frame records.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "domain/grant_internal.h"
#include "mm/buddy.h"
#include "mm/paging.h"

struct expected {
    u32 refs, types;
    enum frame_type type; /* that the holders of type references need; FRAME_NONE: none */
    bool tree_ok;
};
static struct expected *expected;

/* By frame: the domains that have had it granted since it was allocated. */
static u8 *granted, *granted_writable;

void sim_note_grant(domid_t id, mfn_t mfn)
{
    granted[mfn.n] |= 1 << id;
}

void sim_note_writable_grant(domid_t id, mfn_t mfn)
{
    granted_writable[mfn.n] |= 1 << id;
}

static void want_ref(mfn_t mfn)
{
    expected[mfn.n].refs++;
}

static void want_type(mfn_t mfn, enum frame_type type)
{
    struct expected *e = &expected[mfn.n];

    if (e->types && e->type != type)
        sim_fail("frame %#lx is used as type %d and as type %d", mfn.n, e->type, type);
    e->type = type;
    e->types++;
    e->refs++;
}

static void want_writable(mfn_t mfn)
{
    want_type(mfn, FRAME_WRITABLE);
}

static bool free_or_kept(const struct frame *f)
{
    return !(f->refs & FRAME_COUNT);
}

/* How many entries of the table hold references. */
static unsigned live_entries(const struct frame *f)
{
    if (f->type & TYPE_VALIDATED)
        return PTES_PER_TABLE;
    return f->type & TYPE_PARTIAL ? f->partial : 0;
}

static void entry_l1(const struct frame *f, u64 n, unsigned i, u64 e)
{
    mfn_t target = MFN((e & PTE_ADDR) >> PAGE_SHIFT);

    if (!(e & PTE_US) || (e & PTE_G))
        sim_fail("entry %u of level-1 table %#lx: %#lx", i, n, e);
    if (!mfn_valid(target)) {
        if (f->owner != 0)
            sim_fail("d%d maps MMIO: entry %u of %#lx: %#lx", f->owner, i, n, e);
        return;
    }
    if (free_or_kept(mfn_to_frame(target)))
        sim_fail("entry %u of %#lx maps frame %#lx, which is free or ours", i, n, target.n);
    if (mfn_to_frame(target)->owner != f->owner && f->owner != 0 &&
        !((e & PTE_RW ? granted_writable : granted)[target.n] >> f->owner & 1))
        sim_fail("d%d maps frame %#lx of d%d, which was not granted", f->owner, target.n, mfn_to_frame(target)->owner);
    if (e & (PTE_PWT | PTE_PCD | PTE_PAT))
        sim_fail("entry %u of %#lx maps RAM uncached: %#lx", i, n, e);
    if (e & PTE_RW)
        want_type(target, FRAME_WRITABLE);
    else
        want_ref(target);
}

static void entry_upper(const struct frame *f, u64 n, unsigned i, u64 e)
{
    mfn_t target = MFN((e & PTE_ADDR) >> PAGE_SHIFT);

    if (!(e & PTE_US) || (e & (PTE_PSE | PTE_G)) || !mfn_valid(target) || mfn_to_frame(target)->owner != f->owner)
        sim_fail("entry %u of level-%d table %#lx: %#lx", i, frame_type(f), n, e);
    want_type(target, frame_type(f) - 1);
}

static void table(const struct frame *f, u64 n)
{
    const u64 *entries = mfn_to_virt(MFN(n));
    bool root = frame_type(f) == FRAME_L4;

    if (root && (f->type & TYPE_VALIDATED) && !sim_host_slots_intact(entries))
        sim_fail("our slots in root %#lx are damaged", n);
    for (unsigned i = 0; i < live_entries(f); i++) {
        if (!(entries[i] & PTE_P) || (root && i >= HV_FIRST_SLOT && i <= HV_LAST_SLOT))
            continue;
        if (frame_type(f) == FRAME_L1)
            entry_l1(f, n, i, entries[i]);
        else
            entry_upper(f, n, i, entries[i]);
    }
}

/* Everything that a frame record itself says it holds. */
static void gather_frame(u64 n)
{
    const struct frame *f = mfn_to_frame(MFN(n));
    enum frame_type type = frame_type(f);

    if (free_or_kept(f)) {
        granted[n] = granted_writable[n] = 0;
        return;
    }
    if (f->refs & FRAME_ALLOCATED)
        want_ref(MFN(n));
    if (f->refs & FRAME_XENHEAP) { /* its type is fixed by a count that nobody else has */
        expected[n].types++;
        expected[n].type = type;
    }
    if (f->type & TYPE_LOCKED)
        sim_fail("frame %#lx is locked", n);
    if (f->type & TYPE_PINNED)
        want_type(MFN(n), type);
    if (f->type & TYPE_PARTIAL)
        want_ref(MFN(n));
    if (type >= FRAME_L1 && type <= FRAME_L4)
        table(f, n);
}

/* References of mappings that @d has of others' grants. */
static void gather_grants(const struct domain *d)
{
    const struct grant_table *t = d->grant;

    for (unsigned i = 0; i < t->maptrack_frames * MAPTRACK_PER_FRAME; i++) {
        const struct maptrack *m = &t->maptrack[i / MAPTRACK_PER_FRAME][i % MAPTRACK_PER_FRAME];

        if (!(m->flags & (GNTMAP_host_map | GNTMAP_device_map)))
            continue;
        if (m->flags & GNTMAP_readonly)
            want_ref(MFN(m->frame));
        else
            want_type(MFN(m->frame), FRAME_WRITABLE);
    }
}

static void gather_domain(const struct domain *d)
{
    struct vcpu *v;

    gather_grants(d);
    sim_fifo_pages(d, want_writable);
    sim_pirq_pages(d, want_writable);
    for_each_vcpu(d, v) {
        if (!mfn_eq(v->info_mfn, INVALID_MFN))
            want_type(v->info_mfn, FRAME_WRITABLE);
        for (unsigned i = 0; i < DIV_ROUND_UP(v->pv->gdt_entries, 512); i++)
            want_type(v->pv->gdt_frames[i], FRAME_SEGDESC);
        for (unsigned i = 0; i < LDT_FRAMES; i++)
            if (v->pv->ldt_pages >> i & 1)
                want_type(v->pv->ldt_frames[i], FRAME_SEGDESC);
        if (v->pv->kernel_cr3)
            want_type(paddr_to_mfn(v->pv->kernel_cr3), FRAME_L4);
        if (v->pv->user_cr3)
            want_type(paddr_to_mfn(v->pv->user_cr3), FRAME_L4);
    }
}

static void compare(u64 n)
{
    const struct frame *f = mfn_to_frame(MFN(n));
    const struct expected *e = &expected[n];
    u32 types = f->type & TYPE_COUNT;

    if (free_or_kept(f)) {
        if (e->refs)
            sim_fail("frame %#lx is free or ours but %u refer to it", n, e->refs);
        return;
    }
    if ((f->refs & FRAME_COUNT) != e->refs)
        sim_fail("frame %#lx (refs %#x type %#x owner d%d): %u refer to it", n, f->refs, f->type, f->owner, e->refs);
    if (types != e->types || (types && frame_type(f) != e->type))
        sim_fail("frame %#lx (refs %#x type %#x owner d%d): %u use it as type %d", n, f->refs, f->type, f->owner,
                 e->types, e->type);
    if (types && frame_type(f) != FRAME_WRITABLE && !(f->type & TYPE_VALIDATED))
        sim_fail("frame %#lx (type %#x) is in use but not validated", n, f->type);
    if (!types && (f->type & (TYPE_VALIDATED | TYPE_PINNED)))
        sim_fail("frame %#lx (type %#x) is not in use but valid or pinned", n, f->type);
}

static void check_accounts(void)
{
    u64 owned[SIM_DOMAINS] = { 0 }, heap[SIM_DOMAINS] = { 0 }, all = 0;

    for (u64 n = SIM_HOLE_END; n < max_frame; n++) {
        const struct frame *f = mfn_to_frame(MFN(n));

        if (free_or_kept(f))
            continue;
        if (f->owner >= SIM_DOMAINS || !sim_domain(f->owner))
            sim_fail("frame %#lx belongs to d%d, which does not exist", n, f->owner);
        if (f->refs & FRAME_XENHEAP)
            heap[f->owner]++;
        else
            owned[f->owner]++;
        all++;
    }
    for (unsigned i = 0; i < SIM_DOMAINS; i++) {
        const struct domain *d = sim_domain(i);

        if (d && (d->tot_pages != owned[i] || d->xenheap_pages != heap[i]))
            sim_fail("d%u has %lu frames and %lu of ours, its account says %lu and %lu", i, owned[i], heap[i],
                     d->tot_pages, d->xenheap_pages);
    }
    if (all + sim_kept_frames() + buddy_free_frames() != buddy_total_frames())
        sim_fail("%lu frames are owned, %lu kept and %lu free of %lu", all, sim_kept_frames(), buddy_free_frames(),
                 buddy_total_frames());
}

void sim_check(void)
{
    if (!expected) {
        expected = malloc(max_frame * sizeof(*expected));
        granted = calloc(max_frame, 1);
        granted_writable = calloc(max_frame, 1);
    }
    memset(expected, 0, max_frame * sizeof(*expected));
    for (u64 n = 0; n < max_frame; n++)
        if (mfn_valid(MFN(n)))
            gather_frame(n);
    for (unsigned i = 0; i < SIM_DOMAINS; i++)
        if (sim_domain(i))
            gather_domain(sim_domain(i));
    for (unsigned i = 0; i < sim_hold_count; i++) {
        if (sim_holds[i].type == FRAME_NONE)
            want_ref(sim_holds[i].mfn);
        else
            want_type(sim_holds[i].mfn, sim_holds[i].type);
    }
    for (u64 n = 0; n < max_frame; n++)
        if (mfn_valid(MFN(n)))
            compare(n);
    check_accounts();
    sim_check_tlbs();
    sim_check_windows();
    sim_check_contexts();
    sim_check_no_locks();
}
