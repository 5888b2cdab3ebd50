/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spinlocks where one CPU runs at a time: a lock that is not free is a deadlock.
 * Each CPU keeps what it holds; rank, owner and balance are checked.
 */
#include "shared/host.h"

#include <string.h>

#include "machine/spinlock.h"

static struct held {
    const struct spinlock *lock[16];
    unsigned n;
} held[SIM_CPUS];

void sim_check_no_locks(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
        if (held[cpu].n)
            sim_fail("CPU %u still holds a lock of rank %u", cpu, held[cpu].lock[held[cpu].n - 1]->rank);
        if (sim_cpus[cpu].irq_off)
            sim_fail("CPU %u has interrupts disabled", cpu);
    }
}

void spin_lock_init(struct spinlock *l, enum lock_rank rank)
{
    *l = (struct spinlock)SPINLOCK_INIT(rank);
}

#define RANKS 64
static bool irqs_off[RANKS], while_waiting[RANKS]; /* by rank: how they have been waited for, and held */

static void check_rank(unsigned rank)
{
    if (irqs_off[rank] && while_waiting[rank])
        sim_fail("locks of rank %u are taken with interrupts disabled, and held while waiting for other CPUs", rank);
}

void sim_check_waiting(void)
{
    const struct held *h = &held[sim_this_cpu];

    for (unsigned i = 0; i < h->n; i++) {
        while_waiting[h->lock[i]->rank] = true;
        check_rank(h->lock[i]->rank);
    }
}

static void take(struct spinlock *l)
{
    struct held *h = &held[sim_this_cpu];

    if (l->cpu)
        sim_fail("lock of rank %u is held by CPU %u", l->rank, l->cpu - 1);
    if (h->n == ARRAY_SIZE(h->lock))
        sim_fail("too many locks held");
    l->cpu = (u16)(sim_this_cpu + 1);
    h->lock[h->n++] = l;
}

void spin_lock(struct spinlock *l)
{
    const struct held *h = &held[sim_this_cpu];

    for (unsigned i = 0; i < h->n; i++)
        if (l->rank <= h->lock[i]->rank)
            sim_fail("lock of rank %u taken inside one of rank %u", l->rank, h->lock[i]->rank);
    irqs_off[l->rank] |= sim_cpus[sim_this_cpu].irq_off;
    check_rank(l->rank);
    take(l);
}

bool spin_trylock(struct spinlock *l)
{
    if (l->cpu)
        return false;
    take(l);
    return true;
}

void spin_unlock(struct spinlock *l)
{
    struct held *h = &held[sim_this_cpu];
    unsigned i = h->n;

    if (l->cpu != sim_this_cpu + 1)
        sim_fail("lock of rank %u is not held by CPU %u", l->rank, sim_this_cpu);
    l->cpu = 0;
    while (h->lock[--i] != l)
        ;
    h->n--;
    memmove(&h->lock[i], &h->lock[i + 1], (h->n - i) * sizeof(h->lock[0]));
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
    if (a != b)
        take(a < b ? b : a);
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
    if (a != b)
        spin_unlock(b);
    spin_unlock(a);
}
