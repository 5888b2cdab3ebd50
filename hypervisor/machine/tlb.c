/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flushing of translation caches and the clock that avoids needless flushes
 * (tlb.h). The clock advances when a CPU flushes after somebody has taken the
 * present value as a stamp, so it counts only what matters. A CPU's "last"
 * value t says: every mapping whose stamp is below t is gone from its TLB.
 *
 * The clock stops at CLOCK_MAX. Then no flush is recorded (last = 0: nothing
 * can be left out) until every online CPU has flushed since; only then it
 * starts again at 1, when no old value can be taken for a new one. A CPU in the
 * middle of a flush (FLUSHING) keeps it from starting.
 *
 * A CPU that has loaded the hypervisor's own root (an idle one) holds no
 * mapping of a guest at all and is CLEAN until it loads another.
 *
 * No locks; remote flushes go through smp_call().
 */
#include "machine/tlb.h"

#include "machine/cpu_features.h"
#include "machine/perfc.h"
#include "machine/smp.h"
#include "machine/x86.h"

#define CLOCK_MAX 0xffffu
#define STAMPED 0x10000u /* the present value has been given out */
#define FLUSHING (-1)
#define CLEAN 0x7fffffff

static u32 clock = 1;
paddr_t tlb_host_root;
const struct tlb_software *tlb_software;
static DEFINE_PERCPU(s32, tlb_last);
static DEFINE_PERCPU(bool, tlb_clean); /* tlb_last is CLEAN when no flush is under way */

u16 tlb_clock(void)
{
    u32 c = atomic_load(&clock);

    while (!(c & STAMPED))
        if (atomic_cmpxchg(&clock, &c, c | STAMPED))
            break;
    return (u16)c;
}

void tlb_filter(struct cpumask *mask, u16 stamp)
{
    unsigned cpu;

    for_each_cpu(cpu, mask)
        if (READ_ONCE(per_cpu(tlb_last, cpu)) > (s32)stamp)
            mask->bits[cpu / BITS_PER_LONG] &= ~BIT(cpu % BITS_PER_LONG);
}

/* The clock stands still: starts it anew when no CPU has a value of the old round. */
static __attribute__((cold)) void try_restart(void)
{
    u32 c = atomic_load(&clock);
    unsigned cpu;

    for_each_online_cpu(cpu) {
        s32 last = atomic_load(&per_cpu(tlb_last, cpu));

        if (last != 0 && last != CLEAN)
            return;
    }
    if ((c & CLOCK_MAX) == CLOCK_MAX)
        atomic_cmpxchg(&clock, &c, 1);
}

/* Before a flush. @return what tlb_last will be; the exchange orders it before the clock is read */
static inline s32 flush_begin(void)
{
    u32 c;

    atomic_xchg(&this_cpu(tlb_last), FLUSHING);
    c = atomic_load(&clock);
    while ((c & STAMPED) && (c & CLOCK_MAX) != CLOCK_MAX)
        if (atomic_cmpxchg(&clock, &c, (c & CLOCK_MAX) + 1)) {
            c = (c & CLOCK_MAX) + 1;
            break;
        }
    c &= CLOCK_MAX;
    return c == CLOCK_MAX ? 0 : (s32)c;
}

static inline void flush_end(s32 last)
{
    atomic_store(&this_cpu(tlb_last), this_cpu(tlb_clean) ? CLEAN : last);
    if (unlikely(last == 0))
        try_restart();
}

void tlb_flush_local(void)
{
    const struct tlb_software *tables = READ_ONCE(tlb_software);
    bool was = irq_save();
    s32 last = flush_begin();

    if (unlikely(tables))
        tables->flush();
    if (cpu_has(XEN_X86_FEATURE_INVPCID)) {
        invpcid(INVPCID_ALL, 0, 0);
    } else {
        u64 cr4 = read_cr4();

        write_cr4(cr4 & ~(u64)CR4_PGE);
        write_cr4(cr4);
    }
    flush_end(last);
    irq_restore(was);
}

void tlb_flush_page_local(vaddr_t va)
{
    const struct tlb_software *tables = READ_ONCE(tlb_software);

    if (unlikely(tables))
        tables->flush_page(va);
    invlpg(va);
}

void tlb_switch_root(paddr_t root)
{
    write_cr3(root);
}

paddr_t tlb_loaded_root(void)
{
    return read_cr3() & ~(u64)(PAGE_SIZE - 1);
}

void load_cr3(paddr_t root)
{
    bool was = irq_save();
    s32 last = flush_begin();

    write_cr3(root);
    this_cpu(tlb_clean) = root == tlb_host_root;
    flush_end(last);
    irq_restore(was);
}

static void flush_all_here(void *unused)
{
    tlb_flush_local();
}

static void flush_page_here(void *va)
{
    tlb_flush_page_local((vaddr_t)va);
}

static void flush_cache_here(void *unused)
{
    wbinvd();
}

/* While the clock stands still every CPU takes part, which sets it going again. */
void tlb_flush_mask(const struct cpumask *mask)
{
    bool still = (atomic_load(&clock) & CLOCK_MAX) == CLOCK_MAX;

    perfc_incr(PERFC_REMOTE_TLB_FLUSHES);
    smp_call(still ? &cpu_online_mask : mask, flush_all_here, NULL);
}

void tlb_flush_page_mask(const struct cpumask *mask, vaddr_t va)
{
    perfc_incr(PERFC_REMOTE_TLB_FLUSHES);
    smp_call(mask, flush_page_here, (void *)va);
}

void cache_flush_mask(const struct cpumask *mask)
{
    smp_call(mask, flush_cache_here, NULL);
}
