/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine of the sim build: what machine/ provides on hardware, for a host
 * program in which one simulated CPU runs at a time. Memory is sim_arena.
 * Locks check rank and balance. Each CPU has a model of its TLB that keeps every
 * translation until it is flushed, so that stale ones can be found (tlb.c).
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bug.h"
#include "machine/console.h"
#include "machine/spinlock.h"
#include "machine/tlb.h"
#include "machine/uaccess.h"
#include "mm/buddy.h"
#include "mm/paging.h"
#include "sched/softirq.h"

u8 *sim_arena;
u64 sim_arena_frames;
void *sim_frame_table;
u64 *sim_m2p;
struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct cpumask cpu_online_mask = { .bits = { (1ul << SIM_CPUS) - 1 } };
u64 *host_l4;

void sim_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    printf("FAIL ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    sim_report_position();
    fflush(stdout);
    abort();
}

static void bug_in_sim(const char *file, int line, const char *what)
{
    sim_fail("%s:%d: %s", file, line, what);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (!sim_verbose)
        return;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
}

void guest_printk(enum log_level level, const char *fmt, ...)
{
}

void panic(const char *fmt, ...)
{
    sim_fail("panic: %s", fmt);
    abort();
}

/* The CPU waits for others: these do what is pending, as they would on real hardware. */
void cpu_relax(void)
{
    unsigned self = sim_this_cpu;
    static unsigned depth;

    if (depth++ > 1000)
        sim_fail("a CPU waits for ever");
    for (sim_this_cpu = 0; sim_this_cpu < SIM_CPUS; sim_this_cpu++)
        if (sim_this_cpu != self && irq_enabled()) {
            softirq_run();
            depth = 0;
        }
    sim_this_cpu = self;
}

/* ---- locks ---- */

static struct {
    const struct spinlock *lock[16];
    unsigned n;
} held[SIM_CPUS];

void sim_check_no_locks(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
        if (held[cpu].n)
            sim_fail("a lock of rank %u is still held", held[cpu].lock[held[cpu].n - 1]->rank);
        if (sim_cpus[cpu].irq_off)
            sim_fail("CPU %u has interrupts disabled", cpu);
    }
}

void spin_lock_init(struct spinlock *l, enum lock_rank rank)
{
    *l = (struct spinlock)SPINLOCK_INIT(rank);
}

static void note_held(struct spinlock *l)
{
    if (held[sim_this_cpu].n == ARRAY_SIZE(held[0].lock))
        sim_fail("too many locks held");
    l->cpu = sim_this_cpu + 1;
    held[sim_this_cpu].lock[held[sim_this_cpu].n++] = l;
}

void spin_lock(struct spinlock *l)
{
    unsigned n = held[sim_this_cpu].n;
    const struct spinlock *last = n ? held[sim_this_cpu].lock[n - 1] : NULL;

    if (l->cpu)
        sim_fail("lock of rank %u is held by CPU %u", l->rank, l->cpu - 1);
    if (last && l->rank <= last->rank)
        sim_fail("lock of rank %u taken inside one of rank %u", l->rank, last->rank);
    note_held(l);
}

bool spin_trylock(struct spinlock *l)
{
    if (l->cpu)
        return false;
    note_held(l);
    return true;
}

void spin_unlock(struct spinlock *l)
{
    unsigned *n = &held[sim_this_cpu].n, i = *n;

    if (l->cpu != sim_this_cpu + 1)
        sim_fail("lock of rank %u is not held", l->rank);
    l->cpu = 0;
    while (held[sim_this_cpu].lock[--i] != l)
        ;
    memmove(&held[sim_this_cpu].lock[i], &held[sim_this_cpu].lock[i + 1], (*n - i - 1) * sizeof(l));
    --*n;
}

bool spin_is_locked(const struct spinlock *l)
{
    return l->cpu;
}

bool spin_lock_irqsave(struct spinlock *l)
{
    bool was = irq_save();

    spin_lock(l);
    return was;
}

void spin_unlock_irqrestore(struct spinlock *l, bool was)
{
    spin_unlock(l);
    irq_restore(was);
}

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
    spin_lock(a < b ? a : b);
    if (a != b) {
        if ((a < b ? b : a)->cpu)
            sim_fail("the second of two locks of rank %u is held", a->rank);
        note_held(a < b ? b : a);
    }
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
    if (a != b)
        spin_unlock(b);
    spin_unlock(a);
}

/* ---- access to guest memory ---- */

/*
 * Every vCPU has a window of plain memory that is always accessible, for
 * arguments of hypercalls; everything else goes through its page tables.
 */
static void *guest_byte(vaddr_t va, bool write)
{
    struct vcpu *v = current;
    mfn_t mfn;

    if (va >= SIM_WINDOW && va < SIM_WINDOW + SIM_WINDOW_SIZE)
        return sim_window() + (va - SIM_WINDOW);
    if (!sim_translate(v, va, write, &mfn))
        return NULL;
    return (u8 *)mfn_to_virt(mfn) + (va & ~PAGE_MASK);
}

size_t uaccess_read(void *dst, vaddr_t src, size_t len)
{
    u8 *d = dst;

    for (; len; len--) {
        u8 *p = guest_byte(src++, false);

        if (!p)
            return len;
        *d++ = *p;
    }
    return 0;
}

size_t uaccess_write(vaddr_t dst, const void *src, size_t len)
{
    const u8 *s = src;

    for (; len; len--) {
        u8 *p = guest_byte(dst++, true);

        if (!p)
            return len;
        *p = *s++;
    }
    return 0;
}

int uaccess_cmpxchg64(vaddr_t addr, u64 *old, u64 new_value)
{
    u64 *p = (u64 *)guest_byte(addr, true);

    if (!p || (addr & 7))
        return -14;
    if (*p != *old) {
        *old = *p;
        return -11;
    }
    *p = new_value;
    return 0;
}

/* ---- the rest ---- */

/* Our own page tables are not there: their root is frame 1. */
paddr_t image_to_paddr(const void *p)
{
    return PAGE_SIZE;
}

mfn_t paging_m2p_extent(u64 index)
{
    return MFN(2 + index);
}

#define HOST_SLOT_MARK 0x00484f5354000000ul /* "HOST": what our entries in a guest's level-4 table look like here */

void paging_fill_host_slots(u64 *l4)
{
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        l4[i] = HOST_SLOT_MARK | i;
}

bool sim_host_slots_intact(const u64 *l4)
{
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        if (l4[i] != (HOST_SLOT_MARK | i))
            return false;
    return true;
}

void sim_machine_init(u64 frames, u64 hole_start, u64 hole_end)
{
    u64 sections = DIV_ROUND_UP(frames, FRAMES_PER_SECTION);

    bug_handler = bug_in_sim;
    sim_arena_frames = frames;
    sim_arena = mmap(NULL, frames << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sim_frame_table = calloc(sections, FRAME_SECTION_RECORD_BYTES);
    sim_m2p = calloc(sections, FRAME_SECTION_M2P_BYTES);
    if (sim_arena == MAP_FAILED || !sim_frame_table || !sim_m2p)
        abort();
    frame_table_init(frames << PAGE_SHIFT);
    frame_table_add(MFN(0), hole_start);
    frame_table_add(MFN(hole_end), frames - hole_end);
    buddy_add(MFN(hole_end), frames - hole_end); /* below the hole: the hypervisor's own */
    host_l4 = mfn_to_virt(MFN(1));
}
