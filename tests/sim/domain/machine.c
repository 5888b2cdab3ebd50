/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine under the domain simulation: CPUs that run one after the other
 * (and in each other's waiting loops), time as a variable, locks that check rank,
 * owner and balance for each CPU, an allocator that sometimes fails, and no hardware.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bug.h"
#include "machine/console.h"
#include "machine/fpu.h"
#include "machine/irq.h"
#include "machine/panic.h"
#include "machine/smp.h"
#include "machine/spinlock.h"
#include "machine/time.h"
#include "machine/tlb.h"
#include "machine/uaccess.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/paging.h"
#include "sched/softirq.h"

u8 *sim_arena;
struct panic_hooks panic_hooks;
u64 sim_arena_frames;
void *sim_frame_table;
u64 *sim_m2p;
struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct cpumask cpu_online_mask;
unsigned cpu_count = CPUS;
u64 *host_l4;
u64 fpu_xcr0_mask;
void (*clock_event_handler)(void);
void (*console_input_handler)(void);

nsec_t now = 1000;
nsec_t clock_deadline[CPUS];
long heap_objects;
bool fail_allocations;
bool verbose;

void fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    printf("FAIL step %lu: ", step_number);
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
    abort();
}

static void bug_found(const char *file, int line, const char *what)
{
    fail("%s:%d: %s", file, line, what);
}

void printk(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (!verbose)
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
    fail("panic: %s", fmt);
    abort();
}

/* ---- CPUs ---- */

void run_softirqs(unsigned cpu)
{
    unsigned was = sim_this_cpu;

    sim_this_cpu = cpu;
    if (clock_deadline[cpu] <= now)
        clock_event_handler();
    softirq_run();
    sim_this_cpu = was;
}

/* A CPU waits for another: that one goes on. */
void cpu_relax(void)
{
    static unsigned depth;

    if (depth > 2 * CPUS)
        fail("CPUs wait for each other");
    depth++;
    run_softirqs((sim_this_cpu + 1 + rnd(CPUS - 1)) % CPUS);
    depth--;
}

void smp_kick(unsigned cpu)
{
}

u32 cpu_apic_id(unsigned cpu)
{
    return cpu * 2;
}

/* ---- locks ---- */

static struct {
    const struct spinlock *held[16];
    unsigned count;
} locks[SIM_CPUS];

void check_no_locks(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        if (locks[i].count)
            fail("CPU %u still holds a lock of rank %u", i, locks[i].held[locks[i].count - 1]->rank);
        if (sim_cpus[i].irq_off)
            fail("CPU %u has interrupts disabled", i);
    }
}

static void lock_taken(struct spinlock *l)
{
    l->cpu = (u16)(sim_this_cpu + 1);
    locks[sim_this_cpu].held[locks[sim_this_cpu].count++] = l;
}

void spin_lock_init(struct spinlock *l, enum lock_rank rank)
{
    *l = (struct spinlock)SPINLOCK_INIT(rank);
}

void spin_lock(struct spinlock *l)
{
    unsigned n = locks[sim_this_cpu].count;

    if (l->cpu)
        fail("lock of rank %u taken twice", l->rank);
    if (n && l->rank <= locks[sim_this_cpu].held[n - 1]->rank)
        fail("lock of rank %u taken inside one of rank %u", l->rank, locks[sim_this_cpu].held[n - 1]->rank);
    lock_taken(l);
}

bool spin_trylock(struct spinlock *l)
{
    if (l->cpu)
        return false;
    lock_taken(l);
    return true;
}

void spin_unlock(struct spinlock *l)
{
    unsigned i = locks[sim_this_cpu].count;

    if (l->cpu != sim_this_cpu + 1)
        fail("lock of rank %u is not held here", l->rank);
    l->cpu = 0;
    while (locks[sim_this_cpu].held[--i] != l)
        ;
    memmove(&locks[sim_this_cpu].held[i], &locks[sim_this_cpu].held[i + 1],
            (locks[sim_this_cpu].count - i - 1) * sizeof(l));
    locks[sim_this_cpu].count--;
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
    if (a == b)
        return;
    if ((a < b ? b : a)->cpu)
        fail("second lock of rank %u taken twice", a->rank);
    lock_taken(a < b ? b : a);
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
    if (a != b)
        spin_unlock(b);
    spin_unlock(a);
}

/* ---- memory ---- */

void *heap_alloc(size_t size)
{
    void *p;

    if (fail_allocations && rnd(24) == 0)
        return NULL;
    p = aligned_alloc(64, ROUND_UP(size, 64));
    memset(p, 0, size);
    heap_objects++;
    return p;
}

void heap_free(void *p)
{
    if (p)
        heap_objects--;
    free(p);
}

void *heap_array(size_t n, size_t size)
{
    return heap_alloc(n * size);
}

static u8 *guest_byte(vaddr_t va)
{
    if (va < WINDOW || va >= WINDOW + WINDOW_SIZE)
        return NULL;
    return window(current) + (va - WINDOW);
}

size_t uaccess_read(void *dst, vaddr_t src, size_t len)
{
    u8 *d = dst, *p;

    for (; len && (p = guest_byte(src++)) != NULL; len--)
        *d++ = *p;
    return len;
}

size_t uaccess_write(vaddr_t dst, const void *src, size_t len)
{
    const u8 *s = src;
    u8 *p;

    for (; len && (p = guest_byte(dst++)) != NULL; len--)
        *p = *s++;
    return len;
}

int uaccess_cmpxchg64(vaddr_t addr, u64 *old, u64 new_value)
{
    return -14;
}

/* Nobody maps the machine-to-physical table here. */
mfn_t paging_m2p_extent(u64 index)
{
    return INVALID_MFN;
}

/* ---- time, FPU, TLB, interrupts ---- */

nsec_t system_time(void)
{
    return now;
}

u64 tsc_khz(void)
{
    return 1000000;
}

u64 rdtsc(void)
{
    return now;
}

const struct time_scale *time_scale(void)
{
    static const struct time_scale s = { .mul = 1u << 31, .shift = 1 };

    return &s;
}

void clock_event_set(nsec_t deadline)
{
    clock_deadline[sim_this_cpu] = deadline;
}

void wallclock_base(u64 *sec, u32 *nsec)
{
    *sec = 1767225600;
    *nsec = 0;
}

size_t fpu_area_size(void)
{
    return 512;
}

void fpu_area_init(void *area)
{
    memset(area, 0, 512);
}

void fpu_save(void *area, u64 xcr0)
{
}

void fpu_load(const void *area, u64 xcr0)
{
}

u16 tlb_clock(void)
{
    return 1;
}

void tlb_filter(struct cpumask *mask, u16 stamp)
{
    memset(mask, 0, sizeof(*mask));
}

void tlb_flush_mask(const struct cpumask *mask)
{
}

void load_cr3(paddr_t root)
{
}

paddr_t image_to_paddr(const void *p)
{
    return 0;
}

static irq_handler handlers[MAX_IRQS];
static void *handler_data[MAX_IRQS];

unsigned irq_gsi_count(void)
{
    return 24;
}

int irq_bind(unsigned irq, irq_handler handler, void *data)
{
    if (handlers[irq])
        return -16; /* EBUSY */
    handlers[irq] = handler;
    handler_data[irq] = data;
    return 0;
}

void irq_unbind(unsigned irq)
{
    handlers[irq] = NULL;
}

void irq_fire(unsigned irq)
{
    bool was = irq_save();

    if (handlers[irq])
        handlers[irq](irq, handler_data[irq]);
    irq_restore(was);
}

void irq_unmask(unsigned irq)
{
}

void irq_eoi(unsigned irq)
{
}

bool irq_is_level(unsigned irq)
{
    return irq & 1;
}

void irq_set_affinity(unsigned irq, unsigned cpu)
{
}

void machine_init(void)
{
    u64 sections = DIV_ROUND_UP(FRAMES, FRAMES_PER_SECTION);

    bug_handler = bug_found;
    sim_arena_frames = FRAMES;
    sim_arena = mmap(NULL, FRAMES << PAGE_SHIFT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sim_frame_table = calloc(sections, FRAME_SECTION_RECORD_BYTES);
    sim_m2p = calloc(sections, FRAME_SECTION_M2P_BYTES);
    frame_table_init(FRAMES << PAGE_SHIFT);
    frame_table_add(MFN(0), FRAMES);
    buddy_add(MFN(1), FRAMES - 1);
}
