/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory type range registers, see the header. What is noted is written while booting; no locks. */
#include "machine/mtrr.h"

#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/cpu_features.h"
#include "machine/x86.h"

#define MTRRCAP_COUNT 0xff
#define MTRRCAP_FIXED BIT(8)
#define DEF_TYPE_ENABLE 0xc00 /* bits 11 (all) and 10 (fixed ranges) */
#define VARIABLE_MAX 32
#define PHYSMASK_VALID 0x800
#define PHYSBASE_TYPE 0xff

unsigned mtrr_count(void)
{
    u64 cap;

    if (!cpu_has(XEN_X86_FEATURE_MTRR) || rdmsr_safe(MSR_MTRRCAP, &cap))
        return 0;
    return cap & MTRRCAP_COUNT;
}

void mtrr_read(unsigned reg, struct mtrr_range *range)
{
    u64 base = rdmsr(MSR_MTRR_PHYSBASE0 + 2 * reg), mask = rdmsr(MSR_MTRR_PHYSBASE0 + 2 * reg + 1);
    u64 frames = (1ul << (boot_cpu.phys_bits - 12)) - 1;

    *range = (struct mtrr_range){ 0 };
    if (!(mask & PHYSMASK_VALID))
        return;
    range->first = base >> 12 & frames;
    range->count = (~(mask >> 12) & frames) + 1;
    range->type = base & PHYSBASE_TYPE;
}

/* Of the first MiB, SDM Vol 3 table 12-9 */
static const u32 fixed_registers[] = {
    MSR_MTRR_FIX64K_00000, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, MSR_MTRR_FIX4K_F8000,
};

struct mtrr_state {
    u64 def_type;
    u64 fixed[ARRAY_SIZE(fixed_registers)];
    u64 variable[2 * VARIABLE_MAX]; /* base and mask in turn, as the registers are numbered */
};

static struct mtrr_state boot_state;

static bool has_fixed(void)
{
    return rdmsr(MSR_MTRRCAP) & MTRRCAP_FIXED;
}

static unsigned variable_registers(void)
{
    return 2 * MIN(mtrr_count(), VARIABLE_MAX);
}

static void read_state(struct mtrr_state *s)
{
    memset(s, 0, sizeof(*s));
    s->def_type = rdmsr(MSR_MTRR_DEF_TYPE);
    for (unsigned i = 0; i < ARRAY_SIZE(fixed_registers) && has_fixed(); i++)
        s->fixed[i] = rdmsr(fixed_registers[i]);
    for (unsigned i = 0; i < variable_registers(); i++)
        s->variable[i] = rdmsr(MSR_MTRR_PHYSBASE0 + i);
}

/* Between switching the registers off and on again, caches off and empty. */
static void write_state(const struct mtrr_state *s)
{
    wrmsr(MSR_MTRR_DEF_TYPE, s->def_type & ~(u64)DEF_TYPE_ENABLE);
    for (unsigned i = 0; i < ARRAY_SIZE(fixed_registers) && has_fixed(); i++)
        wrmsr(fixed_registers[i], s->fixed[i]);
    for (unsigned i = 0; i < variable_registers(); i++)
        wrmsr(MSR_MTRR_PHYSBASE0 + i, s->variable[i]);
    wrmsr(MSR_MTRR_DEF_TYPE, s->def_type);
}

void mtrr_save_boot_cpu(void)
{
    if (mtrr_count())
        read_state(&boot_state);
}

/* The order of SDM Vol 3 12.11.8; clearing CR4.PGE empties the TLB. */
void mtrr_like_boot_cpu(void)
{
    u64 cr0 = read_cr0(), cr4 = read_cr4();
    struct mtrr_state mine;

    if (!mtrr_count())
        return;
    read_state(&mine);
    if (!memcmp(&mine, &boot_state, sizeof(mine)))
        return;
    pr_info("CPU %u: its memory type ranges (MTRRs) were not those of the boot CPU: made the same\n", cpu_id());
    write_cr0(cr0 | CR0_CD);
    wbinvd();
    write_cr4(cr4 & ~(u64)CR4_PGE);
    write_state(&boot_state);
    wbinvd();
    write_cr4(cr4 & ~(u64)CR4_PGE);
    write_cr0(cr0);
    write_cr4(cr4);
}
