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

struct list {
    vaddr_t to;
    u32 room, count;
    int rc;
};

static void ask(bool control, u32 leaf, u32 subleaf, u32 out[4])
{
    struct cpuid_view view = { .control_domain = control, .kernel = true };

    guest_cpuid(&view, leaf, subleaf, out);
}

static void put(struct list *l, u32 leaf, u32 subleaf, const u32 r[4])
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
static u32 subleaf_count(bool control, u32 leaf)
{
    u32 r[4], x[4];
    u64 states;

    switch (leaf) {
    case LEAF_CACHE:
        return CACHE_SUBLEAVES;
    case LEAF_TOPOLOGY:
        return TOPOLOGY_SUBLEAVES;
    case LEAF_FEATURES:
        ask(control, leaf, 0, r);
        return MIN(r[0], FEATURE_SUBLEAVES - 1u) + 1;
    }
    ask(control, LEAF_XSTATE, 0, r);
    ask(control, LEAF_XSTATE, 1, x);
    states = (r[0] | x[2]) | (u64)(r[3] | x[3]) << 32;
    return states >> 2 ? 64 - (u32)__builtin_clzl(states) : 2;
}

static void put_subleaves(struct list *l, bool control, u32 leaf)
{
    u32 r[4], n = subleaf_count(control, leaf);

    for (u32 sub = 0; sub < n; sub++) {
        ask(control, leaf, sub, r);
        put(l, leaf, sub, r);
        if (leaf == LEAF_CACHE && !(r[0] & 31))
            return;
    }
}

static bool has_subleaves(u32 leaf)
{
    return leaf == LEAF_CACHE || leaf == LEAF_FEATURES || leaf == LEAF_TOPOLOGY || leaf == LEAF_XSTATE;
}

static void put_range(struct list *l, bool control, u32 first, u32 last)
{
    u32 r[4], max;

    ask(control, first, 0, r);
    max = MIN(r[0], last);
    for (u32 leaf = first; leaf <= max; leaf++) {
        if (has_subleaves(leaf)) {
            put_subleaves(l, control, leaf);
            continue;
        }
        ask(control, leaf, 0, r);
        put(l, leaf, XEN_CPUID_NO_SUBLEAF, r);
    }
}

int cpu_policy_leaves(bool control, vaddr_t leaves, u32 *count)
{
    static const u32 none[4];
    struct list l = { .to = leaves, .room = *count };

    put_range(&l, control, 0, LEAF_LAST_BASIC);
    put(&l, LEAF_XEN, XEN_CPUID_NO_SUBLEAF, none);
    put(&l, LEAF_VIRIDIAN, XEN_CPUID_NO_SUBLEAF, none);
    put_range(&l, control, LEAF_EXTENDED, LEAF_LAST_EXTENDED);
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

/* Registers of a leaf that hold instruction-set features: bits eax, ebx, ecx, edx. */
static unsigned feature_registers(const xen_cpuid_leaf_t *l)
{
    switch (l->leaf) {
    case 1:
    case 0x80000001:
        return BIT(2) | BIT(3);
    case LEAF_FEATURES:
        return l->subleaf == 0 ? BIT(1) | BIT(2) | BIT(3) : BIT(0);
    case LEAF_XSTATE:
        return l->subleaf == 1 ? BIT(0) : 0;
    }
    return 0;
}

bool cpu_policy_leaf_ok(const xen_cpuid_leaf_t *l)
{
    const u32 want[4] = { l->a, l->b, l->c, l->d };
    unsigned mask = feature_registers(l);
    u32 have[4];

    if (!mask)
        return true;
    ask(true, l->leaf, l->subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : l->subleaf, have);
    for (unsigned i = 0; i < 4; i++)
        if ((mask & BIT(i)) && (want[i] & ~have[i]))
            return false;
    return true;
}
