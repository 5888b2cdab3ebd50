/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of the lock order (machine/spinlock_debug.c); nothing in release builds. */
#ifndef HV_MACHINE_SPINLOCK_DEBUG_H
#define HV_MACHINE_SPINLOCK_DEBUG_H

#include "machine/spinlock.h"

/*
 * Tells about a wrong use of @l while the @count @held are held, before bug(). Part of the panic
 * code, which locks.
 */
typedef void (*lock_reporter)(const char *what, const struct spinlock *l,
                              struct spinlock *const *held, unsigned count);

#ifdef HV_DEBUG
void spin_debug_set_reporter(lock_reporter fn);
/* @trylock: cannot wait, so the order does not matter. @same_rank: second of spin_lock_pair. */
void spin_debug_acquire(struct spinlock *l, bool trylock, bool same_rank);
void spin_debug_release(struct spinlock *l);
/* In a loop that waits for what other CPUs do. */
void spin_debug_wait(void);
/* Around interrupt handlers: the order is checked anew inside. @return value for the second */
unsigned spin_debug_enter_irq(void);
void spin_debug_leave_irq(unsigned before);
#else
static inline void spin_debug_set_reporter(lock_reporter fn) {}
static inline void spin_debug_acquire(struct spinlock *l, bool trylock, bool same_rank) {}
static inline void spin_debug_release(struct spinlock *l) {}
static inline void spin_debug_wait(void) {}
static inline unsigned spin_debug_enter_irq(void)
{
    return 0;
}
static inline void spin_debug_leave_irq(unsigned before) {}
#endif

#endif
