/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who a vector belongs to: the table of the hypervisor's own, written while
 * booting only, and which device vector of which CPU belongs to which irq.
 * Device vectors are given out round-robin over the priority classes, so that
 * they spread. Called by irq.c with the descriptor's lock held; own lock:
 * LOCK_VECTOR. Looking one up in an interrupt needs no lock: the CPU reads its
 * own table.
 */
#include "errno.h"
#include "machine/interrupt.h"
#include "machine/irq_internal.h"
#include "machine/percpu.h"
#include "machine/spinlock.h"

#define VECTORS 256
#define CLASS 16 /* vectors of one priority */

static struct spinlock lock = SPINLOCK_INIT(LOCK_VECTOR);
static DEFINE_PERCPU(u16[VECTORS], vector_irq); /* irq + 1; 0: free */
static DEFINE_PERCPU(u8, last_vector);
static DEFINE_PERCPU(u16, used); /* device vectors given out */

static void (*system_handlers[256 - VECTOR_SYSTEM_FIRST])(void);

void interrupt_set_handler(enum vector vector, void (*fn)(void))
{
    system_handlers[vector - VECTOR_SYSTEM_FIRST] = fn;
}

void (*interrupt_handler_of(unsigned vector))(void)
{
    return system_handlers[vector - VECTOR_SYSTEM_FIRST];
}

static bool usable(unsigned vector)
{
    return vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST && vector != VECTOR_GUEST_INT80 &&
           vector != VECTOR_GUEST_INT82;
}

/* The next candidate: same place in the next class, then the next place. Visits all vectors once in VECTORS steps. */
static unsigned next_vector(unsigned v)
{
    return v + CLASS < VECTORS ? v + CLASS : (v + 1) % CLASS;
}

unsigned vectors_used(unsigned cpu)
{
    return READ_ONCE(per_cpu(used, cpu));
}

int vector_alloc(unsigned cpu, unsigned irq)
{
    bool was = spin_lock_irqsave(&lock);
    unsigned v = per_cpu(last_vector, cpu);
    int found = -ENOSPC;

    for (unsigned i = 0; i < VECTORS && found < 0; i++) {
        v = next_vector(v);
        if (usable(v) && !per_cpu(vector_irq, cpu)[v])
            found = (int)v;
    }
    if (found >= 0) {
        per_cpu(vector_irq, cpu)[found] = (u16)(irq + 1);
        per_cpu(last_vector, cpu) = (u8)found;
        per_cpu(used, cpu)++;
    }
    spin_unlock_irqrestore(&lock, was);
    return found;
}

void vector_free(unsigned cpu, unsigned vector, unsigned irq)
{
    bool was = spin_lock_irqsave(&lock);

    if (per_cpu(vector_irq, cpu)[vector] == irq + 1) {
        per_cpu(vector_irq, cpu)[vector] = 0;
        per_cpu(used, cpu)--;
    }
    spin_unlock_irqrestore(&lock, was);
}

int vector_irq_of(unsigned vector)
{
    return (int)READ_ONCE(this_cpu(vector_irq)[vector]) - 1;
}
