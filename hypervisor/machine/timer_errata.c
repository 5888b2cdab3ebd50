/* SPDX-License-Identifier: GPL-2.0-only */
/* See the header. No locks. */
#include "machine/timer_errata.h"

#include "machine/x86.h"

#define C1E_ON_HALT (BIT(27) | BIT(28)) /* BKDG of family 10h, MSRC001_0055: SmiOnCmpHalt, C1eOnCmpHalt */

static const struct {
    u8 model, first_stepping, last_stepping;
    u32 mended; /* microcode revision */
} deadline_errata[] = {
    { 0x3f, 2, 2, 0x3a },       { 0x3f, 4, 4, 0x0f },       { 0x4f, 0, 15, 0x0b000020 },
    { 0x56, 2, 2, 0x00000011 }, { 0x56, 3, 3, 0x0700000e }, { 0x56, 4, 4, 0x0f00000c },
    { 0x56, 5, 5, 0x0e000003 }, { 0x55, 3, 3, 0x01000136 }, { 0x55, 4, 4, 0x02000014 },
    { 0x3c, 0, 15, 0x22 },      { 0x45, 0, 15, 0x20 },      { 0x46, 0, 15, 0x17 },
    { 0x3d, 0, 15, 0x25 },      { 0x47, 0, 15, 0x17 },      { 0x4e, 0, 15, 0xb2 },
    { 0x5e, 0, 15, 0xb2 },      { 0x8e, 0, 15, 0x52 },      { 0x9e, 0, 15, 0x52 },
};

bool deadline_timer_unreliable(const struct cpu_features *f, u32 revision)
{
    if (f->vendor != CPU_INTEL || f->family != 6 || features_test(f->words, XEN_X86_FEATURE_HYPERVISOR))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(deadline_errata); i++)
        if (f->model == deadline_errata[i].model && f->stepping >= deadline_errata[i].first_stepping &&
            f->stepping <= deadline_errata[i].last_stepping)
            return revision < deadline_errata[i].mended;
    return false;
}

bool apic_timer_stops_in_c1e(const struct cpu_features *f)
{
    return f->vendor == CPU_AMD && ((f->family == 0xf && f->model >= 0x40) || f->family == 0x10 || f->family == 0x11) &&
           !features_test(f->words, XEN_X86_FEATURE_HYPERVISOR);
}

void c1e_disable(void)
{
    u64 v;

    if (!rdmsr_safe(MSR_AMD_INT_PENDING, &v) && v & C1E_ON_HALT)
        wrmsr_safe(MSR_AMD_INT_PENDING, v & ~(u64)C1E_ON_HALT);
}
