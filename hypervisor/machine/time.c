/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System time from the TSC. The boot CPU measures the TSC against a reference
 * counter twice: for a millisecond at start, which is enough to boot with, and
 * over the whole boot just before Domain 0 starts, which is exact and costs no
 * waiting. Each CPU has its own copy of the scale, shifted by the distance of
 * its TSC from the boot CPU's, so that system_time() is the same everywhere.
 *
 * Readers take no lock: a copy is changed on its own CPU only, with interrupts
 * disabled, and carries a version for readers that were interrupted.
 */
#include "machine/time_internal.h"

#include "atomic.h"
#include "machine/apic.h"
#include "machine/console.h"
#include "machine/cpu_features.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "machine/x86.h"

#define NS_PER_SECOND 1000000000UL
#define SHORT_CALIBRATION_HZ 1000 /* 1 / duration */
#define LONG_CALIBRATION_MIN_MS 2
#define SAMPLE_TRIES 5
#define SYNC_ROUNDS 8
#define APIC_TIMER_MAX 0xffffffffu

struct cpu_clock {
    struct time_scale scale;
    u32 version;
    s64 tsc_distance; /* this CPU's TSC - the boot CPU's */
};

struct sample {
    u64 tsc, reference;
};

static DEFINE_PERCPU(struct cpu_clock, clock);
static const struct time_source *source;
static struct sample start_sample;
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

/* Reads both counters at about the same moment: the try that was disturbed least counts. */
static struct sample take_sample(void)
{
    struct sample best = { 0 };
    u64 shortest = ~0UL;

    for (unsigned i = 0; i < SAMPLE_TRIES; i++) {
        u64 before = rdtsc_ordered(), reference = source->read(), after = rdtsc_ordered();

        if (after - before < shortest) {
            shortest = after - before;
            best = (struct sample){ .tsc = before + shortest / 2, .reference = reference };
        }
    }
    return best;
}

/* TSC ticks per second from two samples whose reference readings are @ticks apart. */
static u64 rate(const struct sample *from, const struct sample *to, u64 ticks)
{
    return (u64)((unsigned __int128)(to->tsc - from->tsc) * source->hz / ticks);
}

/* First calibration; the APIC's timer is measured along. @return its rate in Hz */
static u64 calibrate(void)
{
    u64 wait = source->hz / SHORT_CALIBRATION_HZ, ticks;
    struct sample end;
    u32 count;

    apic_timer_mode(false);
    start_sample = take_sample();
    apic_timer_oneshot(APIC_TIMER_MAX);
    do
        cpu_relax();
    while (((source->read() - start_sample.reference) & source->mask) < wait);
    count = APIC_TIMER_MAX - apic_timer_current();
    end = take_sample();
    apic_timer_oneshot(0);

    ticks = (end.reference - start_sample.reference) & source->mask;
    tsc_hz = rate(&start_sample, &end, ticks);
    return (u64)((unsigned __int128)count * source->hz / ticks);
}

static void read_wallclock(void)
{
    u64 seconds = rtc_read();

    if (!seconds)
        pr_warning("The CMOS clock shows no valid time; set it in the firmware or from Domain 0\n");
    wallclock_ns = seconds * NS_PER_SECOND - (seconds ? system_time() : 0);
}

void time_init(void)
{
    struct time_scale *s = &this_cpu(clock).scale;
    u64 apic_hz;

    source = time_source_find();
    apic_hz = calibrate();
    if (!tsc_hz || !apic_hz)
        panic("The TSC or the APIC timer does not count (measured against the %s)", source->name);
    time_scale_set_frequency(s, tsc_hz);
    s->tsc_stamp = rdtsc_ordered();
    s->system_stamp = 0;
    clock_event_init(apic_hz);
    read_wallclock();
    pr_info("Time: TSC %lu.%03lu MHz%s, measured against the %s; APIC timer %lu MHz\n", tsc_khz() / 1000,
            tsc_khz() % 1000, cpu_has(XEN_X86_FEATURE_ITSC) ? " (invariant)" : "", source->name,
            apic_hz / 1000000);
}

/* On each CPU: the new scale, @arg in terms of the boot CPU's TSC. */
static void adopt_scale(void *arg)
{
    const struct time_scale *new = arg;
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

void time_refine(void)
{
    struct time_scale s = *time_scale();
    struct sample end;
    u64 ticks, hz;

    while (rdtsc() - start_sample.tsc < tsc_hz / 1000 * LONG_CALIBRATION_MIN_MS)
        cpu_relax();
    end = take_sample();
    ticks = (u64)((unsigned __int128)(end.tsc - start_sample.tsc) * source->hz / tsc_hz);
    ticks = time_unwrap(start_sample.reference, end.reference, source->mask, ticks);
    hz = ticks ? rate(&start_sample, &end, ticks) : tsc_hz;
    if (hz < tsc_hz - tsc_hz / 64 || hz > tsc_hz + tsc_hz / 64) {
        pr_warning("Time: the second measurement of the TSC (%lu kHz) contradicts the first, ignored\n", hz / 1000);
        return;
    }
    s.tsc_stamp = rdtsc_ordered();
    s.system_stamp = tsc_to_system(s.tsc_stamp);
    tsc_hz = hz;
    time_scale_set_frequency(&s, hz);
    smp_call(&cpu_online_mask, adopt_scale, &s);
    pr_info("Time: TSC %lu.%03lu MHz after %lu ms\n", tsc_khz() / 1000, tsc_khz() % 1000,
            s.system_stamp / 1000000);
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
    clock_event_cpu_init();
}
