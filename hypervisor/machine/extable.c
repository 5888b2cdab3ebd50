/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of instructions that may fault and where to go on then. Searched
 * for faults of the hypervisor only, which are rare, so it is not sorted.
 * Also puts STAC and CLAC in place (machine/smap.h). No locks: constant data.
 */
#include "lib/string.h"
#include "machine/smap.h"
#include "machine/trap.h"

struct extable_entry {
    s32 insn, fixup; /* each relative to its own place */
};

struct smap_site {
    s32 place;
    u32 opcode; /* third byte of the instruction */
};

extern const struct extable_entry ex_table_start[], ex_table_end[];
extern const struct smap_site smap_sites_start[], smap_sites_end[];

u64 extable_fixup(u64 rip)
{
    for (const struct extable_entry *e = ex_table_start; e < ex_table_end; e++)
        if ((u64)&e->insn + (u64)(s64)e->insn == rip)
            return (u64)&e->fixup + (u64)(s64)e->fixup;
    return 0;
}

void smap_patch(void)
{
    for (const struct smap_site *s = smap_sites_start; s < smap_sites_end; s++) {
        u8 insn[3] = { 0x0f, 0x01, (u8)s->opcode };

        memcpy((char *)&s->place + s->place, insn, sizeof(insn));
    }
}
