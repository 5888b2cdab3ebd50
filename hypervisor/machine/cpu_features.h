/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the processors of this machine can do. Features are numbered as in the
 * ABI (xen/arch-x86/cpufeatureset.h: word * 32 + bit of a CPUID register), so
 * that cpu_has(XEN_X86_FEATURE_SMEP) reads like the manual. All CPUs are taken
 * to be equal to the boot CPU; one that is not is refused at start.
 */
#ifndef HV_MACHINE_CPU_FEATURES_H
#define HV_MACHINE_CPU_FEATURES_H

#include "types.h"
#include <xen/arch-x86/cpufeatureset.h>

enum cpu_vendor { CPU_INTEL, CPU_AMD, CPU_HYGON, CPU_CENTAUR, CPU_ZHAOXIN, CPU_OTHER };

#define FEATURE_WORDS 19

struct cpu_features {
    enum cpu_vendor vendor;
    u16 family, model;          /* with the extended fields added, SDM Vol 2 CPUID */
    u8 stepping;
    u8 phys_bits, linear_bits;  /* address widths */
    u8 clflush_bytes;
    u32 max_leaf, max_ext_leaf; /* highest CPUID leaves */
    u32 words[FEATURE_WORDS];
    char name[49];
};
extern struct cpu_features boot_cpu;

static inline bool features_test(const u32 *words, unsigned feature)
{
    return words[feature / 32] >> (feature % 32) & 1;
}

static inline bool cpu_has(unsigned feature)
{
    return features_test(boot_cpu.words, feature);
}

static inline bool cpu_is_amd_like(void)
{
    return boot_cpu.vendor == CPU_AMD || boot_cpu.vendor == CPU_HYGON;
}

extern u32 cpu_firmware_denied; /* what boot/head.S had to switch on again, bits of machine/misc_enable.h */
extern bool cpu_has_meltdown; /* user mode can read memory that its page tables map for the kernel (CVE-2017-5754) */
extern bool cpu_uses_xpti;    /* isolate guests' page tables: xpti= and the above */
extern bool cpu_uses_smap;    /* CR4.SMAP is set: access to guest memory needs STAC/CLAC */
extern bool cpu_is_tcg;       /* QEMU emulates this machine without hardware virtualization */
extern u64 cpu_cr4;           /* CR4 of every CPU while the hypervisor or a PV guest runs */

/* Reads CPUID of the boot CPU, decides on protections, sets up its registers and reports. Once, before the options of the platform are needed elsewhere. */
void cpu_features_init(void);

/* CR0, CR4, EFER and PAT of the CPU we run on. */
void cpu_setup_features(void);

/* Fills @f from the CPUID of the CPU we run on. */
void cpu_features_read(struct cpu_features *f);

/* Pure decision by vendor, family, model and IA32_ARCH_CAPABILITIES. */
bool cpu_exposed_to_meltdown(const struct cpu_features *f);

#endif
