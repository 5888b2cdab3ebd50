/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System time from the TSC, whose rate calibrate.c finds out. Each CPU has its
 * own copy of the scale, shifted by the distance of its TSC from the boot CPU's,
 * so that system_time() is the same everywhere.
 *
 * Readers take no lock: a copy is changed on its own CPU only, with interrupts
 * disabled, and carries a version for readers that were interrupted.
 */
#include "machine/time_internal.h"

#include "atomic.h"
#include "machine/console.h"
#include "machine/percpu.h"
#include "machine/x86.h"

#define NS_PER_SECOND 1000000000UL
#define SYNC_ROUNDS 8

struct cpu_clock {
    struct time_scale scale;
    u32 version;
    s64 tsc_distance; /* this CPU's TSC - the boot CPU's */
};

static DEFINE_PERCPU(struct cpu_clock, clock);
static u64 tsc_hz;
static u64 wallclock_ns; /* UTC at system time 0, nanoseconds since 1970 */

nsec_t tsc_to_system(u64 tsc)
{
    const struct cpu_clock *c = &this_cpu(clock);
    struct time_scale s;
    u32 version;

    do {
        version = READ_ONCE(c->version);
        barrier();
        s = c->scale;
        barrier();
    } while (version != READ_ONCE(c->version));
    return time_scale_at(&s, tsc);
}

nsec_t system_time(void)
{
    return tsc_hz ? tsc_to_system(rdtsc_ordered()) : 0;
}

const struct time_scale *time_scale(void)
{
    return &this_cpu(clock).scale;
}

u64 tsc_khz(void)
{
    return tsc_hz / 1000;
}

void time_adopt_scale(const struct time_scale *new)
{
    struct cpu_clock *c = &this_cpu(clock);
    bool was = irq_save();

    c->version++;
    barrier();
    c->scale = *new;
    c->scale.tsc_stamp += (u64)c->tsc_distance;
    barrier();
    c->version++;
    irq_restore(was);
}

void time_set_frequency(u64 hz)
{
    tsc_hz = hz;
}

void wallclock_base(u64 *sec, u32 *nsec)
{
    u64 ns = atomic_load(&wallclock_ns);

    *sec = ns / NS_PER_SECOND;
    *nsec = (u32)(ns % NS_PER_SECOND);
}

void wallclock_set(u64 sec, u32 nsec, nsec_t at)
{
    atomic_store(&wallclock_ns, sec * NS_PER_SECOND + nsec - at);
}

/* Before the TSC's rate is known a port access serves as a microsecond, as on the ISA bus. */
void udelay(unsigned us)
{
    u64 start = rdtsc(), ticks = (u64)us * (tsc_hz / 1000000 + 1);

    if (!tsc_hz) {
        while (us--)
            inb(0x80);
        return;
    }
    while (rdtsc() - start < ticks)
        cpu_relax();
}

/* The starting CPU asks (turn odd), the boot CPU answers with its TSC (turn even). */
static struct {
    u32 turn;
    u64 answer;
} sync;

void time_sync_serve(const u32 *state, u32 until)
{
    while (atomic_load(state) < until) {
        u32 turn = atomic_load(&sync.turn);

        if (turn & 1) {
            sync.answer = rdtsc_ordered();
            atomic_store(&sync.turn, turn + 1);
        } else {
            cpu_relax();
        }
    }
}

/*
 * Distance of this CPU's TSC to the boot CPU's, from the exchange that took the
 * least time. Within half of that time nothing can be told, so it counts as 0:
 * on any machine of today the TSCs are in fact equal.
 */
static s64 measure_distance(void)
{
    u64 shortest = ~0UL;
    s64 distance = 0;

    for (unsigned i = 0; i < SYNC_ROUNDS; i++) {
        u32 turn = atomic_load(&sync.turn);
        u64 before = rdtsc_ordered(), after;

        atomic_store(&sync.turn, turn + 1);
        while (atomic_load(&sync.turn) != turn + 2)
            cpu_relax();
        after = rdtsc_ordered();
        if (after - before < shortest) {
            shortest = after - before;
            distance = (s64)(before + shortest / 2 - sync.answer);
        }
    }
    return (u64)(distance < 0 ? -distance : distance) <= shortest / 2 ? 0 : distance;
}

void time_cpu_init(void)
{
    struct cpu_clock *c = &this_cpu(clock);

    c->tsc_distance = measure_distance();
    c->scale = per_cpu(clock, 0).scale;
    c->scale.tsc_stamp += (u64)c->tsc_distance;
    if (c->tsc_distance)
        pr_info("CPU %u: TSC is %ld ticks away from the boot CPU's\n", cpu_id(), c->tsc_distance);
}
