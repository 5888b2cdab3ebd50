/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RDMSR and WRMSR of PV guests, as Xen 4.17 answers them: a register is either
 * harmless to read, virtual, or refused with #GP; writes take effect only where
 * they concern the writer alone, are ignored where old kernels write without
 * need, and are refused else. Called by the PV floor's emulation on the CPU
 * that runs the vCPU; no locks.
 */
#include "machine/msr_policy.h"

#include "machine/cpu_features.h"
#include "machine/percpu.h"
#include "machine/x86.h"

#define SPEC_CTRL_IBRS BIT(0)
#define SPEC_CTRL_STIBP BIT(1)
#define SPEC_CTRL_SSBD BIT(2)
#define PRED_CMD_IBPB BIT(0)
#define MCG_CAP_BANKS 2
#define MSR_MC_LAST_BANK_REG (MSR_MC0_CTL + 4 * MCG_CAP_BANKS - 1)
#define MISC_ENABLE_XTPR_DISABLE BIT(23)
#define APIC_DEFAULT_BASE 0xfee00000
#define MSR_THERM_CONTROL 0x19a
#define MSR_ENERGY_PERF_BIAS 0x1b0

/* What this CPU has loaded now. */
static DEFINE_PERCPU(u32, tsc_aux);
static DEFINE_PERCPU(u64, spec_ctrl);
static DEFINE_PERCPU(bool, cpuid_faulting);
static DEFINE_PERCPU(struct { u32 of[4]; }, dr_masks);

static bool is_intel(void)
{
    return boot_cpu.vendor == CPU_INTEL;
}

bool cpuid_faulting_available(void)
{
    u64 info;

    return is_intel() && !rdmsr_safe(MSR_INTEL_PLATFORM_INFO, &info) && (info & PLATFORM_INFO_CPUID_FAULTING);
}

u32 guest_dr_mask_msr(unsigned i)
{
    return i ? MSR_AMD_DR1_MASK + i - 1 : MSR_AMD_DR0_MASK;
}

/* @return the breakpoint whose mask @msr is, or -1: none, or the processor has no such thing */
static int dr_mask_index(u32 msr)
{
    if (!cpu_has(XEN_X86_FEATURE_DBEXT))
        return -1;
    if (msr == MSR_AMD_DR0_MASK)
        return 0;
    return msr >= MSR_AMD_DR1_MASK && msr <= MSR_AMD_DR3_MASK ? (int)(msr - MSR_AMD_DR1_MASK) + 1 : -1;
}

void guest_dr_masks_load(const struct guest_msrs *g)
{
    for (unsigned i = 0; i < 4 && cpu_has(XEN_X86_FEATURE_DBEXT); i++) {
        if (this_cpu(dr_masks).of[i] == g->dr_mask[i])
            continue;
        this_cpu(dr_masks).of[i] = g->dr_mask[i];
        wrmsr(guest_dr_mask_msr(i), g->dr_mask[i]);
    }
}

static int write_dr_mask(struct guest_msrs *g, unsigned i, u64 value)
{
    if (value >> 32)
        return -EPERM;
    g->dr_mask[i] = (u32)value;
    return 0;
}

static u64 spec_ctrl_bits(void)
{
    u64 bits = 0;

    if (cpu_has(XEN_X86_FEATURE_IBRSB))
        bits |= SPEC_CTRL_IBRS | SPEC_CTRL_STIBP;
    if (cpu_has(XEN_X86_FEATURE_SSBD))
        bits |= SPEC_CTRL_SSBD;
    return bits;
}

static bool has_ibpb(void)
{
    return cpu_has(XEN_X86_FEATURE_IBRSB) || cpu_has(XEN_X86_FEATURE_IBPB);
}

/* MISC_ENABLE without what is the hypervisor's. */
static u64 guest_misc_enable(u64 v)
{
    v &= ~(u64)(MISC_ENABLE_PERF_AVAIL | MISC_ENABLE_MONITOR);
    return v | MISC_ENABLE_BTS_UNAVAIL | MISC_ENABLE_PEBS_UNAVAIL | MISC_ENABLE_XTPR_DISABLE;
}

/* Machine-check registers: two banks in which nothing ever happens. @return -ENOENT: not one of them */
static int read_mce(u32 msr, u64 *value)
{
    *value = 0;
    if (msr == MSR_MCG_CAP)
        *value = MCG_CAP_BANKS;
    else if (msr == MSR_MCG_CTL)
        return -EPERM;
    else if (msr >= MSR_MC0_CTL && msr <= MSR_MC_LAST_BANK_REG)
        *value = (msr & 3) == 0 ? ~0UL : 0;
    else if (msr != MSR_MCG_STATUS && msr != 0 && msr != 1) /* P5_MC_ADDR, P5_MC_TYPE */
        return -ENOENT;
    return 0;
}

static int write_mce(u32 msr, u64 value)
{
    if (msr == MSR_MCG_CAP || msr == MSR_MCG_CTL)
        return -EPERM;
    if (msr >= MSR_MC0_CTL && msr <= MSR_MC_LAST_BANK_REG)
        return (msr & 3) != 0 && value ? -EPERM : 0;
    return msr == MSR_MCG_STATUS ? 0 : -ENOENT;
}

/* AMD's own registers. @return -ENOENT: not one of them */
static int read_amd(const struct guest_msrs *g, u32 msr, u64 *value)
{
    if (!cpu_is_amd_like())
        return -ENOENT;
    if (msr >= MSR_AMD_PSTATE_LIMIT && msr <= MSR_AMD_PSTATE_DEF7) {
        *value = 0;
        return g->control_domain && rdmsr_safe(msr, value) ? -EPERM : 0;
    }
    switch (msr) {
    case MSR_K7_HWCR:
        *value = HWCR_TSC_FREQ_SEL;
        return 0;
    case MSR_AMD_DE_CFG:
        *value = DE_CFG_LFENCE_SERIALISE;
        return 0;
    }
    return -ENOENT;
}

static int read_intel(const struct guest_msrs *g, u32 msr, u64 *value)
{
    if (!is_intel())
        return -ENOENT;
    switch (msr) {
    case MSR_PLATFORM_ID:
        return rdmsr_safe(msr, value) ? -EPERM : 0;
    case MSR_FEATURE_CONTROL:
        *value = 1; /* locked, nothing enabled */
        return 0;
    case MSR_MISC_ENABLE:
        if (rdmsr_safe(msr, value))
            return -EPERM;
        *value = guest_misc_enable(*value);
        return 0;
    case MSR_INTEL_PLATFORM_INFO:
        *value = cpuid_faulting_available() ? PLATFORM_INFO_CPUID_FAULTING : 0;
        return 0;
    case MSR_INTEL_MISC_FEATURES_ENABLES:
        *value = g->cpuid_faulting ? MISC_FEATURES_CPUID_FAULTING : 0;
        return 0;
    case MSR_ARCH_CAPABILITIES:
        if (!g->control_domain || !cpu_has(XEN_X86_FEATURE_ARCH_CAPS))
            return -EPERM;
        *value = boot_cpu.words[16] | (u64)boot_cpu.words[17] << 32;
        return 0;
    }
    return -ENOENT;
}

static int read_common(const struct guest_msrs *g, u32 msr, u64 *value)
{
    switch (msr) {
    case MSR_EFER:
        *value = rdmsr(MSR_EFER) & ~(u64)EFER_SVME;
        return 0;
    case MSR_APIC_BASE:
        *value = APIC_DEFAULT_BASE | APIC_BASE_ENABLE | (g->boot_vcpu ? APIC_BASE_BSP : 0);
        return 0;
    case MSR_PAT:
        *value = XEN_PAT;
        return 0;
    case MSR_UCODE_REV:
        return rdmsr_safe(msr, value) ? -EPERM : 0;
    case MSR_SPEC_CTRL:
        *value = g->spec_ctrl;
        return spec_ctrl_bits() ? 0 : -EPERM;
    case MSR_TSC_AUX:
        *value = g->tsc_aux;
        return cpu_has(XEN_X86_FEATURE_RDTSCP) || cpu_has(XEN_X86_FEATURE_RDPID) ? 0 : -EPERM;
    case MSR_MPERF: case MSR_APERF:
        return g->control_domain && !rdmsr_safe(msr, value) ? 0 : -EPERM;
    }
    return -ENOENT;
}

int guest_rdmsr(const struct guest_msrs *g, u32 msr, u64 *value)
{
    int rc = read_common(g, msr, value), mask = dr_mask_index(msr);

    if (mask >= 0) {
        *value = g->dr_mask[mask];
        return 0;
    }
    if (rc == -ENOENT)
        rc = read_intel(g, msr, value);
    if (rc == -ENOENT)
        rc = read_amd(g, msr, value);
    if (rc == -ENOENT)
        rc = read_mce(msr, value);
    if (rc == -ENOENT && g->relaxed && !rdmsr_safe(msr, value)) {
        *value = 0;
        rc = 0;
    }
    return rc == -ENOENT ? -EPERM : rc;
}

static int write_spec_ctrl(struct guest_msrs *g, u64 value)
{
    if (!spec_ctrl_bits() || (value & ~spec_ctrl_bits()))
        return -EPERM;
    g->spec_ctrl = value;
    guest_msrs_load(g);
    return 0;
}

static int write_pred_cmd(u64 value)
{
    if (!has_ibpb() || (value & ~PRED_CMD_IBPB))
        return -EPERM;
    if (value)
        wrmsr(MSR_PRED_CMD, value);
    return 0;
}

static int write_tsc_aux(struct guest_msrs *g, u64 value)
{
    if ((!cpu_has(XEN_X86_FEATURE_RDTSCP) && !cpu_has(XEN_X86_FEATURE_RDPID)) || value >> 32)
        return -EPERM;
    g->tsc_aux = (u32)value;
    guest_msrs_load(g);
    return 0;
}

static int write_misc_features(struct guest_msrs *g, u64 value)
{
    if (!is_intel() || (value & ~(u64)MISC_FEATURES_CPUID_FAULTING) || (value && !cpuid_faulting_available()))
        return -EPERM;
    g->cpuid_faulting = value;
    guest_msrs_load(g);
    return 0;
}

int guest_wrmsr(struct guest_msrs *g, u32 msr, u64 value)
{
    int rc, mask = dr_mask_index(msr);

    if (mask >= 0)
        return write_dr_mask(g, (unsigned)mask, value);
    switch (msr) {
    case MSR_SPEC_CTRL:
        return write_spec_ctrl(g, value);
    case MSR_PRED_CMD:
        return write_pred_cmd(value);
    case MSR_TSC_AUX:
        return write_tsc_aux(g, value);
    case MSR_INTEL_MISC_FEATURES_ENABLES:
        return write_misc_features(g, value);
    case MSR_PAT:
        return value == XEN_PAT ? 0 : -EPERM;
    case MSR_EFER:
        return value == (rdmsr(MSR_EFER) & ~(u64)EFER_SVME) ? 0 : -EPERM;
    case MSR_UCODE_REV: case MSR_MISC_ENABLE: case MSR_PERF_CTL: case MSR_THERM_CONTROL:
    case MSR_ENERGY_PERF_BIAS: case MSR_MPERF: case MSR_APERF:
        return 0; /* ignored: the hypervisor's business */
    case MSR_AMD_PATCH_LOADER: case MSR_AMD_PSTATE_CTRL:
        return cpu_is_amd_like() ? 0 : -EPERM;
    case MSR_AMD_DE_CFG: case MSR_K7_HWCR:
        return cpu_is_amd_like() ? 0 : -EPERM;
    }
    rc = write_mce(msr, value);
    return rc == -ENOENT ? -EPERM : rc;
}

/* Interrupts may come meanwhile: they do not look at these registers. */
void guest_msrs_load(const struct guest_msrs *g)
{
    if (this_cpu(tsc_aux) != g->tsc_aux) {
        this_cpu(tsc_aux) = g->tsc_aux;
        wrmsr(MSR_TSC_AUX, g->tsc_aux);
    }
    if (this_cpu(spec_ctrl) != g->spec_ctrl) {
        this_cpu(spec_ctrl) = g->spec_ctrl;
        wrmsr(MSR_SPEC_CTRL, g->spec_ctrl);
    }
    if (this_cpu(cpuid_faulting) != g->cpuid_faulting) {
        this_cpu(cpuid_faulting) = g->cpuid_faulting;
        wrmsr(MSR_INTEL_MISC_FEATURES_ENABLES, g->cpuid_faulting ? MISC_FEATURES_CPUID_FAULTING : 0);
    }
}
