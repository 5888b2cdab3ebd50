/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XEN_DOMCTL_set_cpu_policy and get_cpu_policy (control/domctl_cpuid.c, cpu_policy.c): what is set is what is read, calls
 * add up, and a refused one changes nothing. Guest memory is the test's own.
 */
#include <string.h>

#include "check.h"
#include "cpuid_host.h"

#define strlcpy hv_strlcpy
#include "machine/cpuid_policy.c"
#include "control/cpu_policy.c"
#include "control/domctl_cpuid.c"

struct cpu_features boot_cpu;
static struct time_scale scale;
static xen_cpuid_leaf_t *unreadable;

int guest_read(void *dst, vaddr_t src, size_t len)
{
    if (src == (vaddr_t)unreadable)
        return -EFAULT;
    memcpy(dst, (const void *)src, len);
    return 0;
}

int guest_write(vaddr_t dst, const void *src, size_t len)
{
    memcpy((void *)dst, src, len);
    return 0;
}

vaddr_t guest_element(vaddr_t base, u64 index, size_t size)
{
    return base + index * size;
}

const struct time_scale *time_scale(void)
{
    return &scale;
}

void time_scale_set_frequency(struct time_scale *s, u64 hz)
{
}

nsec_t system_time(void)
{
    return 0;
}

nsec_t tsc_to_system(u64 tsc)
{
    return tsc;
}

int domain_set_tsc(struct domain *d, u32 mode, u32 khz, nsec_t elapsed, u32 incarnation)
{
    return 0;
}

void domain_pause(struct domain *d)
{
}

void domain_unpause(struct domain *d)
{
}

static struct vcpu vcpu, *vcpus[1];
static struct domain domain = { .vcpus = vcpus };
static xen_cpuid_leaf_t leaves[LEAVES_ROOM];
static u32 count;

/* A new domain on a machine with every feature there is; its policy is in leaves[]. */
static void begin(void)
{
    boot_cpu = (struct cpu_features){ .vendor = CPU_AMD, .max_leaf = 0xd, .max_ext_leaf = 0x80000021 };
    memset(boot_cpu.words, 0xff, sizeof(boot_cpu.words));
    memset(domain.cpuid_limit, 0xff, sizeof(domain.cpuid_limit));
    vcpus[0] = NULL;
    unreadable = NULL;
}

static void get(void)
{
    struct xen_domctl_cpu_policy p = { .nr_leaves = LEAVES_ROOM };

    p.leaves.p = leaves;
    CHECK(domctl_get_policy(&domain, &p) == 0);
    count = p.nr_leaves;
}

static xen_cpuid_leaf_t *find(u32 leaf, u32 subleaf)
{
    for (u32 i = 0; i < count; i++)
        if (leaves[i].leaf == leaf && leaves[i].subleaf == subleaf)
            return &leaves[i];
    CHECK(!"no such leaf");
    return leaves;
}

static long set(xen_cpuid_leaf_t *list, u32 n, struct xen_domctl_cpu_policy *p)
{
    *p = (struct xen_domctl_cpu_policy){ .nr_leaves = n };
    p->leaves.p = list;
    return domctl_set_policy(&domain, p);
}

static void test_what_is_read_may_be_set(void)
{
    static const u32 places_of_words[][2] = { { 1, ~0u }, { 7, 0 }, { 0xd, 1 }, { 0x80000001, ~0u } };
    xen_cpuid_leaf_t before[LEAVES_ROOM];
    struct xen_domctl_cpu_policy p;

    begin();
    get();
    memcpy(before, leaves, sizeof(before));
    CHECK(set(leaves, count, &p) == 0);
    get();
    for (size_t i = 0; i < ARRAY_SIZE(places_of_words); i++) {
        xen_cpuid_leaf_t *l = find(places_of_words[i][0], places_of_words[i][1]);

        CHECK(!memcmp(l, &before[l - leaves], sizeof(*l)));
    }
    CHECK(set(NULL, 0, &p) == 0 && set(NULL, LEAVES_MAX + 1, &p) == -E2BIG);
}

static void test_taken_and_given_back(void)
{
    struct xen_domctl_cpu_policy p;
    xen_cpuid_leaf_t one, other;

    begin();
    get();
    one = *find(1, ~0u);
    other = *find(7, 0);
    one.c &= ~(F(RDRAND) | F(OSXSAVE));
    CHECK(set(&one, 1, &p) == 0);
    other.b &= ~F(ERMS);
    CHECK(set(&other, 1, &p) == 0);
    get();
    CHECK(!(find(1, ~0u)->c & F(RDRAND)) && !(find(7, 0)->b & F(ERMS)));
    CHECK((find(1, ~0u)->c & (F(OSXSAVE) | F(SSE3))) == (F(OSXSAVE) | F(SSE3)));
    one.c |= F(RDRAND);
    CHECK(set(&one, 1, &p) == 0);
    get();
    CHECK((find(1, ~0u)->c & F(RDRAND)) && !(find(7, 0)->b & F(ERMS)));
}

static void test_nothing_is_half_set(void)
{
    xen_cpuid_leaf_t list[3];
    struct xen_domctl_cpu_policy p;
    u32 before[FEATURE_WORDS];

    begin();
    get();
    memcpy(before, domain.cpuid_limit, sizeof(before));
    list[0] = *find(1, ~0u);
    list[0].c &= ~F(SSE3);
    list[1] = list[2] = *find(7, 0);
    list[1].a++; /* a subleaf more than PV guests have */
    CHECK(set(list, 3, &p) == -EINVAL && p.err_leaf == 7 && p.err_subleaf == 0);
    CHECK(!memcmp(before, domain.cpuid_limit, sizeof(before)));
    unreadable = &list[1];
    CHECK(set(list, 3, &p) == -EFAULT);
    CHECK(!memcmp(before, domain.cpuid_limit, sizeof(before)));
    unreadable = NULL;
    vcpus[0] = &vcpu;
    vcpu.initialised = true;
    CHECK(set(list, 1, &p) == -EEXIST);
    vcpu.initialised = false;
    CHECK(!memcmp(before, domain.cpuid_limit, sizeof(before)));
    CHECK(set(list, 1, &p) == 0 && memcmp(before, domain.cpuid_limit, sizeof(before)));
}

/* A guest that was saved on another hypervisor brings what that one offers; invariant TSC is asked for guests that do not migrate. */
static void test_features_beyond_are_dropped(void)
{
    struct xen_domctl_cpu_policy p;
    xen_cpuid_leaf_t list[3];

    begin();
    get();
    list[0] = *find(7, 0);
    list[1] = *find(1, ~0u);
    list[2] = (xen_cpuid_leaf_t){ .leaf = 0x80000007, .subleaf = XEN_CPUID_NO_SUBLEAF, .d = F(ITSC) };
    list[0].b |= F(SMEP);
    list[1].c |= F(VMX);
    CHECK(set(list, 3, &p) == 0);
    get();
    CHECK(!(find(7, 0)->b & F(SMEP)) && !(find(1, ~0u)->c & F(VMX)) && find(0x80000007, ~0u)->d == 0);
    CHECK((find(7, 0)->b & F(ERMS)) && (find(1, ~0u)->c & F(SSE3)));
}

static void test_no_more_leaves(void)
{
    static const u32 firsts[] = { 0, 0x80000000 };
    struct xen_domctl_cpu_policy p;
    xen_cpuid_leaf_t l;

    begin();
    boot_cpu.vendor = CPU_INTEL;
    get();
    for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
        l = *find(firsts[i], ~0u);
        CHECK(set(&l, 1, &p) == 0);
        l.a++;
        CHECK(set(&l, 1, &p) == -EINVAL && p.err_leaf == firsts[i] && p.err_subleaf == ~0u && p.err_msr == ~0u);
    }
    boot_cpu.vendor = CPU_AMD; /* Xen shows 0x80000021 of every one */
    l.a = 0x80000021;
    CHECK(set(&l, 1, &p) == 0);
    l.a++;
    CHECK(set(&l, 1, &p) == -EINVAL);
}

int main(void)
{
    TEST(test_what_is_read_may_be_set);
    TEST(test_taken_and_given_back);
    TEST(test_nothing_is_half_set);
    TEST(test_features_beyond_are_dropped);
    TEST(test_no_more_leaves);
    return TEST_RESULT();
}
