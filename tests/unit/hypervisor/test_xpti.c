/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copies of a guest's root that isolated page tables run on: a level-4 entry changes at every moment of a copy that is under way on
 * another CPU, between its load and its store too. When root_changed() is done, so that the old table may be given up, no CPU's
 * reduced root has the old entry. CPU 0 copies, CPU 1 changes; smp_call() reaches a CPU whose interrupts are off when they are on again.
 */
#include "../../sim/machine/layout.h"
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static void *copy_slowly(void *dst, const void *src, size_t n);
#define memcpy copy_slowly
#include "../../../hypervisor/lib/bitmap.c"
#include "../../../hypervisor/lib/bug.c"
#include "../../../hypervisor/pv/xpti.c"
#undef memcpy

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
u8 *sim_arena;
bool cpu_uses_xpti = true;
u64 *host_l4;
const char text_entry_start[1], text_entry_end[1];
void (*pv_root_loader)(struct vcpu *v, u64 root);
void (*pv_root_loaded)(struct vcpu *v, u64 root);
void (*pv_root_changed)(struct domain *d, mfn_t root, unsigned slot);

static struct domain domain;
static u64 *root;                  /* the guest's */
static unsigned change_at, copied; /* the slot before whose store the change comes; how many have been copied */
static unsigned changed_slot;
static bool waiting;               /* CPU 1 waits for CPU 0 in smp_call() */
static struct change *asked;

const void *idt_page(void)
{
    return NULL;
}

void *page_alloc(void)
{
    return NULL;
}

void panic_configuration(const char *fmt, ...)
{
    abort();
}

void load_cr3(paddr_t cr3)
{
    sim_cpus[sim_this_cpu].cr3 = cr3;
}

static void serve(unsigned cpu, void (*fn)(void *), void *arg)
{
    unsigned self = sim_this_cpu;

    sim_this_cpu = cpu;
    fn(arg);
    sim_this_cpu = self;
}

void smp_call(const struct cpumask *mask, void (*fn)(void *), void *arg)
{
    static struct change kept;

    CHECK(fn == read_again && cpumask_test(mask, 0) && !cpumask_test(mask, 1));
    if (!sim_cpus[0].irq_off) {
        serve(0, fn, arg);
        return;
    }
    kept = *(struct change *)arg;
    asked = &kept;
    waiting = true;
}

/* CPU 1 gives the slot another table. */
static void change(unsigned slot)
{
    sim_this_cpu = 1;
    root[slot] = 0x2000 | PTE_P;
    root_changed(&domain, virt_to_mfn(root), slot);
    sim_this_cpu = 0;
}

static void *copy_slowly(void *dst, const void *src, size_t n)
{
    for (size_t i = 0; i < n / sizeof(u64); i++) {
        u64 e = ((const u64 *)src)[i];

        if (copied++ == change_at)
            change(changed_slot);
        ((u64 *)dst)[i] = e;
    }
    return dst;
}

static void start(void)
{
    static u64 reduced[2][PTES_PER_TABLE];

    memset(sim_cpus, 0, sizeof(sim_cpus));
    memset(reduced, 0, sizeof(reduced));
    for (unsigned i = 0; i < PTES_PER_TABLE; i++)
        root[i] = 0x1000 | PTE_P;
    per_cpu(copied_root, 0) = per_cpu(copied_root, 1) = 0;
    per_cpu(reduced_root, 0) = (u64 *)(sim_arena + 2 * PAGE_SIZE);
    per_cpu(reduced_root, 1) = (u64 *)(sim_arena + 3 * PAGE_SIZE);
    memset(sim_arena + 2 * PAGE_SIZE, 0, 2 * PAGE_SIZE);
    sim_this_cpu = 0;
    copied = 0;
    waiting = false;
}

static void change_while_it_is_copied(void)
{
    unsigned guests = PTES_PER_TABLE - (HV_LAST_SLOT - HV_FIRST_SLOT + 1), wrong = 0;

    for (change_at = 0; change_at <= guests; change_at++)
        for (int distance = -1; distance <= 1; distance++) {
            unsigned n = (change_at + guests + distance) % guests;

            changed_slot = n < HV_FIRST_SLOT ? n : n + (HV_LAST_SLOT - HV_FIRST_SLOT + 1);
            start();
            load_root(NULL, mfn_to_paddr(virt_to_mfn(root)));
            CHECK(!sim_cpus[0].irq_off);
            if (waiting)
                serve(0, read_again, asked);
            if (copied <= change_at)
                change(changed_slot);
            wrong += per_cpu(reduced_root, 0)[changed_slot] != root[changed_slot];
            wrong += !!per_cpu(reduced_root, 1)[changed_slot];
            wrong += !!per_cpu(reduced_root, 0)[HV_FIRST_SLOT];
        }
    CHECK(wrong == 0);
}

static void change_by_the_same_cpu(void)
{
    start();
    change_at = ~0u;
    load_root(NULL, mfn_to_paddr(virt_to_mfn(root)));
    root[5] = 0;
    root_changed(&domain, virt_to_mfn(root), 5);
    CHECK(per_cpu(reduced_root, 0)[5] == 0);
    root[6] = 0;
    root_changed(NULL, virt_to_mfn(root), 6); /* of one CPU alone: nobody else is asked */
    CHECK(per_cpu(reduced_root, 0)[6] == 0);
    root_changed(&domain, virt_to_mfn(root + 512), 7); /* another root */
    CHECK(per_cpu(reduced_root, 0)[7] == (0x1000 | PTE_P));
    CHECK(sim_cpus[0].top.full_cr3 == mfn_to_paddr(virt_to_mfn(root)));
    CHECK(sim_cpus[0].top.guest_cr3 == mfn_to_paddr(virt_to_mfn(per_cpu(reduced_root, 0))));
}

int main(void)
{
    sim_arena = aligned_alloc(PAGE_SIZE, 8 * PAGE_SIZE);
    root = (u64 *)(sim_arena + PAGE_SIZE);
    domain.dirty_cpus.bits[0] = 3;
    TEST(change_while_it_is_copied);
    TEST(change_by_the_same_cpu);
    return TEST_RESULT();
}
