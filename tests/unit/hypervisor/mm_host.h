/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mm/ needs of the machine, for its unit tests: an arena for memory (the
 * sim build's layout.h), locks that only check their balance, a TLB clock that counts.
 */
#ifndef TEST_MM_HOST_H
#define TEST_MM_HOST_H

#include "../../sim/machine/layout.h"
#include "../../sim/machine/cpu.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "machine/spinlock.h"
#include "machine/tlb.h"
#include "mm/buddy.h"

#include "../../../hypervisor/lib/bitmap.c"
#include "../../../hypervisor/lib/bug.c"
#include "../../../hypervisor/mm/frame.c"

u8 *sim_arena;
void *sim_frame_table;
u64 *sim_m2p;
u64 sim_arena_frames;
struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct cpumask cpu_online_mask = { .bits = { 1 } };

static u16 host_clock = 100, host_last_flush = 100;
static unsigned __attribute__((unused)) host_flushes, host_locks_held;

void spin_lock(struct spinlock *l)
{
    if (l->cpu)
        abort();
    l->cpu = 1;
    host_locks_held++;
}

void spin_unlock(struct spinlock *l)
{
    if (!l->cpu)
        abort();
    l->cpu = 0;
    host_locks_held--;
}

u16 tlb_clock(void)
{
    return host_clock;
}

void tlb_filter(struct cpumask *mask, u16 stamp)
{
    if (host_last_flush > stamp)
        mask->bits[0] = 0;
}

void tlb_flush_mask(const struct cpumask *mask)
{
    if (host_locks_held || cpumask_empty(mask))
        abort();
    host_flushes++;
    host_last_flush = ++host_clock;
}

static void (*host_waiting)(void); /* what a CPU that waits does for others; NULL: nothing */

void smp_wait(void)
{
    if (host_waiting)
        host_waiting();
    sched_yield();
}

/* Memory of @frames frames with records; the first @ram of them are RAM. */
static void host_memory(u64 frames, u64 ram)
{
    u64 sections = DIV_ROUND_UP(frames, FRAMES_PER_SECTION);

    sim_arena_frames = frames;
    sim_arena = mmap(NULL, frames << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
    sim_frame_table = calloc(sections, FRAME_SECTION_RECORD_BYTES);
    sim_m2p = calloc(sections, FRAME_SECTION_M2P_BYTES);
    frame_table_init(frames << PAGE_SHIFT);
    frame_table_add(MFN(0), ram);
}

#endif
