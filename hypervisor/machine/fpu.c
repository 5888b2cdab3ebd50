/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving and loading of extended state by XSAVE(OPT)/XRSTOR or FXSAVE/FXRSTOR.
 * Whatever a guest's XCR0 says at the moment, all components that any guest may
 * use are saved and loaded, so that nothing is lost or leaked when it changes.
 * Called by the context switch with interrupts disabled; per-CPU state only.
 * The hypervisor itself uses no such registers (-mgeneral-regs-only).
 */
#include "machine/fpu.h"

#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu_features.h"
#include "machine/percpu.h"
#include "machine/x86.h"

#define FXSAVE_SIZE 512
#define XSAVE_HEADER_SIZE 64
#define FCW_DEFAULT 0x37f
#define MXCSR_DEFAULT 0x1f80
#define COMPONENT_FIRST 2 /* components 0 and 1 lie in the FXSAVE part */
#define COMPONENT_COUNT 8 /* those below PKRU: all that PV guests may use */

/* Legacy part and header, SDM Vol 1 13.4.1 and 13.4.2 */
struct xsave_area {
    u16 fcw, fsw;
    u8 ftw, reserved1;
    u16 fop;
    u64 fip, fdp;
    u32 mxcsr, mxcsr_mask;
    u8 registers[FXSAVE_SIZE - 32];
    u64 xstate_bv, xcomp_bv;
    u64 reserved2[6];
};

u64 fpu_xcr0_mask;
static size_t area_size = FXSAVE_SIZE;
static bool use_xsaveopt;
static u32 mxcsr_mask = 0xffbf; /* when FXSAVE reports 0, SDM Vol 1 11.6.6 */
static struct {
    u32 offset, size;
    bool align64; /* compacted format */
} components[COMPONENT_COUNT];

static DEFINE_PERCPU(u64, loaded_xcr0);

/* Writes XCR0 only when it changes: XSETBV is slow. */
static void load_xcr0(u64 xcr0)
{
    if (this_cpu(loaded_xcr0) == xcr0)
        return;
    this_cpu(loaded_xcr0) = xcr0;
    xsetbv(0, xcr0);
}

size_t fpu_size_for(u64 xcr0)
{
    size_t size = FXSAVE_SIZE + XSAVE_HEADER_SIZE;

    for (unsigned i = COMPONENT_FIRST; i < COMPONENT_COUNT; i++)
        if (xcr0 >> i & 1)
            size = MAX(size, (size_t)components[i].offset + components[i].size);
    return size;
}

size_t fpu_compact_size_for(u64 xcr0)
{
    size_t size = FXSAVE_SIZE + XSAVE_HEADER_SIZE;

    for (unsigned i = COMPONENT_FIRST; i < COMPONENT_COUNT; i++)
        if (xcr0 >> i & 1) {
            if (components[i].align64)
                size = ROUND_UP(size, 64);
            size += components[i].size;
        }
    return size;
}

size_t fpu_area_size(void)
{
    return area_size;
}

void fpu_area_init(void *area)
{
    struct xsave_area *a = area;

    memset(a, 0, area_size);
    a->fcw = FCW_DEFAULT;
    a->mxcsr = MXCSR_DEFAULT;
}

/* x87 always; AVX needs SSE; the three parts of AVX-512 come together and need AVX. SDM Vol 1 13.3 */
bool fpu_xcr0_valid(u64 xcr0)
{
    u64 avx512 = xcr0 & XCR0_AVX512;

    if (!(xcr0 & XCR0_X87) || (xcr0 & ~fpu_xcr0_mask))
        return false;
    if ((xcr0 & XCR0_AVX) && !(xcr0 & XCR0_SSE))
        return false;
    return !avx512 || (avx512 == XCR0_AVX512 && (xcr0 & XCR0_AVX));
}

int fpu_set_xcr0(u64 xcr0)
{
    if (!fpu_xcr0_valid(xcr0))
        return -EINVAL;
    load_xcr0(xcr0);
    return 0;
}

bool fpu_area_valid(const void *area, size_t size, u64 xcr0)
{
    const struct xsave_area *a = area;

    if (size < FXSAVE_SIZE || (a->mxcsr & ~mxcsr_mask))
        return false;
    if (!fpu_xcr0_mask)
        return true;
    if (size < sizeof(*a) || size > area_size || !fpu_xcr0_valid(xcr0) || size < fpu_size_for(a->xstate_bv))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(a->reserved2); i++)
        if (a->reserved2[i])
            return false;
    return !(a->xstate_bv & ~xcr0) && !a->xcomp_bv;
}

void fpu_area_import(void *area, const void *fxsave)
{
    struct xsave_area *a = area;

    fpu_area_init(area);
    memcpy(a, fxsave, FXSAVE_SIZE);
    a->mxcsr &= mxcsr_mask;
    if (fpu_xcr0_mask)
        a->xstate_bv = XCR0_X87 | XCR0_SSE;
}

void fpu_save(void *area, u64 xcr0)
{
    clts();
    if (!fpu_xcr0_mask) {
        __asm__ __volatile__("fxsaveq (%0)" : : "r"(area) : "memory");
        return;
    }
    load_xcr0(fpu_xcr0_mask);
    if (use_xsaveopt)
        __asm__ __volatile__("xsaveopt64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ __volatile__("xsave64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
}

/*
 * AMD before Zen leaves the pointers of the last x87 instruction alone when no
 * exception is pending (APM Vol 2 11.4.4.3): they would tell the next guest about
 * the former. Loading any value from memory overwrites them.
 */
static void hide_x87_pointers(const struct xsave_area *a)
{
    static const u32 zero;

    if (!cpu_is_amd_like() || cpu_has(XEN_X86_FEATURE_RSTR_FP_ERR_PTRS) || (a->fsw & 0x80))
        return;
    __asm__ __volatile__("fnclex; ffree %%st(7); fildl %0" : : "m"(zero));
}

/* @return 0, or -EFAULT when the processor refuses the image. */
static int restore(const void *area)
{
    if (fpu_xcr0_mask)
        __asm__ goto("1: xrstor64 (%0)\n\t" EXTABLE("1b", "%l[fault]")
                     : : "r"(area), "a"(~0u), "d"(~0u) : "memory" : fault);
    else
        __asm__ goto("1: fxrstorq (%0)\n\t" EXTABLE("1b", "%l[fault]") : : "r"(area) : "memory" : fault);
    return 0;
fault:
    return -EFAULT;
}

void fpu_load(const void *area, u64 xcr0)
{
    clts();
    if (fpu_xcr0_mask)
        load_xcr0(fpu_xcr0_mask);
    hide_x87_pointers(area);
    if (restore(area)) {
        pr_error("FPU: the processor refused a vCPU's register image, which starts anew\n");
        fpu_area_init((void *)area);
        restore(area);
    }
    fpu_resume(xcr0);
}

void fpu_resume(u64 xcr0)
{
    if (fpu_xcr0_mask && xcr0)
        load_xcr0(xcr0);
}

void fpu_cpu_init(void)
{
    clts();
    if (!fpu_xcr0_mask)
        return;
    this_cpu(loaded_xcr0) = 0;
    load_xcr0(fpu_xcr0_mask);
}

static void read_mxcsr_mask(void)
{
    static struct xsave_area probe __aligned(64);

    __asm__ __volatile__("fxsaveq %0" : "=m"(probe));
    if (probe.mxcsr_mask)
        mxcsr_mask = probe.mxcsr_mask;
}

void fpu_init(void)
{
    struct cpuid_regs r;

    clts();
    read_mxcsr_mask();
    if (!cpu_has(XEN_X86_FEATURE_XSAVE))
        return;
    r = cpuid_count(0xd, 0);
    fpu_xcr0_mask = r.a & (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512);
    if ((fpu_xcr0_mask & XCR0_AVX512) != XCR0_AVX512)
        fpu_xcr0_mask &= ~(u64)XCR0_AVX512;
    for (unsigned i = COMPONENT_FIRST; i < COMPONENT_COUNT; i++) {
        r = cpuid_count(0xd, i);
        components[i].size = r.a;
        components[i].offset = r.b;
        components[i].align64 = r.c & 2;
    }
    area_size = ROUND_UP(fpu_size_for(fpu_xcr0_mask), 64);
    use_xsaveopt = cpu_has(XEN_X86_FEATURE_XSAVEOPT);
    fpu_cpu_init();
}
