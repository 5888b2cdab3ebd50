/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPUID policy of PV guests, made by machine/cpuid_policy.c, in the form in
 * which toolstacks read and write policies: a list of leaves and one of MSRs.
 * Called by sysctl_cpuid.c and domctl_cpuid.c; no locks.
 */
#include "control/cpu_policy.h"

#include "errno.h"
#include "machine/cpuid_policy.h"
#include "mm/guest_access.h"

#define LEAF_BASIC 0x1
#define LEAF_CACHE 0x4
#define LEAF_FEATURES 0x7
#define LEAF_TOPOLOGY 0xb
#define LEAF_XSTATE 0xd
#define LEAF_LAST_BASIC 0xd  /* higher ones are not part of policies of 4.17 */
#define LEAF_XEN 0x40000000
#define LEAF_VIRIDIAN 0x40000100
#define LEAF_EXTENDED 0x80000000
#define LEAF_LAST_EXTENDED 0x80000021
#define CACHE_SUBLEAVES 6
#define FEATURE_SUBLEAVES 3
#define TOPOLOGY_SUBLEAVES 2
#define MSR_PLATFORM_INFO 0xce
/* What tools allocate for a whole policy of their own, which may have more entries than ours; Xen 4.17 says 120 and 2. */
#define LEAVES_ROOM 160
#define MSRS_ROOM 2

struct leaf_list {
    struct cpuid_view view;
    vaddr_t to;
    u32 room, count;
    int rc;
};

static void put(struct leaf_list *l, u32 leaf, u32 subleaf, const u32 r[4])
{
    xen_cpuid_leaf_t entry = { leaf, subleaf, r[0], r[1], r[2], r[3] };

    if (l->rc)
        return;
    if (l->to && l->count >= l->room)
        l->rc = -ENOBUFS;
    else if (l->to && guest_write(guest_element(l->to, l->count, sizeof(entry)), &entry, sizeof(entry)))
        l->rc = -EFAULT;
    l->count++;
}

/* Number of the leaf's subleaves in a list, as readers count them; those of leaf 4 end with the first empty one. */
static u32 subleaf_count(const struct cpuid_view *view, u32 leaf)
{
    u32 r[4], x[4];
    u64 states;

    switch (leaf) {
    case LEAF_CACHE:
        return CACHE_SUBLEAVES;
    case LEAF_TOPOLOGY:
        return TOPOLOGY_SUBLEAVES;
    case LEAF_FEATURES:
        guest_cpuid(view, leaf, 0, r);
        return MIN(r[0], FEATURE_SUBLEAVES - 1u) + 1;
    }
    guest_cpuid(view, LEAF_XSTATE, 0, r);
    guest_cpuid(view, LEAF_XSTATE, 1, x);
    states = (r[0] | x[2]) | (u64)(r[3] | x[3]) << 32;
    return states >> 2 ? 64 - (u32)__builtin_clzl(states) : 2;
}

static void put_subleaves(struct leaf_list *l, u32 leaf)
{
    u32 r[4], n = subleaf_count(&l->view, leaf);

    for (u32 sub = 0; sub < n; sub++) {
        guest_cpuid(&l->view, leaf, sub, r);
        put(l, leaf, sub, r);
        if (leaf == LEAF_CACHE && !(r[0] & 31))
            return;
    }
}

static bool has_subleaves(u32 leaf)
{
    return leaf == LEAF_CACHE || leaf == LEAF_FEATURES || leaf == LEAF_TOPOLOGY || leaf == LEAF_XSTATE;
}

static void put_range(struct leaf_list *l, u32 first, u32 last)
{
    u32 r[4], max;

    guest_cpuid(&l->view, first, 0, r);
    max = MIN(r[0], last);
    for (u32 leaf = first; leaf <= max; leaf++) {
        if (has_subleaves(leaf)) {
            put_subleaves(l, leaf);
            continue;
        }
        guest_cpuid(&l->view, leaf, 0, r);
        put(l, leaf, XEN_CPUID_NO_SUBLEAF, r);
    }
}

int cpu_policy_leaves(bool control, const u32 *limit, vaddr_t leaves, u32 *count)
{
    static const u32 none[4];
    struct leaf_list l = {
        .view = { .control_domain = control, .kernel = true, .limit = limit },
        .to = leaves,
        .room = *count,
    };

    put_range(&l, 0, LEAF_LAST_BASIC);
    put(&l, LEAF_XEN, XEN_CPUID_NO_SUBLEAF, none);
    put(&l, LEAF_VIRIDIAN, XEN_CPUID_NO_SUBLEAF, none);
    put_range(&l, LEAF_EXTENDED, LEAF_LAST_EXTENDED);
    *count = leaves ? l.count : LEAVES_ROOM;
    return l.rc;
}

int cpu_policy_msrs(vaddr_t msrs, u32 *count)
{
    xen_msr_entry_t entry = { .idx = MSR_PLATFORM_INFO };

    if (msrs && !*count)
        return -ENOBUFS;
    if (msrs && write_guest_struct(msrs, &entry))
        return -EFAULT;
    *count = msrs ? 1 : MSRS_ROOM;
    return 0;
}

enum { EAX, EBX, ECX, EDX };

/* Where the feature words are, by xen/arch-x86/cpufeatureset.h. Those of MSRs are not in any leaf. */
static const struct place {
    u32 leaf, subleaf;
    u8 reg, word;
} places[] = {
    { LEAF_BASIC, 0, EDX, 0 },
    { LEAF_BASIC, 0, ECX, 1 },
    { LEAF_FEATURES, 0, EBX, 5 },
    { LEAF_FEATURES, 0, ECX, 6 },
    { LEAF_FEATURES, 0, EDX, 9 },
    { LEAF_FEATURES, 1, EAX, 10 },
    { LEAF_FEATURES, 1, EBX, 12 },
    { LEAF_FEATURES, 1, ECX, 14 },
    { LEAF_FEATURES, 1, EDX, 15 },
    { LEAF_FEATURES, 2, EDX, 13 },
    { LEAF_XSTATE, 1, EAX, 4 },
    { LEAF_EXTENDED + 0x1, 0, EDX, 2 },
    { LEAF_EXTENDED + 0x1, 0, ECX, 3 },
    { LEAF_EXTENDED + 0x7, 0, EDX, 7 },
    { LEAF_EXTENDED + 0x8, 0, EBX, 8 },
    { LEAF_EXTENDED + 0x21, 0, EAX, 11 },
    { LEAF_EXTENDED + 0x21, 0, ECX, 18 },
};

static u32 subleaf_of(const xen_cpuid_leaf_t *l)
{
    return l->subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : l->subleaf;
}

static bool is_in(const struct place *p, const xen_cpuid_leaf_t *l)
{
    return p->leaf == l->leaf && p->subleaf == subleaf_of(l);
}

bool cpu_policy_leaf_ok(const xen_cpuid_leaf_t *l)
{
    static const struct cpuid_view view = { .control_domain = true, .kernel = true };
    u32 have[4];

    if (l->leaf != 0 && l->leaf != LEAF_EXTENDED && (l->leaf != LEAF_FEATURES || subleaf_of(l)))
        return true;
    guest_cpuid(&view, l->leaf, 0, have);
    /* Xen 4.17 tells in the last one of any AMD processor that LFENCE serialises, whatever the processor's own number is. */
    return l->a <= (l->leaf == LEAF_EXTENDED && cpu_is_amd_like() ? LEAF_LAST_EXTENDED : have[EAX]);
}

void cpu_policy_limit(const xen_cpuid_leaf_t *l, u32 limit[FEATURE_WORDS])
{
    const u32 regs[4] = { l->a, l->b, l->c, l->d };

    for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
        if (is_in(&places[i], l))
            limit[places[i].word] = regs[places[i].reg];
}
