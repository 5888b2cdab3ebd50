/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds out what the processors can do, decides which protections are used
 * (SMEP, SMAP, isolation of page tables against Meltdown) and sets the control
 * registers of a CPU accordingly. What guests are told is in cpuid_policy.c.
 * Called by boot/main.c and for each further CPU by smp.c; no locks, all
 * variables are read-only once cpu_features_init() has run.
 */
#include "machine/cpu_features.h"

#include "lib/string.h"
#include "machine/console.h"
#include "machine/misc_enable.h"
#include "machine/platform.h"
#include "machine/x86.h"

struct cpu_features boot_cpu;
u32 cpu_firmware_denied;
bool cpu_has_meltdown, cpu_uses_xpti, cpu_uses_smap, cpu_is_tcg;
u64 cpu_cr4;

static enum cpu_vendor vendor_of(const struct cpuid_regs *r)
{
    static const struct {
        char id[13];
        enum cpu_vendor vendor;
    } known[] = {
        { "GenuineIntel", CPU_INTEL },   { "AuthenticAMD", CPU_AMD },   { "HygonGenuine", CPU_HYGON },
        { "CentaurHauls", CPU_CENTAUR }, { "  Shanghai  ", CPU_ZHAOXIN },
    };
    u32 id[3] = { r->b, r->d, r->c };

    for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
        if (!memcmp(id, known[i].id, sizeof(id)))
            return known[i].vendor;
    return CPU_OTHER;
}

/* Family, model and stepping from CPUID leaf 1 EAX, SDM Vol 2 CPUID "Version Information". */
static void read_signature(struct cpu_features *f, u32 eax)
{
    f->stepping = eax & 0xf;
    f->model = eax >> 4 & 0xf;
    f->family = eax >> 8 & 0xf;
    if (f->family == 6 || f->family == 15)
        f->model |= eax >> 12 & 0xf0;
    if (f->family == 15)
        f->family += eax >> 20 & 0xff;
}

static void read_extended_leaves(struct cpu_features *f)
{
    struct cpuid_regs r;

    if (f->max_ext_leaf >= 0x80000001) {
        r = cpuid(0x80000001);
        f->words[2] = r.d;
        f->words[3] = r.c;
    }
    if (f->max_ext_leaf >= 0x80000004)
        for (unsigned i = 0; i < 3; i++) {
            r = cpuid(0x80000002 + i);
            memcpy(f->name + i * sizeof(r), &r, sizeof(r));
        }
    if (f->max_ext_leaf >= 0x80000007)
        f->words[7] = cpuid(0x80000007).d;
    if (f->max_ext_leaf >= 0x80000008) {
        r = cpuid(0x80000008);
        f->words[8] = r.b;
        f->phys_bits = r.a;
        f->linear_bits = r.a >> 8;
    }
    if (f->max_ext_leaf >= 0x80000021) {
        r = cpuid(0x80000021);
        f->words[11] = r.a;
        f->words[18] = r.c;
    }
}

static void read_leaf_7(struct cpu_features *f)
{
    struct cpuid_regs r = cpuid_count(7, 0);
    u32 last = r.a;

    f->words[5] = r.b;
    f->words[6] = r.c;
    f->words[9] = r.d;
    if (last >= 1) {
        r = cpuid_count(7, 1);
        f->words[10] = r.a;
        f->words[12] = r.b;
        f->words[14] = r.c;
        f->words[15] = r.d;
    }
    if (last >= 2)
        f->words[13] = cpuid_count(7, 2).d;
}

void cpu_features_read(struct cpu_features *f)
{
    struct cpuid_regs r = cpuid(0);
    u64 caps;

    memset(f, 0, sizeof(*f));
    f->phys_bits = 36;
    f->linear_bits = 48;
    f->max_leaf = r.a;
    f->vendor = vendor_of(&r);
    r = cpuid(0x80000000);
    f->max_ext_leaf = r.a >> 16 == 0x8000 ? r.a : 0;

    r = cpuid(1);
    read_signature(f, r.a);
    f->clflush_bytes = (r.b >> 8 & 0xff) * 8;
    f->words[0] = r.d;
    f->words[1] = r.c;
    if (f->max_leaf >= 7)
        read_leaf_7(f);
    if (f->max_leaf >= 13)
        f->words[4] = cpuid_count(13, 1).a;
    read_extended_leaves(f);
    if (features_test(f->words, XEN_X86_FEATURE_ARCH_CAPS) && !rdmsr_safe(MSR_ARCH_CAPABILITIES, &caps)) {
        f->words[16] = (u32)caps;
        f->words[17] = (u32)(caps >> 32);
    }
}

/*
 * AMD, Hygon and Zhaoxin check permissions before they forward data. Intel's
 * do not, except in-order Atoms and those that say so (Intel: "Deep Dive:
 * CPUID Enumeration and Architectural MSRs", RDCL_NO).
 */
bool cpu_exposed_to_meltdown(const struct cpu_features *f)
{
    static const u8 in_order_atoms[] = { 0x1c, 0x26, 0x27, 0x35, 0x36 };

    if (f->vendor == CPU_AMD || f->vendor == CPU_HYGON)
        return false;
    if ((f->vendor == CPU_CENTAUR || f->vendor == CPU_ZHAOXIN) && f->family >= 7)
        return false;
    if (f->words[16] & ARCH_CAPS_RDCL_NO)
        return false;
    if (f->vendor == CPU_INTEL && f->family == 6)
        for (unsigned i = 0; i < ARRAY_SIZE(in_order_atoms); i++)
            if (f->model == in_order_atoms[i])
                return false;
    return true;
}

static bool runs_on_tcg(void)
{
    struct cpuid_regs r;

    if (!cpu_has(XEN_X86_FEATURE_HYPERVISOR))
        return false;
    r = cpuid(0x40000000);
    return r.b == 0x54474354 && r.c == 0x43544743 && r.d == 0x47435447; /* TCGTCGTCGTCG */
}

/*
 * QEMU's TCG (seen in 7.2) makes an IRET of user mode pop its frame with
 * supervisor rights, so that SMAP refuses it; PV kernels execute IRET in ring 3.
 */
static bool choose_smap(void)
{
    if (!cpu_has(XEN_X86_FEATURE_SMAP) || platform_options.smap == OPTION_OFF)
        return false;
    return platform_options.smap == OPTION_ON || !cpu_is_tcg;
}

static u64 choose_cr4(void)
{
    u64 cr4 = CR4_PAE | CR4_PGE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (cpu_has(XEN_X86_FEATURE_MCE))
        cr4 |= CR4_MCE;
    if (cpu_has(XEN_X86_FEATURE_FSGSBASE))
        cr4 |= CR4_FSGSBASE;
    if (cpu_has(XEN_X86_FEATURE_XSAVE))
        cr4 |= CR4_OSXSAVE;
    if (cpu_has(XEN_X86_FEATURE_SMEP) && platform_options.smep)
        cr4 |= CR4_SMEP;
    if (choose_smap())
        cr4 |= CR4_SMAP;
    return cr4;
}

/* AMD: LFENCE waits for all earlier instructions only when this bit is set (AMD "Software techniques ... V2"). */
static void setup_lfence(void)
{
    u64 cfg;

    if (!cpu_is_amd_like() || cpu_has(XEN_X86_FEATURE_LFENCE_DISPATCH) || boot_cpu.family == 0xf)
        return;
    if (!rdmsr_safe(MSR_AMD_DE_CFG, &cfg) && !(cfg & DE_CFG_LFENCE_SERIALISE))
        wrmsr_safe(MSR_AMD_DE_CFG, cfg | DE_CFG_LFENCE_SERIALISE);
}

void cpu_setup_features(void)
{
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NX);
    write_cr0(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    write_cr4(cpu_cr4);
    if (cpu_has(XEN_X86_FEATURE_PAT))
        wrmsr(MSR_PAT, XEN_PAT);
    setup_lfence();
}

static void report(void)
{
    static const struct {
        unsigned feature;
        const char *name;
    } listed[] = {
        { XEN_X86_FEATURE_VMX, "VMX" },       { XEN_X86_FEATURE_SVM, "SVM" },
        { XEN_X86_FEATURE_X2APIC, "x2APIC" }, { XEN_X86_FEATURE_PCID, "PCID" },
        { XEN_X86_FEATURE_XSAVE, "XSAVE" },   { XEN_X86_FEATURE_FSGSBASE, "FSGSBASE" },
        { XEN_X86_FEATURE_ITSC, "ITSC" },     { XEN_X86_FEATURE_TSC_DEADLINE, "TSC_DEADLINE" },
        { XEN_X86_FEATURE_IBRSB, "IBRS" },    { XEN_X86_FEATURE_STIBP, "STIBP" },
        { XEN_X86_FEATURE_IBPB, "IBPB" },     { XEN_X86_FEATURE_SSBD, "SSBD" },
        { XEN_X86_FEATURE_MD_CLEAR, "MD_CLEAR" },
    };
    char line[128];

    line[0] = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(listed); i++)
        if (cpu_has(listed[i].feature)) {
            size_t len = strlen(line);

            line[len] = ' ';
            strlcpy(line + len + 1, listed[i].name, sizeof(line) - len - 1);
        }
    pr_info("CPU: %s, family %#x model %#x stepping %u, %u physical address bits\n",
            boot_cpu.name[0] ? boot_cpu.name : "unnamed", boot_cpu.family, boot_cpu.model,
            boot_cpu.stepping, boot_cpu.phys_bits);
    pr_info("CPU features:%s\n", line);
    if (cpu_firmware_denied)
        pr_info("CPU:%s%s had been switched off by firmware and is on\n",
                cpu_firmware_denied & BIT(MISC_ENABLE_NO_NX_HIGH) ? " NX" : "",
                cpu_firmware_denied & BIT(MISC_ENABLE_LIMIT_CPUID) ? " CPUID above leaf 3" : "");
    pr_info("Protections: SMEP %s, SMAP %s, page-table isolation %s (CPU %s to Meltdown)\n",
            cpu_cr4 & CR4_SMEP ? "on" : "off", cpu_uses_smap ? "on" : "off",
            cpu_uses_xpti ? "on" : "off", cpu_has_meltdown ? "exposed" : "not exposed");
}

void cpu_features_init(void)
{
    cpu_features_read(&boot_cpu);
    cpu_is_tcg = runs_on_tcg();
    cpu_cr4 = choose_cr4();
    cpu_uses_smap = cpu_cr4 & CR4_SMAP;
    cpu_has_meltdown = cpu_exposed_to_meltdown(&boot_cpu);
    cpu_uses_xpti = platform_options.xpti == OPTION_AUTO ? cpu_has_meltdown : platform_options.xpti == OPTION_ON;
    cpu_setup_features();
    report();
}
