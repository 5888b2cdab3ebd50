/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID for PV guests: which feature bits pass, what each leaf shows, and the
 * hypervisor's own leaves. The lists follow the behaviour of Xen 4.17 for PV
 * guests (a feature needs either no help of the hypervisor, or help that this
 * one gives). Called by the PV floor's emulation and by the tools' calls; pure,
 * no locks.
 */
#include "machine/cpuid_policy.h"

#include "lib/string.h"
#include "machine/fpu.h"
#include "machine/time.h"
#include "machine/x86.h"
#include <xen/arch-x86/cpuid.h>

#define F(name) (1u << (XEN_X86_FEATURE_##name % 32))

#define MAX_BASIC_LEAF 0xdu
#define MAX_EXT_LEAF_INTEL 0x80000008u
#define MAX_EXT_LEAF_AMD 0x80000021u

/* Bits of leaf 1 EDX that AMD repeats in leaf 0x80000001 EDX (APM Vol 3 E.4.2). */
#define AMD_COMMON_1D                                                                            \
    (F(FPU) | F(VME) | F(DE) | F(PSE) | F(TSC) | F(MSR) | F(PAE) | F(MCE) | F(CX8) | F(APIC) |    \
     F(MTRR) | F(PGE) | F(MCA) | F(CMOV) | F(PAT) | F(PSE36) | F(MMX) | F(FXSR))

/* What any PV guest may have, by feature word. */
static const u32 pv_features[FEATURE_WORDS] = {
    [0] = F(FPU) | F(DE) | F(TSC) | F(MSR) | F(PAE) | F(MCE) | F(CX8) | F(APIC) | F(SEP) | F(MCA) | F(CMOV) |
          F(PAT) | F(CLFLUSH) | F(ACPI) | F(MMX) | F(FXSR) | F(SSE) | F(SSE2) | F(SS) | F(HTT),
    [1] = F(SSE3) | F(PCLMULQDQ) | F(SSSE3) | F(FMA) | F(CX16) | F(SSE4_1) | F(SSE4_2) | F(MOVBE) | F(POPCNT) |
          F(AESNI) | F(XSAVE) | F(AVX) | F(F16C) | F(RDRAND) | F(HYPERVISOR),
    [2] = F(SYSCALL) | F(NX) | F(MMXEXT) | F(FFXSR) | F(RDTSCP) | F(LM) | F(3DNOWEXT) | F(3DNOW),
    [3] = F(LAHF_LM) | F(CMP_LEGACY) | F(ABM) | F(SSE4A) | F(MISALIGNSSE) | F(3DNOWPREFETCH) | F(XOP) | F(FMA4) |
          F(TBM) | F(DBEXT),
    [4] = F(XSAVEOPT) | F(XSAVEC) | F(XGETBV1),
    [5] = F(FSGSBASE) | F(BMI1) | F(AVX2) | F(BMI2) | F(ERMS) | F(RTM) | F(AVX512F) | F(AVX512DQ) | F(RDSEED) |
          F(ADX) | F(AVX512_IFMA) | F(CLFLUSHOPT) | F(CLWB) | F(AVX512PF) | F(AVX512ER) | F(AVX512CD) | F(SHA) |
          F(AVX512BW) | F(AVX512VL),
    [6] = F(PREFETCHWT1) | F(AVX512_VBMI) | F(AVX512_VBMI2) | F(GFNI) | F(VAES) | F(VPCLMULQDQ) |
          F(AVX512_VNNI) | F(AVX512_BITALG) | F(AVX512_VPOPCNTDQ) | F(RDPID) | F(CLDEMOTE),
    [8] = F(CLZERO) | F(RSTR_FP_ERR_PTRS) | F(IBPB) | F(SSB_NO) | F(BTC_NO) | F(IBPB_RET),
    [9] = F(AVX512_4VNNIW) | F(AVX512_4FMAPS) | F(FSRM) | F(MD_CLEAR) | F(SERIALIZE) | F(IBRSB) | F(STIBP) |
          F(SSBD),
    [10] = F(AVX_VNNI) | F(AVX512_BF16) | F(FZRM) | F(FSRS) | F(FSRCS),
    [11] = F(LFENCE_DISPATCH) | F(VERW_CLEAR) | F(NSCB) | F(SBPB) | F(IBPB_BRTYPE) | F(SRSO_NO) | F(SRSO_US_NO),
    [13] = F(MCDT_NO),
    [16] = F(RDCL_NO) | F(EIBRS) | F(RSBA) | F(INTEL_SSB_NO) | F(MDS_NO) | F(IF_PSCHANGE_MC_NO) | F(TAA_NO) |
           F(SBDR_SSDP_NO) | F(FBSDP_NO) | F(PSDP_NO) | F(FB_CLEAR) | F(RRSBA) | F(BHI_NO) | F(PBRSB_NO) |
           F(GDS_NO) | F(RFDS_NO) | F(RFDS_CLEAR),
    [18] = F(TSA_SQ_NO) | F(TSA_L1_NO),
};

#define NEED(name) XEN_X86_FEATURE_##name

/*
 * Features (@mask of @word) that no processor has, and no software expects, without @need. A row comes behind
 * those that may take its @need.
 */
static const struct {
    u16 need;
    u8 word;
    u32 mask;
} dependencies[] = {
    { NEED(FPU), 0, F(MMX) },
    { NEED(FPU), 8, F(RSTR_FP_ERR_PTRS) },
    { NEED(PAE), 2, F(NX) | F(LM) },
    { NEED(TSC), 2, F(RDTSCP) },
    { NEED(TSC), 7, F(ITSC) },
    { NEED(MMX), 2, F(MMXEXT) | F(3DNOW) },
    { NEED(3DNOW), 2, F(3DNOWEXT) },
    { NEED(FXSR), 0, F(SSE) },
    { NEED(FXSR), 2, F(FFXSR) },
    { NEED(SSE), 0, F(SSE2) },
    { NEED(SSE), 3, F(MISALIGNSSE) },
    { NEED(SSE2), 1, F(SSE3) | F(PCLMULQDQ) | F(AESNI) },
    { NEED(SSE2), 2, F(LM) },
    { NEED(SSE2), 5, F(SHA) },
    { NEED(SSE2), 6, F(GFNI) },
    { NEED(SSE3), 1, F(SSSE3) },
    { NEED(SSE3), 3, F(SSE4A) },
    { NEED(SSSE3), 1, F(SSE4_1) },
    { NEED(SSE4_1), 1, F(SSE4_2) },
    { NEED(LM), 1, F(CX16) },
    { NEED(LM), 3, F(LAHF_LM) },
    { NEED(XSAVE), 1, F(AVX) },
    { NEED(XSAVE), 4, F(XSAVEOPT) | F(XSAVEC) | F(XGETBV1) },
    { NEED(AVX), 1, F(FMA) | F(F16C) },
    { NEED(AVX), 3, F(XOP) | F(FMA4) },
    { NEED(AVX), 5, F(AVX2) },
    { NEED(AVX2), 5, F(AVX512F) },
    { NEED(AVX2), 6, F(VAES) | F(VPCLMULQDQ) },
    { NEED(AVX2), 10, F(AVX_VNNI) },
    { NEED(AESNI), 6, F(VAES) },
    { NEED(PCLMULQDQ), 6, F(VPCLMULQDQ) },
    { NEED(AVX512F), 5, F(AVX512DQ) | F(AVX512_IFMA) | F(AVX512PF) | F(AVX512ER) | F(AVX512CD) | F(AVX512BW) |
                        F(AVX512VL) },
    { NEED(AVX512F), 6, F(AVX512_VNNI) | F(AVX512_VPOPCNTDQ) },
    { NEED(AVX512F), 9, F(AVX512_4VNNIW) | F(AVX512_4FMAPS) },
    { NEED(AVX512BW), 6, F(AVX512_VBMI) | F(AVX512_VBMI2) | F(AVX512_BITALG) },
    { NEED(AVX512BW), 10, F(AVX512_BF16) },
    { NEED(IBRSB), 9, F(STIBP) | F(SSBD) },
    { NEED(IBPB), 8, F(IBPB_RET) },
    { NEED(IBPB), 11, F(SBPB) | F(IBPB_BRTYPE) },
};

static void drop_dependents(u32 words[FEATURE_WORDS])
{
    for (unsigned i = 0; i < ARRAY_SIZE(dependencies); i++)
        if (!features_test(words, dependencies[i].need))
            words[dependencies[i].word] &= ~dependencies[i].mask;
}

void cpuid_policy_pv_features(const struct cpu_features *host, bool control_domain, const u32 *limit,
                              u32 words[FEATURE_WORDS])
{
    for (unsigned i = 0; i < FEATURE_WORDS; i++)
        words[i] = host->words[i] & pv_features[i];
    words[1] |= F(HYPERVISOR);
    if (control_domain) {
        words[7] |= host->words[7] & F(ITSC);
        words[9] |= host->words[9] & F(ARCH_CAPS);
    }
    for (unsigned i = 0; limit && i < FEATURE_WORDS; i++)
        words[i] &= limit[i];
    drop_dependents(words);
}

static void leaf_1(const struct cpuid_view *view, const struct cpu_features *host, const u32 *words,
                   struct cpuid_regs *r)
{
    r->b &= 0x00ffffff; /* initial APIC id: all vCPUs are 0 for PV, as Xen has it */
    r->c = words[1];
    r->d = words[0];
    if (view->osxsave || (view->kernel && features_test(words, XEN_X86_FEATURE_XSAVE)))
        r->c |= F(OSXSAVE);
    if (!view->control_domain || !view->kernel)
        return;
    r->d |= host->words[0] & F(MTRR);                    /* which it reads by XENPF_read_memtype */
    r->c |= host->words[1] & (F(MONITOR) | F(EIST)); /* for ACPI's _PDC: idle and frequency states */
}

static void leaf_7(const u32 *words, u32 subleaf, struct cpuid_regs *r)
{
    switch (subleaf) {
    case 0:
        r->a = MIN(r->a, 2u);
        r->b = words[5];
        r->c = words[6];
        r->d = words[9];
        break;
    case 1:
        *r = (struct cpuid_regs){ .a = words[10], .b = words[12], .c = words[14], .d = words[15] };
        break;
    case 2:
        *r = (struct cpuid_regs){ .d = words[13] };
        break;
    default:
        *r = (struct cpuid_regs){ 0 };
    }
}

/* States that a guest with these features can use. */
static u64 xstates(const u32 *words)
{
    u64 states = fpu_xcr0_mask;

    if (!features_test(words, XEN_X86_FEATURE_AVX))
        states &= ~(u64)XCR0_AVX;
    if (!features_test(words, XEN_X86_FEATURE_AVX512F))
        states &= ~(u64)XCR0_AVX512;
    return states;
}

/* Extended state, SDM Vol 1 13.2. */
static void leaf_d(const struct cpuid_view *view, const u32 *words, u32 subleaf, struct cpuid_regs *r)
{
    u64 states = xstates(words);

    if (!features_test(words, XEN_X86_FEATURE_XSAVE)) {
        *r = (struct cpuid_regs){ 0 };
    } else if (subleaf == 0) {
        r->a = (u32)states;
        r->b = fpu_size_for(view->xcr0 ? view->xcr0 : XCR0_X87);
        r->c = fpu_size_for(states);
        r->d = (u32)(states >> 32);
    } else if (subleaf == 1) {
        *r = (struct cpuid_regs){ .a = words[4] };
        if (features_test(words, XEN_X86_FEATURE_XSAVEC))
            r->b = fpu_compact_size_for(view->xcr0 ? view->xcr0 : XCR0_X87);
    } else if (subleaf >= 63 || !(states >> subleaf & 1)) {
        *r = (struct cpuid_regs){ 0 };
    }
}

static void basic_leaf(const struct cpuid_view *view, const struct cpu_features *host, const u32 *words,
                       u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    if (leaf > MIN(host->max_leaf, MAX_BASIC_LEAF)) {
        *r = (struct cpuid_regs){ 0 };
        return;
    }
    switch (leaf) {
    case 0x0:
        r->a = MIN(r->a, MAX_BASIC_LEAF);
        break;
    case 0x1:
        leaf_1(view, host, words, r);
        break;
    case 0x2: case 0x4:
        break;
    case 0x5:
        if (view->control_domain && view->kernel)
            break;
        *r = (struct cpuid_regs){ 0 };
        break;
    case 0x7:
        leaf_7(words, subleaf, r);
        break;
    case 0xd:
        leaf_d(view, words, subleaf, r);
        break;
    default:
        *r = (struct cpuid_regs){ 0 };
    }
}

static void extended_leaf(const struct cpu_features *host, const u32 *words, u32 leaf, struct cpuid_regs *r)
{
    bool amd = host->vendor == CPU_AMD || host->vendor == CPU_HYGON;
    u32 last = MIN(host->max_ext_leaf, amd ? MAX_EXT_LEAF_AMD : MAX_EXT_LEAF_INTEL);
    struct cpuid_regs raw = *r;

    *r = (struct cpuid_regs){ 0 };
    if (leaf > last)
        return;
    switch (leaf) {
    case 0x80000000:
        *r = raw;
        r->a = last;
        break;
    case 0x80000001:
        *r = raw;
        r->c = words[3];
        r->d = words[2] | (amd ? words[0] & AMD_COMMON_1D : 0);
        break;
    case 0x80000002: case 0x80000003: case 0x80000004:
        *r = raw;
        break;
    case 0x80000005: case 0x80000006: case 0x80000019: case 0x8000001a:
        if (amd)
            *r = raw;
        else if (leaf == 0x80000006)
            r->c = raw.c;
        break;
    case 0x80000007:
        r->d = words[7];
        break;
    case 0x80000008:
        r->a = raw.a & 0xffff;
        r->b = words[8];
        break;
    case 0x80000021:
        r->a = words[11];
        r->c = words[18];
        break;
    }
}

/* Time information, xen/arch-x86/cpuid.h leaf 4. Xen fills in the rate for what it may migrate only: not for Domain 0. */
static void xen_time_leaf(const struct cpuid_view *view, u32 subleaf, struct cpuid_regs *r)
{
    struct time_scale scale = *time_scale();

    if (view->tsc_khz)
        time_scale_set_frequency(&scale, (u64)view->tsc_khz * 1000);
    switch (subleaf) {
    case 0:
        r->a = (view->tsc_emulated ? 1 : 0) | (cpu_has(XEN_X86_FEATURE_ITSC) ? 2 : 0) |
               (cpu_has(XEN_X86_FEATURE_RDTSCP) ? 4 : 0);
        r->c = view->control_domain ? 0 : view->tsc_khz ? view->tsc_khz : (u32)tsc_khz();
        r->d = view->incarnation;
        break;
    case 1:
        if (view->control_domain)
            break;
        r->c = scale.mul; /* and no offset: the guest's TSC is the one that it reads */
        r->d = (u8)scale.shift;
        break;
    case 2:
        r->a = (u32)tsc_khz();
        break;
    }
}

static void xen_leaf(const struct cpuid_view *view, const struct cpu_features *host, u32 leaf, u32 subleaf,
                     struct cpuid_regs *r)
{
    *r = (struct cpuid_regs){ 0 };
    switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
        *r = (struct cpuid_regs){ .a = XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES), .b = XEN_CPUID_SIGNATURE_EBX,
                                  .c = XEN_CPUID_SIGNATURE_ECX, .d = XEN_CPUID_SIGNATURE_EDX };
        break;
    case 1:
        r->a = XEN_MAJOR << 16 | XEN_MINOR;
        break;
    case 2:
        r->a = 1;                    /* hypercall pages */
        r->b = XEN_CPUID_FIRST_LEAF; /* their MSR */
        r->c = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        xen_time_leaf(view, subleaf, r);
        break;
    case 5:
        r->b = (view->machine_bits ? view->machine_bits : host->phys_bits) & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK;
        break;
    }
}

void cpuid_policy_apply(const struct cpuid_view *view, const struct cpu_features *host, u32 leaf, u32 subleaf,
                        struct cpuid_regs *r)
{
    u32 words[FEATURE_WORDS];

    cpuid_policy_pv_features(host, view->control_domain, view->limit, words);
    switch (leaf >> 16) {
    case 0x0000:
        basic_leaf(view, host, words, leaf, subleaf, r);
        break;
    case 0x4000:
        xen_leaf(view, host, leaf, subleaf, r);
        break;
    case 0x8000:
        extended_leaf(host, words, leaf, r);
        break;
    default:
        *r = (struct cpuid_regs){ 0 };
    }
}

void guest_cpuid(const struct cpuid_view *view, u32 leaf, u32 subleaf, u32 out[4])
{
    struct cpuid_regs r = cpuid_count(leaf, subleaf);

    cpuid_policy_apply(view, &boot_cpu, leaf, subleaf, &r);
    memcpy(out, &r, sizeof(r));
}
