/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same few thousand malformed hypercalls, whoever makes them: a fixed seed chooses commands and arguments from short
 * lists of values that are wrong for every command (domains, vCPUs, ports and frames that do not exist, addresses that no
 * guest may name). What could end or disturb the caller on a hypervisor that works is left out. Prints
 * "D NUMBER NAME COMMAND ARGUMENTS = CODE [STATUS]" a call, which compare.py reads.
 *
 * Included by malformed.c (Domain 0's user space) and tests/guests/malformed.c (a guest kernel), which provide printf(),
 * memcpy(), memset() and long hypercall(unsigned op, uint64_t a, uint64_t b, uint64_t c, uint64_t d).
 */
#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#define WORDS    32
#define UNMAPPED 0x1000ull
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int number;
static uint64_t body[WORDS] __attribute__((aligned(4096)));
static uint64_t state = 20221212;

static const uint64_t bad_pointers[] = { 0, UNMAPPED, 0xffff830000000000ull, 0x800000000000ull, ~0ull - 7 };
/* No domain, vCPU, port, frame, grant reference, interrupt or CPU of a small machine has such a number. */
static const uint32_t bad_numbers[] = { 99, 2000, 0x7fff, 0x7ff2, 7777777, 0x7fffffff, 0xffffffff };
static const uint16_t bad_domains[] = { 99, 2000, 0x7ff2, 0x7ff4, 0x7fff, 0x8000, 0xffff };

static uint32_t chance(uint32_t below)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state >> 33) % below;
}

static uint32_t bad_number(void)
{
    return bad_numbers[chance(COUNT(bad_numbers))];
}

static uint16_t bad_domain(void)
{
    return bad_domains[chance(COUNT(bad_domains))];
}

static uint64_t bad_pointer(void)
{
    return bad_pointers[chance(COUNT(bad_pointers))];
}

/* Fills the body with wrong numbers; one word of eight is an address. */
static void fill(void)
{
    for (unsigned i = 0; i < WORDS; i++) {
        body[i] = chance(8) ? bad_number() | (uint64_t)bad_number() << 32 : bad_pointer();
    }
}

static void put16(size_t offset, uint16_t value)
{
    memcpy((char *)body + offset, &value, sizeof(value));
}

/* The body, or in one case of six an address that cannot be read. */
static uint64_t argument(void)
{
    return chance(6) ? (uintptr_t)body : bad_pointer();
}

/* One call. @status_at: byte offset of a 16-bit status in the body that belongs to the answer, or -1. */
static void call(const char *name, unsigned op, uint64_t cmd, uint64_t b, uint64_t c, uint64_t d, int status_at)
{
    uint64_t first[3] = { body[0], body[1], body[2] };
    int16_t status;
    long rc = hypercall(op, cmd, b, c, d);

    printf("D %d %s %llu %llx %llx %llx [%llx %llx %llx] = %ld", number++, name, (unsigned long long)cmd,
           (unsigned long long)b, (unsigned long long)c, (unsigned long long)d, (unsigned long long)first[0],
           (unsigned long long)first[1], (unsigned long long)first[2], rc);
    if (status_at >= 0) {
        memcpy(&status, (char *)body + status_at, sizeof(status));
        printf(" s%d", status);
    }
    printf("\n");
}

static void events(void)
{
    for (int i = 0; i < 300; i++) {
        fill();
        call("event_channel_op", __HYPERVISOR_event_channel_op, chance(20), argument(), 0, 0, -1);
    }
}

static void grants(void)
{
    static const int at[] = {
        offsetof(gnttab_map_grant_ref_t, status), offsetof(gnttab_unmap_grant_ref_t, status),
        offsetof(gnttab_setup_table_t, status), offsetof(gnttab_dump_table_t, status),
        offsetof(gnttab_transfer_t, status), offsetof(gnttab_copy_t, status), offsetof(gnttab_query_size_t, status),
        offsetof(gnttab_unmap_and_replace_t, status),
    };

    for (int i = 0; i < 400; i++) {
        unsigned cmd = chance(16);
        uint64_t count = chance(8) ? 1 : 0;

        fill();
        call("grant_table_op", __HYPERVISOR_grant_table_op, cmd, argument(), count, 0, cmd < COUNT(at) ? at[cmd] : -1);
    }
}

static void scheduling(void)
{
    static const unsigned with_body[] = { 3, 4, 6, 7, 8, 9, 12, 50, 99 };
    static const unsigned without[] = { 2, 3, 4, 5, 6, 7, 8, 33 };

    for (int i = 0; i < 200; i++) {
        fill();
        call("vcpu_op", __HYPERVISOR_vcpu_op, chance(16), bad_number(), argument(), 0, -1);
    }
    for (int i = 0; i < 60; i++) {
        static const unsigned on_self[] = { 4, 5, 8, 10, 12, 13, 50 };

        call("vcpu_op-self", __HYPERVISOR_vcpu_op, on_self[chance(COUNT(on_self))], 0, bad_pointer(), 0, -1);
    }
    for (int i = 0; i < 100; i++) {
        fill();
        body[0] = 0x7fff00000063ull | (uint64_t)bad_number() << 32;
        body[2] = 1; /* SCHEDOP_poll of no port at all: until this time, which has passed */
        call("sched_op", __HYPERVISOR_sched_op, with_body[chance(COUNT(with_body))], (uintptr_t)body, 0, 0, -1);
        call("sched_op", __HYPERVISOR_sched_op, without[chance(COUNT(without))], bad_pointer(), 0, 0, -1);
    }
}

/* With two mistakes at once, or one of the system's own domains, @order is the name: which error comes first is of no use. */
static void on_tables(const char *name, const char *order, unsigned op)
{
    static const uint16_t who[] = { DOMID_SELF, 99, DOMID_IO, DOMID_XEN, 0x7fff };
    uint64_t pointer = argument();
    uint64_t count = chance(8) ? 1 : 0;
    uint16_t domain = who[chance(COUNT(who))];
    int one = domain == DOMID_SELF || (domain != DOMID_IO && domain != DOMID_XEN && count == 1 && pointer == (uintptr_t)body);

    call(one && (count || pointer == (uintptr_t)body) ? name : order, op, pointer, count, 0, domain, -1);
}

static void tables(void)
{
    for (int i = 0; i < 300; i++) {
        fill();
        body[0] = chance(30);
        body[1] = 0x10000000000ull + bad_number();
        on_tables("mmuext_op", "mmuext_op-order", __HYPERVISOR_mmuext_op);
    }
    for (int i = 0; i < 200; i++) {
        fill();
        body[0] = (0x10000000000000ull + ((uint64_t)bad_number() << 12)) | chance(4);
        on_tables("mmu_update", "mmu_update-order", __HYPERVISOR_mmu_update);
    }
    for (int i = 0; i < 100; i++) {
        uint64_t va = chance(2) ? 0xffff830000000000ull + ((uint64_t)bad_number() << 12) : 0x800000000000ull;

        call("update_va_mapping", __HYPERVISOR_update_va_mapping, va, 0, chance(8), 0, -1);
        call("update_va_mapping_otherdomain", __HYPERVISOR_update_va_mapping_otherdomain, va, 0, chance(8), bad_domain(), -1);
        call("update_descriptor", __HYPERVISOR_update_descriptor, 0x10000000000000ull + ((uint64_t)bad_number() << 3),
             0, 0, 0, -1);
    }
}

static void memory(void)
{
    /* Where the domain id lies in the argument of each command. */
    static const struct {
        unsigned cmd;
        size_t domain;
    } list[] = {
        { 0, 20 }, { 1, 20 }, { 6, 20 }, { 3, 0 }, { 4, 0 }, { 14, 0 }, { 7, 0 }, { 15, 0 }, { 13, 0 }, { 16, 16 },
        { 17, 16 }, { 20, 2 }, { 21, 2 }, { 22, 2 }, { 23, 0 }, { 24, 20 }, { 26, 0 }, { 28, 0 }, { 8, 0 }, { 29, 0 },
        { 30, 0 }, { 40, 0 }, { 63, 0 }, { 5, 8 }, { 25, 8 }, { 27, 8 }, { 10, 8 }, { 9, 8 },
    };

    for (int i = 0; i < 400; i++) {
        unsigned n = chance(COUNT(list));

        fill();
        put16(list[n].domain, bad_domain());
        if (list[n].cmd == 9 || list[n].cmd == 10 || list[n].cmd == 5) {
            body[1] = UNMAPPED;
        }
        call("memory_op", __HYPERVISOR_memory_op, list[n].cmd, argument(), 0, 0, -1);
    }
    for (int i = 0; i < 60; i++) {
        fill();
        put16(40, bad_domain());
        put16(88, bad_domain());
        call("memory_op-exchange", __HYPERVISOR_memory_op, 11, argument(), 0, 0, -1);
    }
}

static void devices(void)
{
    /* Not prepare_msix and release_msix: real Xen 4.17 itself falls over a device that does not exist. */
    static const unsigned physdev[] = { 0, 1, 2, 5, 6, 7, 8, 9, 10, 12, 13, 14, 17, 18, 19, 21, 22, 24, 27, 28, 32, 99 };

    for (int i = 0; i < 250; i++) {
        fill();
        call("physdev_op", __HYPERVISOR_physdev_op, physdev[chance(COUNT(physdev))], argument(), 0, 0, -1);
    }
}

static void control(void)
{
    static const unsigned platform[] = { 0, 1, 18, 31, 32, 33, 34, 39, 40, 47, 48, 50, 53, 55, 56, 57, 64, 99 };

    for (int i = 0; i < 500; i++) {
        fill();
        body[0] = (i < 400 && i % 104 >= 100 ? 900u + i % 104u : i < 400 ? i % 104u : chance(120)) |
                  (uint64_t)(chance(10) ? XEN_DOMCTL_INTERFACE_VERSION : bad_number()) << 32;
        body[1] = bad_domain();
        call("domctl", __HYPERVISOR_domctl, argument(), 0, 0, 0, -1);
    }
    for (int i = 0; i < 300; i++) {
        fill();
        body[0] = (i % 35) | (uint64_t)(chance(10) ? XEN_SYSCTL_INTERFACE_VERSION : bad_number()) << 32;
        call("sysctl", __HYPERVISOR_sysctl, argument(), 0, 0, 0, -1);
    }
    for (int i = 0; i < 150; i++) {
        fill();
        body[0] = platform[chance(COUNT(platform))] | (uint64_t)(chance(10) ? XENPF_INTERFACE_VERSION : bad_number()) << 32;
        call("platform_op", __HYPERVISOR_platform_op, argument(), 0, 0, 0, -1);
    }
}

static void rest(void)
{
    for (int i = 0; i < 60; i++) {
        fill();
        call("xen_version", __HYPERVISOR_xen_version, 1 + chance(14), bad_pointer(), 0, 0, -1);
        call("console_io", __HYPERVISOR_console_io, chance(5) ? 2 + chance(9) : 0, 5, bad_pointer(), 0, -1);
        call("callback_op", __HYPERVISOR_callback_op, 2 + chance(9), argument(), 0, 0, -1);
        call("nmi_op", __HYPERVISOR_nmi_op, 2 + chance(9), argument(), 0, 0, -1);
        call("vm_assist", __HYPERVISOR_vm_assist, 2 + chance(9), bad_number(), 0, 0, -1);
        call("vm_assist", __HYPERVISOR_vm_assist, chance(2), bad_number(), 0, 0, -1);
        call("set_segment_base", __HYPERVISOR_set_segment_base, 4 + chance(9), bad_number(), 0, 0, -1);
        call("get_debugreg", __HYPERVISOR_get_debugreg, 4 + chance(2), 0, 0, 0, -1);
        call("get_debugreg", __HYPERVISOR_get_debugreg, bad_number(), 0, 0, 0, -1);
        call("set_debugreg", __HYPERVISOR_set_debugreg, bad_number(), 0, 0, 0, -1);
        call("set_trap_table", __HYPERVISOR_set_trap_table, UNMAPPED, 0, 0, 0, -1);
        call("set_gdt", __HYPERVISOR_set_gdt, UNMAPPED, 1 + chance(700), 0, 0, -1);
        call("multicall", __HYPERVISOR_multicall, bad_pointer(), chance(4), 0, 0, -1);
        body[0] = 43 + chance(5000);
        body[0] = body[0] >= 48 && body[0] < 56 ? 46 : body[0];
        call("unknown", body[0], chance(99), argument(), bad_number(), 0, -1);
    }
    for (int i = 0; i < 20; i++) {
        body[0] = 43 + chance(5);
        memset(body + 1, 0, 7 * sizeof(body[0]));
        call("multicall-unknown", __HYPERVISOR_multicall, (uintptr_t)body, 1, 0, 0, offsetof(multicall_entry_t, result));
    }
}

static void not_here(void)
{
    static const unsigned ops[] = { __HYPERVISOR_xsm_op, __HYPERVISOR_xenoprof_op, __HYPERVISOR_hvm_op, __HYPERVISOR_kexec_op,
                                    __HYPERVISOR_tmem_op, __HYPERVISOR_argo_op, __HYPERVISOR_xenpmu_op, __HYPERVISOR_dm_op,
                                    __HYPERVISOR_hypfs_op };
    static const char *const names[] = { "xsm_op", "xenoprof_op", "hvm_op", "kexec_op", "tmem_op", "argo_op", "xenpmu_op",
                                         "dm_op", "hypfs_op" };

    for (unsigned i = 0; i < COUNT(ops); i++) {
        for (int j = 0; j < 4; j++) {
            fill();
            call(names[i], ops[i], 60 + j, UNMAPPED, UNMAPPED, 0, -1);
        }
    }
}

static void malformed_calls(void)
{
    events();
    grants();
    scheduling();
    tables();
    memory();
    devices();
    control();
    rest();
    not_here();
}
