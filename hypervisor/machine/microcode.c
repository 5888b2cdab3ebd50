/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads microcode updates (microcode.h) while CPUs start, when no other work
 * runs on them; there is no late loading. Intel: SDM Vol 3 9.11.6; AMD: the
 * patch loader register. The processor itself checks the vendor's signature. No
 * locks: CPUs start one after the other.
 */
#include "machine/microcode.h"

#include "lib/parse.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu_features.h"
#include "machine/platform.h"
#include "machine/x86.h"
#include "option.h"

#define INTEL_FILE "kernel/x86/microcode/GenuineIntel.bin"
#define AMD_FILE "kernel/x86/microcode/AuthenticAMD.bin"
#define INTEL_HEADER_BYTES 48
#define PATCH_ALIGN 16
#define PLATFORM_SHIFT 50
#define PLATFORM_MASK 7

static bool enabled = true; /* ucode= */
static struct microcode_patch patch;

/* ucode=scan, ucode=scan=no, ucode=no; where to look is not a choice here. */
static int parse_ucode(const char *value)
{
    const char *v = !strncmp(value, "scan", 4) ? value + 4 + (value[4] == '=') : value;
    int on = *v ? parse_bool(v, strlen(v)) : 1;

    if (on < 0)
        return -EINVAL;
    enabled = on;
    return 0;
}
OPTION_FUNCTION("ucode", parse_ucode);

u32 microcode_revision(void)
{
    u64 v;

    if (cpu_is_amd_like())
        return rdmsr_safe(MSR_UCODE_REV, &v) ? 0 : (u32)v;
    if (boot_cpu.vendor != CPU_INTEL || wrmsr_safe(MSR_UCODE_REV, 0))
        return 0;
    cpuid(1); /* puts the revision there, SDM Vol 3 9.11.7.1 */
    return rdmsr_safe(MSR_UCODE_REV, &v) ? 0 : (u32)(v >> 32);
}

static void write_patch(void)
{
    if (cpu_is_amd_like()) {
        wrmsr_safe(MSR_AMD_PATCH_LOADER, (u64)patch.data);
    } else {
        wbinvd(); /* erratum of Broadwell (BDX90 and its like): an update with dirty caches may hang */
        wrmsr_safe(MSR_INTEL_UCODE_WRITE, (u64)patch.data + INTEL_HEADER_BYTES);
    }
}

void microcode_cpu_load(void)
{
    if (patch.data && microcode_revision() < patch.revision)
        write_patch();
}

static bool find_patch(const void *module, size_t len)
{
    u32 signature = cpuid(1).a;
    const void *file;
    u64 platform;
    size_t size;

    if (cpu_is_amd_like()) {
        file = cpio_find(module, len, AMD_FILE, &size);
        return file && microcode_find_amd(file, size, signature, &patch);
    }
    if (boot_cpu.vendor != CPU_INTEL || !(file = cpio_find(module, len, INTEL_FILE, &size)))
        return false;
    rdmsr_safe(MSR_PLATFORM_ID, &platform);
    return microcode_find_intel(file, size, signature, platform >> PLATFORM_SHIFT & PLATFORM_MASK, &patch);
}

/* The processor wants the data on a 16-byte boundary, which cpio does not give. @return false: no memory */
static bool align_patch(void)
{
    unsigned order = 0;
    void *copy;

    if (!((u64)patch.data & (PATCH_ALIGN - 1)))
        return true;
    while (PAGE_SIZE << order < patch.size)
        order++;
    copy = platform_memory.alloc_pages(order);
    if (copy)
        memcpy(copy, patch.data, patch.size);
    patch.data = copy;
    return copy != NULL;
}

bool microcode_load(const void *module, size_t len)
{
    u32 before = microcode_revision(), after;

    if (!enabled || patch.data || !find_patch(module, len))
        return false;
    if (patch.revision <= before) {
        pr_info("Microcode: revision %#x is not older than the initrd's (%#x)\n", before, patch.revision);
        return false;
    }
    if (!align_patch())
        return false;
    write_patch();
    after = microcode_revision();
    if (after != patch.revision) {
        pr_warning("Microcode: the processor refused revision %#x and keeps %#x\n", patch.revision, after);
        patch.data = NULL;
        return false;
    }
    cpu_features_read(&boot_cpu);
    pr_info("Microcode: updated from revision %#x to %#x\n", before, after);
    return true;
}
