/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ticket spinlocks with a place in the one lock order (docs/locking.md). A CPU
 * may take a lock only when its rank is greater than that of every lock it
 * holds; debug builds stop when it does not, and when a lock that is taken in
 * interrupt context is ever taken with interrupts enabled.
 */
#ifndef HV_MACHINE_SPINLOCK_H
#define HV_MACHINE_SPINLOCK_H

#include "types.h"

/*
 * Outermost first. A lock nests only inside locks that stand before it. docs/locking.md says what
 * each guards.
 */
enum lock_rank {
    LOCK_DOMCTL = 1,   /* one control operation at a time on a domain */
    LOCK_DOMAIN,       /* struct domain: life cycle */
    LOCK_EVENT_DOMAIN, /* d->event.lock: binding and closing of ports */
    LOCK_PIRQ,
    LOCK_GRANT_TABLE,  /* d->grant: table size, active entries, maptrack */
    LOCK_PAGETABLE,    /* one page-table frame (type lock) */
    LOCK_DOMAIN_PAGES, /* d->page_lock: accounting of its frames */
    LOCK_EVENT_PORT,   /* one event channel */
    LOCK_EVENT_QUEUE,  /* FIFO queue of one vCPU and priority */
    LOCK_VIRQ,
    /* d->state_lock: pausing and shutdown; domain_crash() may be called with the above held */
    LOCK_DOMAIN_STATE,
    LOCK_DEVICES,      /* the list of PCI devices, and setting up their MSI */
    LOCK_RIGHTS,       /* d->rights_lock: MMIO, I/O ports, interrupt lines; read below page-table locks */
    LOCK_VMAP,         /* the vmap area and its page tables, which are allocated under it */
    LOCK_HEAP,         /* xmalloc */
    LOCK_BUDDY,
    LOCK_DOMAIN_TABLE, /* look-up of domains by id */
    LOCK_SCHED,        /* a run queue; taken with interrupts disabled */
    LOCK_TASKLET,
    LOCK_TIMER,        /* timers of one CPU; taken with interrupts disabled */
    LOCK_IRQ,          /* one interrupt descriptor */
    LOCK_VECTOR,       /* which interrupt vectors of which CPU are in use */
    LOCK_IOAPIC,
    LOCK_PCI,
    LOCK_CONSOLE,      /* printk: may be taken with anything held */
    LOCK_SERIAL,
};

struct spinlock {
    u16 owner, next; /* ticket being served, next ticket to give out */
    u16 rank;        /* enum lock_rank */
    u16 cpu;         /* debug: holder + 1, 0 when free */
};

#define SPINLOCK_INIT(r) { .rank = (r) }

/* Set while booting when we run on a hypervisor or emulator, whose CPUs do not always run. */
extern bool spin_unfair;

void spin_lock_init(struct spinlock *l, enum lock_rank rank);
void spin_lock(struct spinlock *l);
bool spin_trylock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
bool spin_is_locked(const struct spinlock *l);
/* Somebody waits for the lock, which the caller holds. */
static inline bool spin_is_contended(const struct spinlock *l)
{
    return (u16)(READ_ONCE(l->next) - READ_ONCE(l->owner)) > 1;
}
/* The same with interrupts disabled meanwhile; @return the state for the unlock. */
bool spin_lock_irqsave(struct spinlock *l);
void spin_unlock_irqrestore(struct spinlock *l, bool was);
/* Takes two locks of the same rank in the order of their addresses (a may be b). */
void spin_lock_pair(struct spinlock *a, struct spinlock *b);
void spin_unlock_pair(struct spinlock *a, struct spinlock *b);

#endif
