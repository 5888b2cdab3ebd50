/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processor's registers by name and the instructions that C lacks:
 * control registers, MSRs, CPUID, port I/O. Numbers are usable from assembly.
 * Sources: Intel SDM Vol 3 chapters 2 and 4, Vol 4 (MSRs); AMD APM Vol 2
 * chapters 3 and 5 and appendix A. No state, no locks.
 */
#ifndef HV_MACHINE_X86_H
#define HV_MACHINE_X86_H

/* RFLAGS, SDM Vol 1 3.4.3 */
#define RFLAGS_CF 0x00000001
#define RFLAGS_FIXED 0x00000002 /* always set */
#define RFLAGS_PF 0x00000004
#define RFLAGS_AF 0x00000010
#define RFLAGS_ZF 0x00000040
#define RFLAGS_SF 0x00000080
#define RFLAGS_TF 0x00000100
#define RFLAGS_IF 0x00000200
#define RFLAGS_DF 0x00000400
#define RFLAGS_OF 0x00000800
#define RFLAGS_IOPL 0x00003000
#define RFLAGS_IOPL_SHIFT 12
#define RFLAGS_NT 0x00004000
#define RFLAGS_RF 0x00010000
#define RFLAGS_VM 0x00020000
#define RFLAGS_AC 0x00040000
#define RFLAGS_VIF 0x00080000
#define RFLAGS_VIP 0x00100000
#define RFLAGS_ID 0x00200000

/* Control registers, SDM Vol 3 2.5 */
#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_EM 0x00000004
#define CR0_TS 0x00000008
#define CR0_ET 0x00000010
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_AM 0x00040000
#define CR0_NW 0x20000000
#define CR0_CD 0x40000000
#define CR0_PG 0x80000000

#define CR4_VME 0x00000001
#define CR4_PVI 0x00000002
#define CR4_TSD 0x00000004
#define CR4_DE 0x00000008
#define CR4_PSE 0x00000010
#define CR4_PAE 0x00000020
#define CR4_MCE 0x00000040
#define CR4_PGE 0x00000080
#define CR4_PCE 0x00000100
#define CR4_OSFXSR 0x00000200
#define CR4_OSXMMEXCPT 0x00000400
#define CR4_UMIP 0x00000800
#define CR4_VMXE 0x00002000
#define CR4_SMXE 0x00004000
#define CR4_FSGSBASE 0x00010000
#define CR4_PCIDE 0x00020000
#define CR4_OSXSAVE 0x00040000
#define CR4_SMEP 0x00100000
#define CR4_SMAP 0x00200000
#define CR4_PKE 0x00400000

/* Extended control register 0, SDM Vol 1 13.3 */
#define XCR0_X87 0x001
#define XCR0_SSE 0x002
#define XCR0_AVX 0x004
#define XCR0_BNDREGS 0x008
#define XCR0_BNDCSR 0x010
#define XCR0_OPMASK 0x020
#define XCR0_ZMM_HI256 0x040
#define XCR0_HI16_ZMM 0x080
#define XCR0_PKRU 0x200
#define XCR0_AVX512 (XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM)

/* Debug registers, SDM Vol 3 17.2 */
#define DR6_DEFAULT 0xffff0ff0
#define DR6_BS 0x00004000
#define DR7_DEFAULT 0x00000400
#define DR7_GD 0x00002000
#define DR7_ENABLE_MASK 0x000000ff

/* Model-specific registers */
#define MSR_TSC 0x00000010
#define MSR_PLATFORM_ID 0x00000017
#define MSR_APIC_BASE 0x0000001b
#define APIC_BASE_BSP 0x00000100
#define APIC_BASE_X2APIC 0x00000400
#define APIC_BASE_ENABLE 0x00000800
#define MSR_FEATURE_CONTROL 0x0000003a
#define MSR_TSC_ADJUST 0x0000003b
#define MSR_SPEC_CTRL 0x00000048
#define MSR_PRED_CMD 0x00000049
#define MSR_PPIN_CTL 0x0000004e
#define MSR_INTEL_UCODE_WRITE 0x00000079
#define MSR_UCODE_REV 0x0000008b
#define MSR_SMM_MONITOR_CTL 0x0000009b
#define MSR_INTEL_PLATFORM_INFO 0x000000ce
#define PLATFORM_INFO_CPUID_FAULTING 0x80000000
#define MSR_MPERF 0x000000e7
#define MSR_APERF 0x000000e8
#define MSR_MTRRCAP 0x000000fe
#define MSR_ARCH_CAPABILITIES 0x0000010a
#define ARCH_CAPS_RDCL_NO 0x00000001
#define ARCH_CAPS_EIBRS 0x00000002
#define ARCH_CAPS_RSBA 0x00000004
#define ARCH_CAPS_MDS_NO 0x00000020
#define MSR_FLUSH_CMD 0x0000010b
#define MSR_TSX_CTRL 0x00000122
#define MSR_INTEL_MISC_FEATURES_ENABLES 0x00000140
#define MISC_FEATURES_CPUID_FAULTING 0x00000001
#define MSR_SYSENTER_CS 0x00000174
#define MSR_SYSENTER_ESP 0x00000175
#define MSR_SYSENTER_EIP 0x00000176
#define MSR_MCG_CAP 0x00000179
#define MSR_MCG_STATUS 0x0000017a
#define MSR_MCG_CTL 0x0000017b
#define MSR_PERF_STATUS 0x00000198
#define MSR_PERF_CTL 0x00000199
#define MSR_MISC_ENABLE 0x000001a0
#define MISC_ENABLE_PERF_AVAIL 0x00000080
#define MISC_ENABLE_BTS_UNAVAIL 0x00000800
#define MISC_ENABLE_PEBS_UNAVAIL 0x00001000
#define MISC_ENABLE_MONITOR 0x00040000
#define MSR_DEBUGCTL 0x000001d9
#define MSR_MTRR_PHYSBASE0 0x00000200
#define MSR_MTRR_PHYSMASK7 0x0000020f
#define MSR_MTRR_FIX64K_00000 0x00000250
#define MSR_MTRR_FIX4K_F8000 0x0000026f
#define MSR_PAT 0x00000277
#define MSR_MTRR_DEF_TYPE 0x000002ff
#define MSR_MC0_CTL 0x00000400
#define MSR_TSC_DEADLINE 0x000006e0
#define MSR_X2APIC_FIRST 0x00000800
#define MSR_X2APIC_LAST 0x000008ff
#define MSR_EFER 0xc0000080
#define EFER_SCE 0x00000001
#define EFER_LME 0x00000100
#define EFER_LMA 0x00000400
#define EFER_NX 0x00000800
#define EFER_SVME 0x00001000
#define EFER_LMSLE 0x00002000
#define EFER_FFXSR 0x00004000
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SYSCALL_MASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define MSR_K7_EVNTSEL0 0xc0010000
#define MSR_K7_PERFCTR3 0xc0010007
#define MSR_K8_SYSCFG 0xc0010010
#define MSR_K7_HWCR 0xc0010015
#define HWCR_TSC_FREQ_SEL 0x01000000
#define HWCR_CPUID_USER_DIS 0x800000000
#define MSR_K8_TOP_MEM2 0xc001001d
#define MSR_AMD_PATCH_LOADER 0xc0010020
#define MSR_AMD_INT_PENDING 0xc0010055
#define MSR_AMD_PSTATE_LIMIT 0xc0010061
#define MSR_AMD_PSTATE_CTRL 0xc0010062
#define MSR_AMD_PSTATE_STATUS 0xc0010063
#define MSR_AMD_PSTATE_DEF0 0xc0010064
#define MSR_AMD_PSTATE_DEF7 0xc001006b
#define MSR_K8_VM_CR 0xc0010114
#define MSR_AMD_OSVW_LENGTH 0xc0010140
#define MSR_AMD_OSVW_STATUS 0xc0010141
#define MSR_VIRT_SPEC_CTRL 0xc001011f
#define MSR_F15H_EVNTSEL0 0xc0010200
#define MSR_F15H_PERFCTR5 0xc001020b
#define MSR_AMD_DR1_MASK 0xc0011019 /* DR2 and DR3 follow; those of DR0 are elsewhere. APM Vol 2 13.1.1.4 */
#define MSR_AMD_DR3_MASK 0xc001101b
#define MSR_AMD_DR0_MASK 0xc0011027
#define MSR_AMD_DE_CFG 0xc0011029
#define DE_CFG_LFENCE_SERIALISE 0x00000002

/*
 * The page attribute table of the ABI (a PV guest reads this from MSR_PAT and
 * uses its PTE bits accordingly): WB, WT, UC-, UC, WC, WP, UC, UC.
 */
#define XEN_PAT 0x0000050100070406

#ifndef __ASSEMBLY__
#include "errno.h"
#include "types.h"

/* Notes that a fault of the instruction at @insn continues at @fixup (machine/extable.c). */
#define EXTABLE(insn, fixup)                   \
    ".pushsection .ex_table, \"a\"\n\t"        \
    ".balign 4\n\t"                            \
    ".long " insn " - .\n\t"                   \
    ".long " fixup " - .\n\t"                  \
    ".popsection\n\t"

static inline u64 rdmsr(u32 msr)
{
    u32 lo, hi;

    __asm__ __volatile__("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 val)
{
    __asm__ __volatile__("wrmsr" : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}

/* @return 0, or -EFAULT when the register does not exist (#GP); *@val is then 0. */
static inline int rdmsr_safe(u32 msr, u64 *val)
{
    u32 lo, hi;

    __asm__ goto("1: rdmsr\n\t" EXTABLE("1b", "%l[fault]") : "=a"(lo), "=d"(hi) : "c"(msr) : : fault);
    *val = (u64)hi << 32 | lo;
    return 0;
fault:
    *val = 0;
    return -EFAULT;
}

/* @return 0, or -EFAULT when the register or the value is refused (#GP). */
static inline int wrmsr_safe(u32 msr, u64 val)
{
    __asm__ goto("1: wrmsr\n\t" EXTABLE("1b", "%l[fault]")
                 : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory" : fault);
    return 0;
fault:
    return -EFAULT;
}

struct cpuid_regs {
    u32 a, b, c, d;
};

static inline struct cpuid_regs cpuid_count(u32 leaf, u32 subleaf)
{
    struct cpuid_regs r;

    __asm__ __volatile__("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
    return r;
}

static inline struct cpuid_regs cpuid(u32 leaf)
{
    return cpuid_count(leaf, 0);
}

static inline u8 inb(u16 port)
{
    u8 v;

    __asm__ __volatile__("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline u16 inw(u16 port)
{
    u16 v;

    __asm__ __volatile__("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline u32 inl(u16 port)
{
    u32 v;

    __asm__ __volatile__("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline void outb(u16 port, u8 v)
{
    __asm__ __volatile__("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(u16 port, u16 v)
{
    __asm__ __volatile__("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outl(u16 port, u32 v)
{
    __asm__ __volatile__("outl %0, %1" : : "a"(v), "Nd"(port));
}

#define DEFINE_REGISTER_ACCESS(reg)                                        \
    static inline u64 read_##reg(void)                                     \
    {                                                                      \
        u64 v;                                                             \
                                                                           \
        __asm__ __volatile__("mov %%" #reg ", %0" : "=r"(v) : : "memory"); \
        return v;                                                          \
    }                                                                      \
    static inline void write_##reg(u64 v)                                  \
    {                                                                      \
        __asm__ __volatile__("mov %0, %%" #reg : : "r"(v) : "memory");     \
    }
DEFINE_REGISTER_ACCESS(cr0)
DEFINE_REGISTER_ACCESS(cr2)
DEFINE_REGISTER_ACCESS(cr3)
DEFINE_REGISTER_ACCESS(cr4)
DEFINE_REGISTER_ACCESS(cr8)
DEFINE_REGISTER_ACCESS(dr0)
DEFINE_REGISTER_ACCESS(dr1)
DEFINE_REGISTER_ACCESS(dr2)
DEFINE_REGISTER_ACCESS(dr3)
DEFINE_REGISTER_ACCESS(dr6)
DEFINE_REGISTER_ACCESS(dr7)
#undef DEFINE_REGISTER_ACCESS

static inline void clts(void)
{
    __asm__ __volatile__("clts" : : : "memory");
}

static inline void stts(void)
{
    write_cr0(read_cr0() | CR0_TS);
}

static inline void invlpg(u64 va)
{
    __asm__ __volatile__("invlpg (%0)" : : "r"(va) : "memory");
}

/* Kinds of INVPCID, SDM Vol 2 INVPCID */
enum invpcid_type { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_ALL, INVPCID_ALL_NONGLOBAL };

static inline void invpcid(enum invpcid_type type, u64 pcid, u64 va)
{
    struct {
        u64 pcid, va;
    } d = { pcid, va };

    __asm__ __volatile__("invpcid %0, %1" : : "m"(d), "r"((u64)type) : "memory");
}

static inline void wbinvd(void)
{
    __asm__ __volatile__("wbinvd" : : : "memory");
}

static inline u64 xgetbv(u32 index)
{
    u32 lo, hi;

    __asm__ __volatile__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
    return (u64)hi << 32 | lo;
}

static inline void xsetbv(u32 index, u64 v)
{
    __asm__ __volatile__("xsetbv" : : "c"(index), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

/* Opens user pages to the hypervisor under SMAP; only valid where CR4.SMAP can be set. */
static inline void stac(void)
{
    __asm__ __volatile__("stac" : : : "memory");
}

static inline void clac(void)
{
    __asm__ __volatile__("clac" : : : "memory");
}

/* RDTSC that no earlier load passes. */
static inline u64 rdtsc_ordered(void)
{
    u32 lo, hi;

    __asm__ __volatile__("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
    return (u64)hi << 32 | lo;
}

/* Registers of a memory-mapped device. */
static inline u32 mmio_read32(const volatile void *p)
{
    return *(const volatile u32 *)p;
}

static inline void mmio_write32(volatile void *p, u32 v)
{
    *(volatile u32 *)p = v;
}
#endif /* !__ASSEMBLY__ */

#endif
