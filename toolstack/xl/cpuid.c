/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPU features of a guest: what cpuid= asks for is compared with what the hypervisor gives to
 * PV guests before a domain exists, and put into the domain's policy before its first virtual CPU
 * has a context. Called by check.c and create.c.
 */
#include <string.h>

#include "xl.h"

#define MAX_LEAVES 256  /* Xen 4.17 and Hospes have about 120 at most */

/* EAX .. EDX of a leaf. */
static uint32_t *registers(xen_cpuid_leaf_t *l, uint32_t out[4])
{
    memcpy(out, (uint32_t[]){ l->a, l->b, l->c, l->d }, 4 * sizeof(uint32_t));
    return out;
}

/* The leaf of CHANGE in a policy; NULL: it has none, as if all bits were 0. */
static xen_cpuid_leaf_t *find(xen_cpuid_leaf_t *leaves, int count,
                              const struct cpuid_change *change)
{
    for (int i = 0; i < count; i++) {
        uint32_t subleaf = leaves[i].subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : leaves[i].subleaf;

        if (leaves[i].leaf == change->leaf && subleaf == change->subleaf)
            return &leaves[i];
    }
    return NULL;
}

/* Name of the lowest bit of MASK, which is in register REG of the leaf of CHANGE. */
static const char *bit_name(const struct cpuid_change *change, uint32_t reg, uint32_t mask,
                            char *out, size_t size)
{
    struct cpuid_bit b = { change->leaf, change->subleaf, reg, (uint32_t)__builtin_ctz(mask) };

    cpuid_bit_name(&b, out, size);
    return out;
}

/*
 * Whether a policy has every feature that must be there, and with ALL none that was taken away. The
 * error names the first that is otherwise; REMEDY ends it, of a feature that must be there.
 */
static int compare(struct guest *g, xen_cpuid_leaf_t *leaves, int count, bool all,
                   const char *remedy)
{
    for (unsigned int i = 0; i < g->cfg.n_cpuid; i++) {
        const struct cpuid_change *c = &g->cfg.cpuid[i];
        xen_cpuid_leaf_t *l = find(leaves, count, c);
        uint32_t have[4] = { 0 };
        char name[40];

        if (l)
            registers(l, have);
        for (uint32_t reg = 0; reg < 4; reg++) {
            uint32_t missing = c->on[reg] & ~have[reg], left = all ? c->off[reg] & have[reg] : 0;

            if (missing)
                return guest_fail_at(g, c->line, "cpuid: the hypervisor does not give it '%s': %s",
                                     bit_name(c, reg, missing, name, sizeof(name)), remedy);
            if (left)
                return guest_fail_at(g, c->line, "cpuid: the hypervisor does not take '%s' away: "
                                     "remove it", bit_name(c, reg, left, name, sizeof(name)));
        }
    }
    return 0;
}

int guest_check_cpuid(struct xl *xl, struct guest *g)
{
    xen_cpuid_leaf_t leaves[MAX_LEAVES];
    int count;

    if (!g->cfg.n_cpuid)
        return 0;
    count = hv_cpu_policy(&xl->hv, XEN_SYSCTL_cpu_policy_pv_default, leaves, MAX_LEAVES);
    if (count < 0)
        return guest_fail(g, count, "the hypervisor does not tell the CPU features of guests: %s",
                          strerror(-count));
    return compare(g, leaves, count, false, "remove it, or write x");
}

/* Brings the leaves that change to the front, without what is taken away. Returns how many. */
static unsigned int take_away(const struct guest *g, xen_cpuid_leaf_t *leaves, int count)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < g->cfg.n_cpuid; i++) {
        const uint32_t *off = g->cfg.cpuid[i].off;
        xen_cpuid_leaf_t *l = find(leaves + n, count - (int)n, &g->cfg.cpuid[i]);
        xen_cpuid_leaf_t leaf;

        if (!l)
            continue;
        leaf = *l;
        *l = leaves[n];
        l = &leaves[n++];
        *l = leaf;
        l->a &= ~off[0];
        l->b &= ~off[1];
        l->c &= ~off[2];
        l->d &= ~off[3];
    }
    return n;
}

int guest_set_cpuid(struct xl *xl, struct guest *g)
{
    xen_cpuid_leaf_t leaves[MAX_LEAVES];
    int count, rc;

    if (!g->cfg.n_cpuid)
        return 0;
    count = hv_domain_get_cpu_policy(&xl->hv, g->domid, leaves, MAX_LEAVES);
    rc = count < 0 ? count
                   : hv_domain_set_cpu_policy(&xl->hv, g->domid, leaves,
                                              take_away(g, leaves, count));
    if (!rc)
        rc = count = hv_domain_get_cpu_policy(&xl->hv, g->domid, leaves, MAX_LEAVES);
    if (rc < 0)
        return guest_fail(g, rc, "the hypervisor refuses its CPU features: %s", strerror(-rc));
    return compare(g, leaves, count, true, "it needs one that is taken away");
}
