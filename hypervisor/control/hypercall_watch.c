/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The option hypercall-watch: how long hypercalls take, from the dispatch to its end, and so how long at most one holds a
 * lock or keeps this CPU from its other work. Each that takes longer than all of its number before is told. In TSC ticks,
 * which are instructions under QEMU's -icount shift=0 with one CPU. Without the option nothing of this is called.
 */
#include "control/hypercall.h"

#include "machine/console.h"
#include "machine/cpu.h"
#include "option.h"

static bool watch;
OPTION_FLAG("hypercall-watch", watch);

static u64 longest[HYPERCALL_COUNT];

static long watched(u64 nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    u64 start = rdtsc(), ticks;
    long rc = hypercall_dispatch(nr, a1, a2, a3, a4, a5);

    ticks = rdtsc() - start;
    if (nr < HYPERCALL_COUNT && ticks > READ_ONCE(longest[nr])) {
        WRITE_ONCE(longest[nr], ticks);
        printk(LOG_INFO, "longest hypercall: %lu(%#lx, %#lx, %#lx) = %ld took %lu ticks\n", nr, a1, a2, a3, rc, ticks);
    }
    return rc;
}

hypercall_call hypercall_entry(void)
{
    return watch ? watched : hypercall_dispatch;
}
