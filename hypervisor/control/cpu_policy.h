/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUID policies as lists of leaves, for sysctl and domctl. */
#ifndef HV_CONTROL_CPU_POLICY_H
#define HV_CONTROL_CPU_POLICY_H

#include "machine/cpu_features.h"
#include "types.h"
#include <xen/arch-x86/xen.h>

/*
 * Writes the leaves that a PV guest (@control: Domain 0) with at most the features @limit (words, NULL: no limit)
 * is given to the array at guest address @leaves with room for *@count, which becomes their number.
 * @leaves 0: *@count becomes the room that suffices for any policy. @return 0, -EFAULT, -ENOBUFS
 */
int cpu_policy_leaves(bool control, const u32 *limit, vaddr_t leaves, u32 *count);
/* The same for MSRs. */
int cpu_policy_msrs(vaddr_t msrs, u32 *count);

/*
 * Whether a guest can be given leaf @l: it may not ask for more leaves (in 0, 0x80000000, subleaf 0 of 7) than PV guests
 * get. Features beyond theirs are no error: cpu_policy_limit() has no effect on them.
 */
bool cpu_policy_leaf_ok(const xen_cpuid_leaf_t *l);

/*
 * Puts the features of leaf @l into @limit, in place of those that were there from the same leaf. Bits that follow the
 * state of the vCPU (OSXSAVE) or of Domain 0 (MTRR) are no features: they are shown as before whatever @l says.
 */
void cpu_policy_limit(const xen_cpuid_leaf_t *l, u32 limit[FEATURE_WORDS]);

#endif
