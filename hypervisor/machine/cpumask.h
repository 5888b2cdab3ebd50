/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of physical CPUs. */
#ifndef HV_MACHINE_CPUMASK_H
#define HV_MACHINE_CPUMASK_H

#include "bitmap.h"

struct cpumask {
    unsigned long bits[BITS_TO_LONGS(MAX_CPUS)];
};

extern struct cpumask cpu_online_mask; /* CPUs that run the scheduler; grows while booting, machine/smp.c */

static inline void cpumask_set(struct cpumask *m, unsigned cpu)
{
    atomic_test_and_set_bit(cpu, m->bits);
}

static inline void cpumask_clear(struct cpumask *m, unsigned cpu)
{
    atomic_test_and_clear_bit(cpu, m->bits);
}

static inline bool cpumask_test(const struct cpumask *m, unsigned cpu)
{
    return test_bit(cpu, m->bits);
}

/* First CPU of the set, or MAX_CPUS. */
static inline unsigned cpumask_first(const struct cpumask *m)
{
    return find_next_bit(m->bits, MAX_CPUS, 0);
}

static inline bool cpumask_empty(const struct cpumask *m)
{
    return cpumask_first(m) >= MAX_CPUS;
}

static inline void cpumask_and(struct cpumask *r, const struct cpumask *a, const struct cpumask *b)
{
    for (unsigned i = 0; i < ARRAY_SIZE(r->bits); i++)
        r->bits[i] = a->bits[i] & b->bits[i];
}

#define for_each_cpu(cpu, mask) for_each_set_bit(cpu, (mask)->bits, MAX_CPUS)
#define for_each_online_cpu(cpu) for_each_cpu(cpu, &cpu_online_mask)

#endif
