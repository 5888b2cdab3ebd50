/* SPDX-License-Identifier: GPL-2.0-only */
/* machine/cpuid_policy.c on made-up machines, and the decision about Meltdown of cpu_features.c. */
#include <string.h>

#include "check.h"
#include "cpuid_host.h"

#define strlcpy hv_strlcpy
#include "machine/cpu_features.c"
#include "machine/cpuid_policy.c"
#include "machine/time_scale.c"

struct platform_options platform_options;
static struct time_scale scale = { .mul = 0x80000000, .shift = 1 };

void printk(enum log_level level, const char *fmt, ...)
{
}

size_t hv_strlcpy(char *dst, const char *src, size_t size)
{
    return (size_t)snprintf(dst, size, "%s", src);
}

const struct time_scale *time_scale(void)
{
    return &scale;
}

static struct cpu_features host;
static struct cpuid_view view;

/* A machine with every feature there is. */
static void make_host(enum cpu_vendor vendor)
{
    memset(&host, 0, sizeof(host));
    memset(&view, 0, sizeof(view));
    host.vendor = vendor;
    host.max_leaf = 0x1f;
    host.max_ext_leaf = vendor == CPU_AMD ? 0x80000021 : 0x80000008;
    host.phys_bits = 46;
    memset(host.words, 0xff, sizeof(host.words));
}

static struct cpuid_regs ask(u32 leaf, u32 subleaf, u32 raw)
{
    struct cpuid_regs r = { raw, raw, raw, raw };

    cpuid_policy_apply(&view, &host, leaf, subleaf, &r);
    return r;
}

static bool is_zero(struct cpuid_regs r)
{
    return !(r.a | r.b | r.c | r.d);
}

static void test_hidden(void)
{
    struct cpuid_regs r;

    make_host(CPU_INTEL);
    r = ask(1, 0, ~0u);
    CHECK(!(r.c & (F(VMX) | F(PCID) | F(X2APIC) | F(TSC_DEADLINE) | F(MONITOR) | F(OSXSAVE) | F(DS))));
    CHECK(!(r.d & (F(VME) | F(PSE) | F(PGE) | F(MTRR) | F(PSE36))));
    CHECK((r.c & (F(HYPERVISOR) | F(XSAVE) | F(SSE3))) == (F(HYPERVISOR) | F(XSAVE) | F(SSE3)));
    CHECK((r.d & (F(APIC) | F(PAE) | F(SSE2))) == (F(APIC) | F(PAE) | F(SSE2)));
    CHECK(r.b >> 24 == 0);
    r = ask(7, 0, ~0u);
    CHECK(!(r.b & (F(SMEP) | F(SMAP) | F(INVPCID) | F(MPX) | F(SGX))));
    CHECK(!(r.c & (F(PKU) | F(OSPKE) | F(UMIP) | F(CET_SS))));
    CHECK(!(r.d & (F(ARCH_CAPS) | F(CET_IBT) | F(HYBRID))));
    CHECK(r.b & F(FSGSBASE));
    r = ask(0x80000001, 0, ~0u);
    CHECK(!(r.c & (F(SVM) | F(IBS) | F(LWP))) && !(r.d & F(PAGE1GB)) && (r.d & F(LM)));
    CHECK(ask(0x80000007, 0, ~0u).d == 0);
    CHECK(is_zero(ask(6, 0, ~0u)) && is_zero(ask(0xa, 0, ~0u)) && is_zero(ask(0x14, 0, ~0u)));
    CHECK(is_zero(ask(0x80000009, 0, ~0u)) && is_zero(ask(0x8fffffff, 0, ~0u)) && is_zero(ask(0xc0000000, 0, ~0u)));
}

static void test_absent(void)
{
    make_host(CPU_INTEL);
    memset(host.words, 0, sizeof(host.words));
    CHECK(ask(1, 0, 0).c == F(HYPERVISOR)); /* the one bit that is always there */
    CHECK(ask(1, 0, 0).d == 0 && is_zero(ask(7, 0, 0)));
    CHECK(is_zero(ask(0xd, 0, ~0u)) && is_zero(ask(0xd, 1, ~0u)) && is_zero(ask(0xd, 2, ~0u)));
    make_host(CPU_INTEL);
    host.words[1] &= ~F(XSAVE);
    CHECK(!(ask(1, 0, ~0u).c & (F(AVX) | F(FMA) | F(XSAVE))));
}

/* Takes away @feature alone. */
static void take(u32 *limit, unsigned feature)
{
    memset(limit, 0xff, FEATURE_WORDS * sizeof(u32));
    limit[feature / 32] &= ~(1u << feature % 32);
    view.limit = limit;
}

/* A limit takes its features and what is built on them, gives nothing, and leaves the rest and what is no feature alone. */
static void test_limit(void)
{
    u32 limit[FEATURE_WORDS];
    struct cpuid_regs all, r;

    make_host(CPU_INTEL);
    all = ask(1, 0, ~0u);
    take(limit, XEN_X86_FEATURE_SSE3);
    r = ask(1, 0, ~0u);
    CHECK((all.c & ~r.c) == (F(SSE3) | F(SSSE3) | F(SSE4_1) | F(SSE4_2)) && r.d == all.d && r.b == all.b && r.a == all.a);
    CHECK(!(ask(0x80000001, 0, ~0u).c & F(SSE4A)));
    take(limit, XEN_X86_FEATURE_RDRAND);
    CHECK((all.c ^ ask(1, 0, ~0u).c) == F(RDRAND));
    take(limit, XEN_X86_FEATURE_HYPERVISOR);
    CHECK((all.c ^ ask(1, 0, ~0u).c) == F(HYPERVISOR));
    memset(limit, 0, sizeof(limit));
    CHECK(ask(1, 0, ~0u).c == 0 && ask(1, 0, ~0u).d == 0 && !ask(7, 0, ~0u).b && !ask(0x80000008, 0, ~0u).b);
    CHECK(ask(0, 0, 0x20).a == 0xd && ask(0x80000000, 0, 0x80000028).a == 0x80000008);
    view.osxsave = true; /* follows CR4 */
    CHECK(ask(1, 0, ~0u).c == F(OSXSAVE));
    memset(limit, 0xff, sizeof(limit)); /* no more than without */
    CHECK(ask(1, 0, ~0u).c == (all.c | F(OSXSAVE)) && !(ask(7, 0, ~0u).b & F(SMEP)));
}

static void test_limit_of_xsave(void)
{
    u32 limit[FEATURE_WORDS];

    make_host(CPU_AMD);
    take(limit, XEN_X86_FEATURE_XSAVE);
    view.kernel = true;
    CHECK(!(ask(1, 0, ~0u).c & (F(XSAVE) | F(OSXSAVE) | F(AVX) | F(FMA) | F(F16C))));
    CHECK(!(ask(7, 0, ~0u).b & (F(AVX2) | F(AVX512F) | F(AVX512BW))));
    CHECK(!(ask(7, 0, ~0u).c & (F(VAES) | F(VPCLMULQDQ) | F(AVX512_VBMI) | F(AVX512_BITALG))) && (ask(7, 0, ~0u).c & F(GFNI)));
    CHECK(!(ask(7, 1, ~0u).a & (F(AVX_VNNI) | F(AVX512_BF16))) && !(ask(0x80000001, 0, ~0u).c & (F(XOP) | F(FMA4))));
    CHECK(is_zero(ask(0xd, 0, ~0u)) && is_zero(ask(0xd, 1, ~0u)) && is_zero(ask(0xd, 2, ~0u)));
    take(limit, XEN_X86_FEATURE_AVX);
    CHECK((ask(1, 0, ~0u).c & (F(XSAVE) | F(AVX))) == F(XSAVE) && !(ask(7, 0, ~0u).b & F(AVX2)));
    CHECK(ask(0xd, 0, ~0u).a == 3 && ask(0xd, 0, ~0u).c == 576 && is_zero(ask(0xd, 2, 1)));
    fpu_xcr0_mask = 0xe7;
    CHECK(ask(0xd, 0, ~0u).a == 3);
    take(limit, XEN_X86_FEATURE_AVX2);
    CHECK(ask(0xd, 0, ~0u).a == 7 && is_zero(ask(0xd, 5, 1)) && !is_zero(ask(0xd, 2, 1)));
    fpu_xcr0_mask = 7;
}

/* No row of the table of dependencies takes what an earlier one has looked at. */
static void test_dependencies_are_in_order(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(dependencies); i++)
        for (size_t j = 0; j < i; j++)
            CHECK(dependencies[j].need / 32 != dependencies[i].word || !(dependencies[i].mask >> dependencies[j].need % 32 & 1));
}

static void test_control_domain(void)
{
    make_host(CPU_INTEL);
    view.control_domain = view.kernel = true;
    CHECK(ask(1, 0, ~0u).d & F(MTRR));
    CHECK(ask(1, 0, ~0u).c & F(MONITOR));
    CHECK(ask(1, 0, ~0u).c & F(OSXSAVE));
    CHECK(!(ask(1, 0, ~0u).c & F(VMX)));
    CHECK(!is_zero(ask(5, 0, ~0u)));
    view.kernel = false; /* Xen tells user space of Domain 0 no more than others */
    CHECK(!(ask(1, 0, ~0u).d & F(MTRR)) && is_zero(ask(5, 0, ~0u)) && is_zero(ask(0xb, 1, ~0u)));
    CHECK(ask(7, 0, ~0u).d & F(ARCH_CAPS));
    CHECK(ask(0x80000007, 0, ~0u).d == F(ITSC));
}

static void test_limits(void)
{
    make_host(CPU_INTEL);
    CHECK(ask(0, 0, 0x20).a == 0xd);
    CHECK(ask(0x80000000, 0, 0x80000028).a == 0x80000008);
    make_host(CPU_AMD);
    CHECK(ask(0x80000000, 0, 0x80000028).a == 0x80000021);
    CHECK(ask(0x80000001, 0, ~0u).d & F(FPU)); /* AMD repeats leaf 1 */
    host.max_leaf = 7;
    CHECK(is_zero(ask(0xd, 0, ~0u)));
}

static void test_xstate(void)
{
    make_host(CPU_INTEL);
    CHECK(ask(0xd, 0, ~0u).a == 7 && ask(0xd, 0, ~0u).b == 576 && ask(0xd, 0, ~0u).c == 832);
    view.xcr0 = 7;
    CHECK(ask(0xd, 0, ~0u).b == 832);
    CHECK(!(ask(0xd, 1, ~0u).a & F(XSAVES)));
    CHECK(!is_zero(ask(0xd, 2, 1)) && is_zero(ask(0xd, 9, 1)) && is_zero(ask(0xd, 63, 1)) && is_zero(ask(0xd, 64, 1)));
}

static void test_xen_leaves(void)
{
    struct cpuid_regs r;

    make_host(CPU_AMD);
    r = ask(0x40000000, 0, 0);
    CHECK(r.a == 0x40000005 && !memcmp(&r.b, "XenV", 4) && !memcmp(&r.c, "MMXe", 4) && !memcmp(&r.d, "nVMM", 4));
    CHECK(ask(0x40000001, 0, 0).a == (4 << 16 | 17));
    CHECK(ask(0x40000002, 0, 0).a == 1 && ask(0x40000002, 0, 0).b == 0x40000000);
    CHECK(ask(0x40000003, 2, 0).a == 2400000);
    CHECK(ask(0x40000003, 1, 0).c == scale.mul && ask(0x40000003, 1, 0).d == 1);
    CHECK(is_zero(ask(0x40000004, 0, 5)) && ask(0x40000005, 0, 0).b == 46 && is_zero(ask(0x40000006, 0, 5)));
}

static void test_meltdown(void)
{
    make_host(CPU_INTEL);
    host.family = 6;
    host.words[16] = 0;
    host.model = 0x5e;
    CHECK(cpu_exposed_to_meltdown(&host));
    host.words[16] = ARCH_CAPS_RDCL_NO;
    CHECK(!cpu_exposed_to_meltdown(&host));
    host.words[16] = 0;
    host.model = 0x1c;
    CHECK(!cpu_exposed_to_meltdown(&host));
    host.vendor = CPU_AMD;
    host.model = 0x5e;
    CHECK(!cpu_exposed_to_meltdown(&host));
    host.vendor = CPU_OTHER;
    CHECK(cpu_exposed_to_meltdown(&host));
    host.vendor = CPU_ZHAOXIN;
    host.family = 7;
    CHECK(!cpu_exposed_to_meltdown(&host));
}

int main(void)
{
    TEST(test_hidden);
    TEST(test_absent);
    TEST(test_limit);
    TEST(test_limit_of_xsave);
    TEST(test_dependencies_are_in_order);
    TEST(test_control_domain);
    TEST(test_limits);
    TEST(test_xstate);
    TEST(test_xen_leaves);
    TEST(test_meltdown);
    return TEST_RESULT();
}
