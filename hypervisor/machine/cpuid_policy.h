/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID as guests see it: the machine's answers without what a PV guest cannot
 * use, plus the hypervisor's own leaves from 0x40000000 on. Pure functions of
 * the machine's CPUID and of what struct cpuid_view says about the caller.
 */
#ifndef HV_MACHINE_CPUID_POLICY_H
#define HV_MACHINE_CPUID_POLICY_H

#include "machine/cpu_features.h"

struct cpuid_regs;

struct cpuid_view {
    bool control_domain;   /* Domain 0: sees MTRR, invariant TSC, power-management leaves */
    bool kernel;           /* asked by the guest's kernel (by the forced prefix or a fault) */
    bool osxsave;          /* guest's CR4.OSXSAVE */
    u8 machine_bits;       /* address bits of the highest machine memory; 0: unknown */
    u64 xcr0;              /* guest's XCR0, 0: none set */
    bool tsc_emulated;     /* leaf 0x40000003, as the next two */
    u32 incarnation;       /* of the time information, counts restores */
    u32 tsc_khz;           /* of the guest's TSC, 0: the machine's */
    const u32 *limit;      /* FEATURE_WORDS words: features it may have at most, NULL: no limit */
};

/*
 * Answers CPUID for a PV guest. @leaf and @subleaf: EAX and ECX; @out: EAX, EBX, ECX, EDX.
 * Rule: behaviour of Xen 4.17's default PV policy; leaf numbers SDM Vol 2 CPUID, xen/arch-x86/cpuid.h.
 */
void guest_cpuid(const struct cpuid_view *view, u32 leaf, u32 subleaf, u32 out[4]);

/* The same on given raw answers of the machine, @host its features. For tests. */
void cpuid_policy_apply(const struct cpuid_view *view, const struct cpu_features *host, u32 leaf, u32 subleaf,
                        struct cpuid_regs *r);

/*
 * Features of a PV guest on machine @host, as words (XEN_SYSCTL_get_cpu_featureset). @limit: as in struct cpuid_view;
 * what depends on a feature that is missing is missing too. Rule: which features Xen makes depend on which.
 */
void cpuid_policy_pv_features(const struct cpu_features *host, bool control_domain, const u32 *limit,
                              u32 words[FEATURE_WORDS]);

#endif
