/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU features by the names that libxl has for them (xl.cfg.5), and where CPUID shows them. They
 * are numbered as in xen/arch-x86/cpufeatureset.h: word * 32 + bit. Called by cpuid.c and, for
 * messages, by xl.
 */
#include <stdio.h>
#include <string.h>

#include <xen/arch-x86/cpufeatureset.h>

#include "cfg.h"
#include "internal.h"

#define F(name)     XEN_X86_FEATURE_##name
#define BIT(w, bit) ((w) * 32 + (bit))

/* Words of our own behind those of the header, for leaves that no PV guest has. */
#define WORD_6_EAX        19
#define WORD_8000000A_EDX 20

/* Word to leaf, subleaf and register (0: EAX .. 3: EDX). Those of MSRs have no leaf. */
static const struct cpuid_place {
    uint32_t leaf, subleaf, reg;
} places[] = {
    { 1, 0, 3 },          { 1, 0, 2 },          { 0x80000001, 0, 3 }, { 0x80000001, 0, 2 },
    { 0xd, 1, 0 },        { 7, 0, 1 },          { 7, 0, 2 },          { 0x80000007, 0, 3 },
    { 0x80000008, 0, 1 }, { 7, 0, 3 },          { 7, 1, 0 },          { 0x80000021, 0, 0 },
    { 7, 1, 1 },          { 7, 2, 3 },          { 7, 1, 2 },          { 7, 1, 3 },
    { 0, 0, 4 },          { 0, 0, 4 },          { 0x80000021, 0, 2 }, { 6, 0, 0 },
    { 0x8000000a, 0, 3 },
};
#define N_PLACES (sizeof(places) / sizeof(places[0]))

static const struct {
    const char *name;
    uint32_t feature;
} names[] = {
    { "sse3", F(SSE3) }, { "pclmulqdq", F(PCLMULQDQ) }, { "dtes64", F(DTES64) },
    { "monitor", F(MONITOR) }, { "dscpl", F(DSCPL) }, { "vmx", F(VMX) }, { "smx", F(SMX) },
    { "est", F(EIST) }, { "tm2", F(TM2) }, { "ssse3", F(SSSE3) }, { "cntxid", BIT(1, 10) },
    { "fma", F(FMA) }, { "cmpxchg16", F(CX16) }, { "xtpr", F(XTPR) }, { "pdcm", F(PDCM) },
    { "pcid", F(PCID) }, { "dca", F(DCA) }, { "sse4_1", F(SSE4_1) }, { "sse4.1", F(SSE4_1) },
    { "sse4_2", F(SSE4_2) }, { "sse4.2", F(SSE4_2) }, { "x2apic", F(X2APIC) },
    { "movbe", F(MOVBE) }, { "popcnt", F(POPCNT) }, { "tsc-deadline", F(TSC_DEADLINE) },
    { "aes", F(AESNI) }, { "xsave", F(XSAVE) }, { "osxsave", F(OSXSAVE) }, { "avx", F(AVX) },
    { "f16c", F(F16C) }, { "rdrand", F(RDRAND) }, { "hypervisor", F(HYPERVISOR) },

    { "fpu", F(FPU) }, { "vme", F(VME) }, { "de", F(DE) }, { "pse", F(PSE) }, { "tsc", F(TSC) },
    { "msr", F(MSR) }, { "pae", F(PAE) }, { "mce", F(MCE) }, { "cmpxchg8", F(CX8) },
    { "apic", F(APIC) }, { "sysenter", F(SEP) }, { "mtrr", F(MTRR) }, { "pge", F(PGE) },
    { "mca", F(MCA) }, { "cmov", F(CMOV) }, { "pat", F(PAT) }, { "pse36", F(PSE36) },
    { "psn", BIT(0, 18) }, { "clfsh", F(CLFLUSH) }, { "ds", F(DS) }, { "acpi", F(ACPI) },
    { "mmx", F(MMX) }, { "fxsr", F(FXSR) }, { "sse", F(SSE) }, { "sse2", F(SSE2) },
    { "ss", F(SS) }, { "htt", F(HTT) }, { "tm", F(TM1) }, { "ia64", BIT(0, 30) },
    { "pbe", F(PBE) }, { "arat", BIT(WORD_6_EAX, 2) },

    { "fsgsbase", F(FSGSBASE) }, { "tsc_adjust", F(TSC_ADJUST) }, { "bmi1", F(BMI1) },
    { "hle", F(HLE) }, { "avx2", F(AVX2) }, { "smep", F(SMEP) }, { "bmi2", F(BMI2) },
    { "erms", F(ERMS) }, { "invpcid", F(INVPCID) }, { "rtm", F(RTM) }, { "cmt", F(PQM) },
    { "mpx", F(MPX) }, { "avx512f", F(AVX512F) }, { "avx512dq", F(AVX512DQ) },
    { "rdseed", F(RDSEED) }, { "adx", F(ADX) }, { "smap", F(SMAP) },
    { "avx512-ifma", F(AVX512_IFMA) }, { "clflushopt", F(CLFLUSHOPT) }, { "clwb", F(CLWB) },
    { "proc-trace", F(PROC_TRACE) }, { "avx512pf", F(AVX512PF) }, { "avx512er", F(AVX512ER) },
    { "avx512cd", F(AVX512CD) }, { "sha", F(SHA) }, { "avx512bw", F(AVX512BW) },
    { "avx512vl", F(AVX512VL) },

    { "prefetchwt1", F(PREFETCHWT1) }, { "avx512-vbmi", F(AVX512_VBMI) }, { "umip", F(UMIP) },
    { "pku", F(PKU) }, { "ospke", F(OSPKE) }, { "avx512-vbmi2", F(AVX512_VBMI2) },
    { "cet-ss", F(CET_SS) }, { "gfni", F(GFNI) }, { "vaes", F(VAES) },
    { "vpclmulqdq", F(VPCLMULQDQ) }, { "avx512-vnni", F(AVX512_VNNI) },
    { "avx512-bitalg", F(AVX512_BITALG) }, { "avx512-vpopcntdq", F(AVX512_VPOPCNTDQ) },
    { "rdpid", F(RDPID) }, { "cldemote", F(CLDEMOTE) },

    { "avx512-4vnniw", F(AVX512_4VNNIW) }, { "avx512-4fmaps", F(AVX512_4FMAPS) },
    { "fsrm", F(FSRM) }, { "avx512-vp2intersect", F(AVX512_VP2INTERSECT) },
    { "srbds-ctrl", F(SRBDS_CTRL) }, { "md-clear", F(MD_CLEAR) }, { "serialize", F(SERIALIZE) },
    { "tsxldtrk", F(TSXLDTRK) }, { "cet-ibt", F(CET_IBT) }, { "avx512-fp16", F(AVX512_FP16) },
    { "ibrsb", F(IBRSB) }, { "stibp", F(STIBP) }, { "l1d-flush", F(L1D_FLUSH) },
    { "arch-caps", F(ARCH_CAPS) }, { "core-caps", F(CORE_CAPS) }, { "ssbd", F(SSBD) },

    { "avx-vnni", F(AVX_VNNI) }, { "avx512-bf16", F(AVX512_BF16) }, { "fzrm", F(FZRM) },
    { "fsrs", F(FSRS) }, { "fsrcs", F(FSRCS) }, { "cet-sss", F(CET_SSS) },
    { "intel-psfd", F(INTEL_PSFD) }, { "mcdt-no", F(MCDT_NO) },

    { "lahfsahf", F(LAHF_LM) }, { "cmplegacy", F(CMP_LEGACY) }, { "svm", F(SVM) },
    { "extapic", F(EXTAPIC) }, { "altmovcr8", F(CR8_LEGACY) }, { "abm", F(ABM) },
    { "sse4a", F(SSE4A) }, { "misalignsse", F(MISALIGNSSE) },
    { "3dnowprefetch", F(3DNOWPREFETCH) }, { "osvw", F(OSVW) }, { "ibs", F(IBS) },
    { "xop", F(XOP) }, { "skinit", F(SKINIT) }, { "wdt", F(WDT) }, { "lwp", F(LWP) },
    { "fma4", F(FMA4) }, { "nodeid", F(NODEID_MSR) }, { "tbm", F(TBM) },
    { "topoext", F(TOPOEXT) }, { "perfctr_core", BIT(3, 23) }, { "perfctr_nb", BIT(3, 24) },

    { "syscall", F(SYSCALL) }, { "nx", F(NX) }, { "mmxext", F(MMXEXT) }, { "ffxsr", F(FFXSR) },
    { "page1gb", F(PAGE1GB) }, { "rdtscp", F(RDTSCP) }, { "lm", F(LM) },
    { "3dnowext", F(3DNOWEXT) }, { "3dnow", F(3DNOW) }, { "invtsc", F(ITSC) },

    { "clzero", F(CLZERO) }, { "rstr-fp-err-ptrs", F(RSTR_FP_ERR_PTRS) },
    { "wbnoinvd", F(WBNOINVD) }, { "ibpb", F(IBPB) }, { "ibrs", F(IBRS) },
    { "amd-stibp", F(AMD_STIBP) }, { "ibrs-always", F(IBRS_ALWAYS) },
    { "stibp-always", F(STIBP_ALWAYS) }, { "ibrs-fast", F(IBRS_FAST) },
    { "ibrs-same-mode", F(IBRS_SAME_MODE) }, { "no-lmsl", F(NO_LMSL) }, { "ppin", F(AMD_PPIN) },
    { "amd-ssbd", F(AMD_SSBD) }, { "virt-ssbd", F(VIRT_SSBD) }, { "ssb-no", F(SSB_NO) },
    { "psfd", F(PSFD) }, { "btc-no", F(BTC_NO) }, { "ibpb-ret", F(IBPB_RET) },
    { "lfence+", F(LFENCE_DISPATCH) }, { "nscb", F(NSCB) },

    { "svm_npt", BIT(WORD_8000000A_EDX, 0) }, { "svm_lbrv", BIT(WORD_8000000A_EDX, 1) },
    { "svm_nrips", BIT(WORD_8000000A_EDX, 3) }, { "svm_tscrate", BIT(WORD_8000000A_EDX, 4) },
    { "svm_vmcbclean", BIT(WORD_8000000A_EDX, 5) }, { "svm_decode", BIT(WORD_8000000A_EDX, 7) },
    { "svm_pausefilt", BIT(WORD_8000000A_EDX, 10) },
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* Keys that are numbers of several bits, not features. */
static const char *const numbers[] = {
    "maxleaf", "stepping", "model", "family", "brandid", "clflush", "proccount", "localapicid",
    "procpkg", "nc", "apicidsize", "maxhvleaf",
};

bool cpuid_is_number(const char *name)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!strcmp(numbers[i], name))
            return true;
    return false;
}

bool cpuid_find(const char *name, struct cpuid_bit *bit)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        const struct cpuid_place *p = &places[names[i].feature / 32];

        if (strcmp(names[i].name, name))
            continue;
        *bit = (struct cpuid_bit){ p->leaf, p->subleaf, p->reg, names[i].feature % 32 };
        return true;
    }
    return false;
}

/* Number of the feature at BIT; -1: none is there. */
static int feature_at(const struct cpuid_bit *b)
{
    for (size_t w = 0; w < N_PLACES; w++)
        if (places[w].leaf == b->leaf && places[w].subleaf == b->subleaf && places[w].reg == b->reg)
            return BIT((int)w, (int)b->bit);
    return -1;
}

bool cpuid_is_feature(const struct cpuid_bit *b)
{
    return feature_at(b) >= 0;
}

bool cpuid_is_state(const struct cpuid_bit *b)
{
    int f = feature_at(b);

    return f == F(OSXSAVE) || f == F(OSPKE);
}

void cpuid_bit_name(const struct cpuid_bit *b, char *out, size_t size)
{
    int f = feature_at(b);

    for (size_t i = 0; i < N_NAMES; i++) {
        if (f >= 0 && names[i].feature == (uint32_t)f) {
            snprintf(out, size, "%s", names[i].name);
            return;
        }
    }
    snprintf(out, size, "leaf 0x%x,%u e%cx bit %u", b->leaf, b->subleaf, "abcd"[b->reg], b->bit);
}
