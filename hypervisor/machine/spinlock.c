/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ticket spinlocks (spinlock.h), on virtual CPUs without the order of tickets. The checks of their
 * order are in spinlock_debug.c.
 */
#include "machine/spinlock.h"

#include "atomic.h"
#include "machine/cpu.h"
#include "machine/spinlock_debug.h"

void spin_lock_init(struct spinlock *l, enum lock_rank rank)
{
    *l = (struct spinlock)SPINLOCK_INIT(rank);
}

bool spin_unfair;

/* Takes the lock if it is free; the next ticket is the one being served then. */
static bool take_free(struct spinlock *l)
{
    u16 owner = atomic_load(&l->owner), expected = owner;

    if (READ_ONCE(l->next) != owner)
        return false;
    return __atomic_compare_exchange_n(&l->next, &expected, (u16)(owner + 1), false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * In turn; or, when spin_unfair, whoever comes first: on virtual CPUs the one whose turn it is may
 * not be running,
 * and all others would wait for it.
 */
static void lock_ticket(struct spinlock *l)
{
    u16 ticket;

    if (READ_ONCE(spin_unfair)) {
        while (!take_free(l))
            cpu_relax();
        return;
    }
    ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
    while (atomic_load(&l->owner) != ticket)
        cpu_relax();
}

void spin_lock(struct spinlock *l)
{
    spin_debug_acquire(l, false, false);
    lock_ticket(l);
    l->cpu = (u16)(cpu_id() + 1);
}

bool spin_trylock(struct spinlock *l)
{
    if (!take_free(l))
        return false;
    spin_debug_acquire(l, true, false);
    l->cpu = (u16)(cpu_id() + 1);
    return true;
}

void spin_unlock(struct spinlock *l)
{
    spin_debug_release(l);
    l->cpu = 0;
    atomic_store(&l->owner, (u16)(l->owner + 1));
}

bool spin_is_locked(const struct spinlock *l)
{
    return READ_ONCE(l->owner) != READ_ONCE(l->next);
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
    struct spinlock *first = a < b ? a : b, *second = a < b ? b : a;

    spin_lock(first);
    if (first == second)
        return;
    spin_debug_acquire(second, false, true);
    lock_ticket(second);
    second->cpu = (u16)(cpu_id() + 1);
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
    if (a != b)
        spin_unlock(a < b ? b : a);
    spin_unlock(a < b ? a : b);
}
