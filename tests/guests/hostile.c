/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PV kernel that makes hypercalls as long as it can.
 *
 * Checks    how long one hypercall may hold locks and keep its CPU from other work, in instructions: with lists as long as
 *           they may be, big trees of page tables taken and given up, extents of the largest order that a guest may have,
 *           exchanges of them, batches of grants, all of these inside multicalls.
 * How       boots in place of Domain 0, so that nothing else is needed, and keeps to what any guest may do. The hypervisor
 *           is booted with hypercall-watch, which tells the longest; test_hostile.py reads that. What is interrupted
 *           is continued by the hypervisor without our doing.
 * Verdict   the last line, "hostile: done"; before it a line for each attack with what it was answered.
 */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>

#define VIRT_BASE 0xffffffff80000000ull
#define PAGE      4096ull
#define P         1ull
#define RW        2ull
#define US        4ull
#define L1_TABLES 96ul     /* in the big tree */
#define LIST      16384ul  /* entries of a list */
#define ORDER     9        /* the largest of a guest */
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

long hypercall6(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

static const struct start_info *info;

static long hypercall(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return hypercall6(op, a, b, c, d, 0);
}

/* ---- what it says ---- */

static char line[200];
static unsigned length;

static void put(const char *s)
{
    while (*s && length < sizeof(line) - 1) {
        line[length++] = *s++;
    }
}

static void put_number(long n)
{
    char digits[24];
    unsigned i = sizeof(digits);
    unsigned long rest = n < 0 ? -(unsigned long)n : (unsigned long)n;

    digits[--i] = 0;
    do {
        digits[--i] = "0123456789"[rest % 10];
    } while (rest /= 10);
    put(n < 0 ? "-" : "");
    put(digits + i);
}

static void say(const char *what, long answer)
{
    length = 0;
    put("hostile: ");
    put(what);
    put(" = ");
    put_number(answer);
    put("\n");
    hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, length, (uintptr_t)line, 0);
}

void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((volatile char *)to)[i] = (char)value;
    }
    return to;
}

/* ---- memory ---- */

static char pages[L1_TABLES + 8][4096] __attribute__((aligned(4096)));
static struct mmu_update updates[LIST] __attribute__((aligned(4096)));
static uint64_t frames[LIST] __attribute__((aligned(4096)));

static uint64_t mfn_of(const void *p)
{
    return ((const uint64_t *)info->mfn_list)[((uint64_t)p - VIRT_BASE) / PAGE];
}

static void *table_at(uint64_t entry)
{
    const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

    return (void *)(VIRT_BASE + m2p[(entry & 0xffffffffff000ull) >> 12] * PAGE);
}

static uint64_t slot_address(const void *va)
{
    uint64_t *t = (uint64_t *)info->pt_base;

    for (unsigned l = 4; l > 1; l--) {
        t = table_at(t[(uintptr_t)va >> (12 + 9 * (l - 1)) & 511]);
    }
    return mfn_of(t) * PAGE + ((uintptr_t)va >> 12 & 511) * 8;
}

static long remap(void *page, uint64_t flags)
{
    return hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, mfn_of(page) << 12 | flags, UVMF_INVLPG, 0);
}

static long ext(unsigned cmd, const void *page)
{
    struct mmuext_op op = { .cmd = cmd };

    op.arg1.mfn = mfn_of(page);
    return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, DOMID_SELF);
}

/* ---- attacks ---- */

/* L1_TABLES full level-1 tables, an upper one of 512 entries that lead to them, one more of each level above. */
static void big_tree(void)
{
    uint64_t *l2 = (uint64_t *)pages[L1_TABLES], *l3 = l2 + 512, *l4 = l3 + 512, own = mfn_of(pages[L1_TABLES + 4]);

    for (unsigned t = 0; t < L1_TABLES; t++) {
        for (unsigned i = 0; i < 512; i++) {
            ((uint64_t *)pages[t])[i] = own << 12 | P | RW | US;
        }
    }
    for (unsigned i = 0; i < 512; i++) {
        l2[i] = mfn_of(pages[i % L1_TABLES]) << 12 | P | RW | US;
        l3[i] = mfn_of(l2) << 12 | P | RW | US;
    }
    memset(l4, 0, PAGE);
    for (unsigned i = 0; i < 200; i++) {
        l4[i] = mfn_of(l3) << 12 | P | RW | US;
    }
    for (unsigned t = 0; t < L1_TABLES + 3; t++) {
        remap(pages[t], P | US);
    }
    for (unsigned i = 0; i < 2; i++) {
        say("pin", ext(MMUEXT_PIN_L4_TABLE, l4));
        say("unpin", ext(MMUEXT_UNPIN_TABLE, l4));
    }
    remap(pages[0], P | RW | US);
    ((uint64_t *)pages[0])[511] = mfn_of(l4) << 12 | P | RW | US; /* not allowed: found at the very end of the table */
    remap(pages[0], P | US);
    say("bad pin", ext(MMUEXT_PIN_L4_TABLE, l4));
}

/* The same refused table in one multicall: each entry does the whole work again. */
static void refusals(void)
{
    static struct multicall_entry calls[256];
    static struct mmuext_op op;

    op.cmd = MMUEXT_PIN_L1_TABLE;
    op.arg1.mfn = mfn_of(pages[0]);
    for (unsigned i = 0; i < COUNT(calls); i++) {
        calls[i].op = __HYPERVISOR_mmuext_op;
        calls[i].args[0] = (uintptr_t)&op;
        calls[i].args[1] = 1;
        calls[i].args[2] = 0;
        calls[i].args[3] = DOMID_SELF;
    }
    say("multicall of refusals", hypercall(__HYPERVISOR_multicall, (uintptr_t)calls, COUNT(calls), 0, 0));
}

static void single_entries(void)
{
    char *page = pages[L1_TABLES + 5];
    uint64_t slot = slot_address(page);

    for (unsigned i = 0; i < LIST; i++) {
        updates[i].ptr = slot;
        updates[i].val = i & 1 ? mfn_of(page) << 12 | P | RW | US : 0;
    }
    say("mmu_update", hypercall(__HYPERVISOR_mmu_update, (uintptr_t)updates, LIST, 0, DOMID_SELF));
    for (unsigned i = 0; i < LIST; i++) {
        updates[i].ptr = mfn_of(pages[L1_TABLES + 6]) * PAGE | MMU_MACHPHYS_UPDATE;
        updates[i].val = ((uintptr_t)pages[L1_TABLES + 6] - VIRT_BASE) / PAGE;
    }
    say("mmu_update of M2P", hypercall(__HYPERVISOR_mmu_update, (uintptr_t)updates, LIST, 0, DOMID_SELF));
}

static void clear_pages(void)
{
    struct mmuext_op *ops = (struct mmuext_op *)updates;
    unsigned n = sizeof(updates) / (sizeof(*ops));

    for (unsigned i = 0; i < n; i++) {
        ops[i].cmd = i & 1 ? MMUEXT_CLEAR_PAGE : MMUEXT_COPY_PAGE;
        ops[i].arg1.mfn = mfn_of(pages[L1_TABLES + 6]);
        ops[i].arg2.src_mfn = mfn_of(pages[L1_TABLES + 7]);
    }
    say("clear and copy", hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)ops, n, 0, DOMID_SELF));
}

static long reservation(unsigned op, unsigned extents, unsigned order)
{
    struct xen_memory_reservation r = { .nr_extents = extents, .extent_order = order, .domid = DOMID_SELF };

    r.extent_start.p = (void *)frames;
    return hypercall(__HYPERVISOR_memory_op, op, (uintptr_t)&r, 0, 0);
}

static void extents(void)
{
    for (unsigned order = 0; order <= ORDER; order += ORDER) {
        unsigned n = order ? 16 : 4096;

        for (unsigned i = 0; i < n; i++) {
            frames[i] = 0x100000 + ((uint64_t)i << order);
        }
        say("populate", reservation(XENMEM_populate_physmap, n, order));
        say("decrease", reservation(XENMEM_decrease_reservation, n, order));
    }
}

static uint64_t given[LIST];

/* @n pages of @in order for others of @out order, on frames that nobody maps. */
static void exchange(unsigned pages_each, unsigned in, unsigned out)
{
    struct xen_memory_exchange x = { .in = { .domid = DOMID_SELF, .extent_order = in }, .out = { .domid = DOMID_SELF, .extent_order = out } };
    unsigned n = pages_each >> in;

    for (unsigned i = 0; i < n; i++) {
        frames[i] = 0x100000 + ((uint64_t)i << in);
    }
    if (reservation(XENMEM_populate_physmap, n, in) != n) {
        say("populate for exchange", -1);
        return;
    }
    for (unsigned i = 0; i < pages_each >> out; i++) {
        given[i] = 0x100000 + ((uint64_t)i << out);
    }
    x.in.nr_extents = n;
    x.in.extent_start.p = (void *)frames;
    x.out.nr_extents = pages_each >> out;
    x.out.extent_start.p = (void *)given;
    say("exchange", hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, (uintptr_t)&x, 0, 0));
    for (unsigned i = 0; i < pages_each >> out; i++) {
        frames[i] = given[i];
    }
    say("decrease", reservation(XENMEM_decrease_reservation, pages_each >> out, out));
}

/* Much work before, in the same multicall. */
static void exchange_behind_other_work(void)
{
    static struct multicall_entry calls[130];
    static struct xen_memory_exchange x;

    frames[0] = 0x100000;
    reservation(XENMEM_populate_physmap, 1, ORDER);
    for (unsigned i = 0; i < 512; i++) {
        given[i] = 0x100000 + i;
    }
    x.in.domid = x.out.domid = DOMID_SELF;
    x.in.nr_extents = 1;
    x.in.extent_order = ORDER;
    x.in.extent_start.p = (void *)frames;
    x.out.nr_extents = 512;
    x.out.extent_start.p = (void *)given;
    for (unsigned i = 0; i < 512; i++) {
        updates[i].ptr = mfn_of(pages[L1_TABLES + 6]) * PAGE | MMU_MACHPHYS_UPDATE;
        updates[i].val = ((uintptr_t)pages[L1_TABLES + 6] - VIRT_BASE) / PAGE;
    }
    for (unsigned i = 0; i < COUNT(calls); i++) {
        calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_mmu_update, .args = { (uintptr_t)updates, 3, 0, DOMID_SELF } };
    }
    for (unsigned i = 60; i < COUNT(calls); i += 60) {
        calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_memory_op, .args = { XENMEM_exchange, (uintptr_t)&x } };
    }
    say("multicall with an exchange", hypercall(__HYPERVISOR_multicall, (uintptr_t)calls, COUNT(calls), 0, 0));
    say("its answer", (long)calls[60].result);
    for (unsigned i = 0; i < 512; i++) {
        frames[i] = given[i];
    }
    say("decrease", reservation(XENMEM_decrease_reservation, 512, 0));
}

static void exchanges(void)
{
    exchange(2048, 0, 0);
    exchange(2048, 0, ORDER);
    exchange(2048, ORDER, 0);
    exchange(2048, ORDER, ORDER);
    exchange(2048, 0, 7);
    exchange_behind_other_work();
}

/* Each page of the tree, granted to ourselves and mapped where the page is. */
static void mapped_grants(void)
{
    struct gnttab_map_grant_ref *map = (struct gnttab_map_grant_ref *)updates;
    struct gnttab_unmap_grant_ref *unmap = (struct gnttab_unmap_grant_ref *)(updates + LIST / 2);
    struct grant_entry_v1 *entries = (struct grant_entry_v1 *)pages[L1_TABLES + 4];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };

    setup.frame_list.p = (void *)frames;
    say("grant table", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, (uintptr_t)&setup, 1, 0));
    hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)entries, frames[0] << 12 | P | RW | US, UVMF_INVLPG, 0);
    for (unsigned i = 0; i < L1_TABLES; i++) {
        entries[8 + i].frame = (uint32_t)mfn_of(pages[i]);
        entries[8 + i].domid = 0;
        entries[8 + i].flags = GTF_permit_access;
        map[i] = (struct gnttab_map_grant_ref){ .flags = GNTMAP_host_map, .ref = 8 + i, .host_addr = (uintptr_t)pages[i] };
    }
    say("grant map", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (uintptr_t)map, L1_TABLES, 0));
    say("the last", map[L1_TABLES - 1].status);
    for (unsigned i = 0; i < L1_TABLES; i++) {
        unmap[i] = (struct gnttab_unmap_grant_ref){ .host_addr = map[i].host_addr, .handle = map[i].handle };
    }
    say("grant unmap", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (uintptr_t)unmap, L1_TABLES, 0));
    say("the last", unmap[L1_TABLES - 1].status);
}

/* Grants of nobody: each is refused, after all that comes before. And copies within ourselves, which are not. */
static void grants(void)
{
    struct gnttab_copy *copy = (struct gnttab_copy *)updates;
    struct gnttab_map_grant_ref *map = (struct gnttab_map_grant_ref *)updates;
    unsigned n = sizeof(updates) / (sizeof(*copy));

    for (unsigned i = 0; i < n; i++) {
        copy[i] = (struct gnttab_copy){ .len = 4096 };
        copy[i].source.domid = copy[i].dest.domid = DOMID_SELF;
        copy[i].source.u.gmfn = mfn_of(pages[L1_TABLES + 6]);
        copy[i].dest.u.gmfn = mfn_of(pages[L1_TABLES + 7]);
    }
    say("grant copy", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, (uintptr_t)copy, n, 0));
    n = sizeof(updates) / (sizeof(*map));
    for (unsigned i = 0; i < n; i++) {
        map[i] = (struct gnttab_map_grant_ref){ .flags = GNTMAP_host_map, .dom = 0, .host_addr = (uintptr_t)pages[L1_TABLES + 6] };
    }
    say("grant map", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (uintptr_t)map, n, 0));
    say("grant unmap", hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, (uintptr_t)map, n, 0));
}

static void ports(void)
{
    struct evtchn_reset reset = { .dom = DOMID_SELF };
    unsigned n = 0;

    for (; n < 4000; n++) {
        struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };

        if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (uintptr_t)&alloc, 0, 0)) {
            break;
        }
    }
    say("ports", n);
    say("reset", hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_reset, (uintptr_t)&reset, 0, 0));
}

void main(const struct start_info *start)
{
    struct sched_shutdown end = { SHUTDOWN_poweroff };

    info = start;
    big_tree();
    refusals();
    single_entries();
    clear_pages();
    extents();
    exchanges();
    grants();
    mapped_grants();
    ports();
    say("done", 0);
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uintptr_t)&end, 0, 0);
}
