/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PV guest kernel that makes malformed hypercalls.
 *
 * Checks    that an unprivileged guest gets from Hospes the answers that Xen 4.17 gives: the calls of
 *           tests/interop/programs/malformed.h (also made by Domain 0), and calls on what only a kernel has: its own page
 *           tables, descriptor tables, frames, grants and ports, right and wrong by turns, so that "valid but odd" is among them.
 * How       boots with one vCPU and masked events, on the tables that the domain builder made. Everything is deterministic;
 *           frame numbers appear in what is printed, never in an answer. Each call is a line on the console ring,
 *           "D NUMBER NAME COMMAND ARGUMENTS = CODE [STATUS]". test_malformed.py boots it by Debian's xl on both hypervisors.
 * Verdict   the last line, "malformed: N calls", then it powers off. A guest that was harmed does not get there.
 */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#define __XEN_TOOLS__ 1
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/io/console.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define VIRT_BASE 0xffffffff80000000ull
#define PAGE      4096ull
#define P         1ull
#define RW        2ull
#define US        4ull

long hypercall6(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

static const struct start_info *info;
static struct xencons_interface *ring;

static long hypercall(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return hypercall6(op, a, b, c, d, 0);
}

/* ---- console ---- */

static void console_kick(void)
{
    struct evtchn_send send = { .port = info->console.domU.evtchn };

    hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)&send, 0, 0);
}

static void console_put(char c)
{
    while (ring->out_prod - *(volatile XENCONS_RING_IDX *)&ring->out_cons == sizeof(ring->out)) {
        console_kick();
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
    }
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = c;
    __asm__ volatile("" ::: "memory");
    ring->out_prod++;
}

static void console_flush(void)
{
    console_kick();
    while (ring->out_prod != *(volatile XENCONS_RING_IDX *)&ring->out_cons) {
        hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0);
    }
}

static void put_number(uint64_t n, unsigned base)
{
    char digits[20];
    unsigned i = 0;

    do {
        digits[i++] = "0123456789abcdef"[n % base];
    } while (n /= base);
    while (i) {
        console_put(digits[--i]);
    }
}

static void put_signed(long n)
{
    if (n < 0) {
        console_put('-');
    }
    put_number(n < 0 ? -(uint64_t)n : (uint64_t)n, 10);
}

/* %s %d %ld %llu %llx */
static int printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            console_put(*f);
        } else if (*++f == 's') {
            for (const char *s = va_arg(args, const char *); *s; s++) {
                console_put(*s);
            }
        } else if (*f == 'd') {
            put_signed(va_arg(args, int));
        } else if (f[1] == 'd') {
            put_signed(va_arg(args, long));
            f++;
        } else {
            put_number(va_arg(args, unsigned long long), f[2] == 'x' ? 16 : 10);
            f += 2;
        }
    }
    va_end(args);
    return 0;
}

void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((char *)to)[i] = (char)value;
    }
    return to;
}

#include "../interop/programs/malformed.h"

/* ---- what only a kernel has ---- */

static char pages[16][4096] __attribute__((aligned(4096))); /* to play with */

static uint64_t mfn_of(const void *p)
{
    return ((const uint64_t *)info->mfn_list)[((uint64_t)p - VIRT_BASE) / PAGE];
}

static void *table_at(uint64_t entry)
{
    const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

    return (void *)(VIRT_BASE + m2p[(entry & 0xffffffffff000ull) >> 12] * PAGE);
}

/* The table of @level that maps @va. */
static uint64_t *table(uint64_t va, unsigned level)
{
    uint64_t *t = (uint64_t *)info->pt_base;

    for (unsigned l = 4; l > level; l--) {
        t = table_at(t[va >> (12 + 9 * (l - 1)) & 511]);
    }
    return t;
}

static uint64_t slot_address(const void *va)
{
    return mfn_of(table((uintptr_t)va, 1)) * PAGE + ((uintptr_t)va >> 12 & 511) * 8;
}

static void update(const char *name, uint64_t pointer, uint64_t value, uint64_t foreign)
{
    body[0] = pointer;
    body[1] = value;
    call(name, __HYPERVISOR_mmu_update, (uintptr_t)body, 1, 0, foreign, -1);
}

static uint64_t some_flags(void)
{
    static const uint64_t flags[] = { P, P | RW, P | RW | US, P | US, P | 0x80, P | 0x10, P | 0x18, P | 0x100, P | RW | 0x100, 0, 2,
                                      P | 1ull << 63, P | 1ull << 52, P | RW | 0xe00, P | 1ull << 62 };

    return flags[chance(COUNT(flags))];
}

/* Entries that map pages[], in turn to: itself, page tables, nothing of ours, MMIO, far away. */
static void own_entries(void)
{
    uint64_t frames[] = { 0, mfn_of(table((uintptr_t)pages, 1)), mfn_of((void *)info->pt_base), mfn_of(pages[15]), 0xfee00, 0xa0, 0,
                          info->shared_info >> 12, 0x10000000000, 0xfffffffffful };

    for (unsigned i = 0; i < 400; i++) {
        char *page = pages[chance(14)];
        uint64_t own = mfn_of(page) << 12 | P | RW | US, value;

        frames[0] = mfn_of(page);
        frames[6] = mfn_of(pages[chance(14)]);
        value = frames[chance(COUNT(frames))] << 12 | some_flags();
        if (i & 1) {
            update("mmu_update-own", slot_address(page) | chance(2) * 2, value, chance(6) ? DOMID_SELF : bad_domain());
        } else {
            call("update_va_mapping-own", __HYPERVISOR_update_va_mapping, (uintptr_t)page, value, chance(9), 0, -1);
        }
        if (hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, own, UVMF_INVLPG, 0)) {
            printf("D %d restore 0 0 0 0 [0 0 0] = 1\n", number++);
        }
    }
}

/* Upper levels, frame types, pins. */
static void own_tables(void)
{
    static const unsigned commands[] = { 0, 1, 2, 3, 4, 0, 4, 4 };
    uint64_t tables[] = { mfn_of(table((uintptr_t)pages, 1)), mfn_of(table((uintptr_t)pages, 2)), mfn_of(table((uintptr_t)pages, 3)),
                          mfn_of((void *)info->pt_base), mfn_of(pages[0]), mfn_of(pages[1]), 0xfee00, info->shared_info >> 12 };

    for (unsigned i = 0; i < 200; i++) {
        uint64_t target = tables[chance(COUNT(tables))] << 12 | (chance(8) ? P | RW | US : some_flags());
        /* Slots that nothing uses: 300 of level 4 and 256 to 271 of it, 5 of level 3, 3 of level 2. */
        uint64_t slots[] = { tables[3] * PAGE + 300 * 8, tables[3] * PAGE + (255 + chance(18)) * 8, tables[2] * PAGE + 5 * 8,
                             tables[1] * PAGE + 300 * 8 };
        uint64_t slot = slots[chance(COUNT(slots))] | (chance(9) ? 0 : 2 + chance(6)); /* not 1: the machine-to-physical table */

        update("mmu_update-upper", slot, target, DOMID_SELF);
        update("mmu_update-upper", slot & ~7ull, 0, DOMID_SELF);
    }
    for (unsigned i = 0; i < 300; i++) {
        fill();
        body[0] = commands[chance(COUNT(commands))];
        body[1] = tables[chance(COUNT(tables))];
        if (body[0] == 4 && body[1] == tables[3]) {
            body[1] = tables[4]; /* its own root stays pinned */
        }
        call("mmuext_op-own", __HYPERVISOR_mmuext_op, (uintptr_t)body, 1, 0, chance(9) ? DOMID_SELF : bad_domain(), -1);
        body[0] = 4;
        if (body[1] == tables[4] || body[1] == tables[5]) {
            hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)body, 1, 0, DOMID_SELF);
        }
    }
    for (unsigned i = 0; i < 60; i++) {
        static const unsigned other[] = { 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22 };

        fill();
        body[0] = other[chance(COUNT(other))];
        body[1] = body[0] == 5 ? tables[4 + chance(4)] : chance(3) ? tables[4] : (uintptr_t)pages[2];
        body[2] = chance(2) ? tables[5] : (uintptr_t)pages[3];
        call("mmuext_op-other", __HYPERVISOR_mmuext_op, (uintptr_t)body, 1, 0, DOMID_SELF, -1);
    }
}

static void own_descriptors(void)
{
    static const uint64_t descriptors[] = { 0, 0x00af9b000000ffffull, 0x00affb000000ffffull, 0x00cff3000000ffffull, 0x0000890000000067ull,
                                            0x0000ee0000080000ull, 0x0000ec0000080000ull, 0x00cf9f000000ffffull, ~0ull, 0x0000820000000000ull };
    uint64_t frames[] = { mfn_of(pages[4]), mfn_of(table((uintptr_t)pages, 1)), 0xfee00, 0x10000000000, mfn_of(pages[5]) };

    memset(pages[4], 0, PAGE);
    for (unsigned i = 0; i < 120; i++) {
        call("update_descriptor-own", __HYPERVISOR_update_descriptor,
             frames[chance(COUNT(frames))] * PAGE + chance(512) * 8 + (chance(8) ? 0 : 4), descriptors[chance(COUNT(descriptors))], 0, 0, -1);
    }
    memset(pages[4], 0, PAGE);
    for (unsigned i = 0; i < 60; i++) {
        body[0] = frames[chance(4)];
        body[1] = frames[chance(4)];
        /* Never one that is right: our segments would be gone. The first frame is mapped writable. */
        call("set_gdt-own", __HYPERVISOR_set_gdt, (uintptr_t)body, 1 + chance(8000), 0, 0, -1);
    }
}

/* Trap tables, callbacks, registers: with addresses that a handler may not have. */
static void own_entries_points(void)
{
    static const uint64_t addresses[] = { 0, 0x1000, 0xffff830000000000ull, 0xffff800000000000ull, 0x800000000000ull, 0x7ffffffffffull,
                                          0xffffffff80100000ull };

    for (unsigned i = 0; i < 60; i++) {
        struct trap_info traps[2] = { { .vector = 200 + chance(50), .flags = chance(256), .cs = FLAT_KERNEL_CS,
                                        .address = addresses[chance(COUNT(addresses))] }, { 0 } };

        memcpy(body, traps, sizeof(traps));
        call("set_trap_table-own", __HYPERVISOR_set_trap_table, (uintptr_t)body, 0, 0, 0, -1);
        body[0] = chance(9) | (uint64_t)chance(3) << 16;
        body[1] = addresses[chance(COUNT(addresses))];
        call("callback_op-own", __HYPERVISOR_callback_op, chance(3), (uintptr_t)body, 0, 0, -1);
        call("set_callbacks-own", __HYPERVISOR_set_callbacks, addresses[chance(COUNT(addresses))], addresses[chance(COUNT(addresses))],
             addresses[chance(COUNT(addresses))], 0, -1);
        call("set_segment_base-own", __HYPERVISOR_set_segment_base, chance(3), addresses[chance(COUNT(addresses))], 0, 0, -1);
        call("set_segment_base-selector", __HYPERVISOR_set_segment_base, 3, bad_number(), 0, 0, -1);
        call("set_debugreg-own", __HYPERVISOR_set_debugreg, chance(9), addresses[chance(COUNT(addresses))], 0, 0, -1);
        call("get_debugreg-own", __HYPERVISOR_get_debugreg, 4 + chance(2), 0, 0, 0, -1);
        call("stack_switch-own", __HYPERVISOR_stack_switch, FLAT_KERNEL_SS, addresses[chance(COUNT(addresses))], 0, 0, -1);
        call("fpu_taskswitch-own", __HYPERVISOR_fpu_taskswitch, 0, 0, 0, 0, -1);
        call("vm_assist-own", __HYPERVISOR_vm_assist, chance(2), chance(40) == 2 ? 0 : chance(40), 0, 0, -1);
    }
}

/* Arguments of calls where a guest has them wrong: on pages that are read-only, end, or are not there. */
static void own_pointers(void)
{
    char *edge = pages[10], *readonly = pages[11];
    uint64_t pointers[] = { (uintptr_t)edge + PAGE - 4, (uintptr_t)edge + PAGE - 8, (uintptr_t)readonly, (uintptr_t)readonly + PAGE - 2, 1,
                            MACH2PHYS_VIRT_START, 0xffff7ffffffffff8ull, 0xffff880000000000ull, 0x7ffffffffff8ull };
    static const struct {
        const char *name;
        unsigned op, command;
    } calls[] = {
        { "xen_version-edge", __HYPERVISOR_xen_version, 1 }, { "xen_version-edge", __HYPERVISOR_xen_version, 2 },
        { "xen_version-edge", __HYPERVISOR_xen_version, 3 }, { "xen_version-edge", __HYPERVISOR_xen_version, 4 },
        { "xen_version-edge", __HYPERVISOR_xen_version, 5 }, { "xen_version-edge", __HYPERVISOR_xen_version, 6 },
        { "xen_version-edge", __HYPERVISOR_xen_version, 8 }, { "xen_version-edge", __HYPERVISOR_xen_version, 9 },
        { "event_channel_op-edge", __HYPERVISOR_event_channel_op, EVTCHNOP_status },
        { "event_channel_op-edge", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi },
        { "memory_op-edge", __HYPERVISOR_memory_op, XENMEM_memory_map }, { "memory_op-edge", __HYPERVISOR_memory_op, XENMEM_machphys_mapping },
        { "memory_op-edge", __HYPERVISOR_memory_op, XENMEM_maximum_gpfn }, { "memory_op-edge", __HYPERVISOR_memory_op, 5 },
        { "physdev_op-edge", __HYPERVISOR_physdev_op, 6 }, { "physdev_op-edge", __HYPERVISOR_physdev_op, 5 },
        { "grant_table_op-edge", __HYPERVISOR_grant_table_op, 6 }, { "sched_op-edge", __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown },
        { "multicall-edge", __HYPERVISOR_multicall, 0 },
    };

    hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)edge + PAGE, mfn_of(readonly) << 12 | P | US, UVMF_INVLPG, 0);
    for (unsigned i = 0; i < COUNT(calls); i++) {
        for (unsigned k = 0; k < COUNT(pointers); k++) {
            memset(edge, 0xff, PAGE);
            if (calls[i].op == __HYPERVISOR_multicall) {
                call(calls[i].name, calls[i].op, pointers[k], 1, 0, 0, -1);
            } else {
                call(calls[i].name, calls[i].op, calls[i].command, pointers[k], calls[i].op == __HYPERVISOR_grant_table_op, 0, -1);
            }
        }
    }
    hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)readonly, mfn_of(readonly) << 12 | P | RW | US, UVMF_INVLPG, 0);
}

/* Ports and grants: right calls in a wrong order. */
static void own_ports(void)
{
    for (unsigned i = 0; i < 300; i++) {
        static const unsigned commands[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 13 };
        unsigned command = commands[chance(COUNT(commands))];

        memset(body, 0, sizeof(body));
        body[0] = chance(12) + 3; /* not the store's and the console's ports */
        body[0] |= (uint64_t)chance(3) << 32;
        if (command == 6) {
            body[0] = DOMID_SELF | (uint64_t)(chance(3) ? DOMID_SELF : 99) << 16;
        } else if (command == 1 || command == 2) {
            body[0] = (body[0] & 0xffffffff) << (command == 1 ? 0 : 32) | chance(2);
        }
        call("event_channel_op-own", __HYPERVISOR_event_channel_op, command, (uintptr_t)body, 0, 0, -1);
    }
}

static void own_memory(void)
{
    static const unsigned commands[] = { 0, 1, 6 };

    for (unsigned i = 0; i < 100; i++) {
        struct xen_memory_reservation r = { .nr_extents = 1 + chance(3), .extent_order = chance(2) ? 0 : 20 + chance(50), .domid = DOMID_SELF };
        uint64_t frames[4] = { 0x10000000000 + chance(9), bad_number(), mfn_of(table((uintptr_t)pages, 1)), info->shared_info >> 12 };

        set_xen_guest_handle(r.extent_start, frames + chance(3));
        if (r.extent_order == 0 && chance(2)) {
            r.extent_order = 9; /* more than there is room for */
        }
        memcpy(body, &r, sizeof(r));
        call("memory_op-own", __HYPERVISOR_memory_op, commands[chance(2) + 1] | (chance(5) ? 0 : 1 << 6), (uintptr_t)body, 0, 0, -1);
    }
}

void main(const struct start_info *si)
{
    info = si;
    ring = (void *)(VIRT_BASE + ((const uint64_t *)MACH2PHYS_VIRT_START)[si->console.domU.mfn] * PAGE);
    malformed_calls();
    own_entries();
    own_tables();
    own_descriptors();
    own_entries_points();
    own_pointers();
    own_ports();
    own_memory();
    printf("malformed: %d calls\n", number);
    console_flush();
    body[0] = SHUTDOWN_poweroff;
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uintptr_t)body, 0, 0);
}
