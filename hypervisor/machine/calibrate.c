/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the TSC's rate. The boot CPU measures it against a reference counter
 * twice: for a millisecond at start, which is enough to boot with, and over the
 * whole boot just before Domain 0 starts, which is exact and costs no waiting.
 * The APIC's timer is measured along with the first. Where no reference counts, CPUID
 * tells the rates. Called by boot/main.c; no locks.
 */
#include "machine/apic.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/cpu_features.h"
#include "machine/panic.h"
#include "machine/smp.h"
#include "machine/time_internal.h"
#include "machine/x86.h"

#define SHORT_CALIBRATION_HZ 1000 /* 1 / duration */
#define LONG_CALIBRATION_MIN_MS 2
#define SAMPLE_TRIES 5
#define APIC_TIMER_MAX 0xffffffffu
#define PATIENCE BIT(35) /* TSC ticks: ten seconds or so */

struct sample {
    u64 tsc, reference;
};

static const struct time_source *source;
static struct sample start_sample;
static u64 tsc_hz;

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

/*
 * What the processor says of itself: SDM Vol 2 CPUID 15h (TSC and crystal, EBX : EAX; ECX Hz) and 16h (EAX MHz), for machines
 * without the old counters. @return rate of the APIC's timer in Hz, which is the crystal's (SDM Vol 3 11.5.4); 0: it says nothing
 */
static u64 rates_by_cpuid(void)
{
    struct cpuid_regs r;
    u64 crystal;

    if (boot_cpu.max_leaf < 0x15)
        return 0;
    r = cpuid(0x15);
    if (!r.a || !r.b)
        return 0;
    crystal = r.c;
    if (!crystal && boot_cpu.max_leaf >= 0x16)
        crystal = (u64)(cpuid(0x16).a & 0xffff) * 1000000 * r.a / r.b;
    tsc_hz = crystal * r.b / r.a;
    return crystal;
}

/* First calibration. @return rate of the APIC's timer in Hz */
static u64 calibrate(void)
{
    u64 wait = source->hz / SHORT_CALIBRATION_HZ, start, ticks, from = rdtsc();
    struct sample end;
    u32 count;

    apic_timer_mode(false);
    start_sample = take_sample();
    start = source->read();
    apic_timer_oneshot(APIC_TIMER_MAX);
    do {
        cpu_relax();
        if (rdtsc() - from > PATIENCE)
            panic("The %s has stopped counting: name another with clocksource=", source->name);
    } while (((source->read() - start) & source->mask) < wait);
    count = APIC_TIMER_MAX - apic_timer_current();
    ticks = (source->read() - start) & source->mask;
    end = take_sample();
    apic_timer_oneshot(0);

    tsc_hz = rate(&start_sample, &end, (end.reference - start_sample.reference) & source->mask);
    return (u64)((unsigned __int128)count * source->hz / ticks);
}

static void read_wallclock(void)
{
    u64 seconds = rtc_read();

    if (seconds)
        wallclock_set(seconds, 0, system_time());
    else
        pr_warning("The CMOS clock shows no valid time; set it in the firmware or from Domain 0\n");
}

void time_init(void)
{
    struct time_scale s = { 0 };
    u64 apic_hz;

    source = time_source_find();
    apic_hz = source ? calibrate() : rates_by_cpuid();
    if (!source && !apic_hz)
        panic_configuration("no clock of a known rate: neither HPET, ACPI PM timer nor PIT counts, and CPUID does not tell the "
                            "processor's. Switch one of them on in the firmware's set-up");
    if (!tsc_hz || !apic_hz)
        panic("The TSC or the APIC timer does not count (measured against the %s)", source ? source->name : "CPUID");
    time_scale_set_frequency(&s, tsc_hz);
    s.tsc_stamp = rdtsc_ordered();
    time_adopt_scale(&s);
    time_set_frequency(tsc_hz);
    clock_event_init(apic_hz);
    read_wallclock();
    pr_info("Time: TSC %lu.%03lu MHz%s, measured against the %s; APIC timer %lu MHz\n", tsc_khz() / 1000,
            tsc_khz() % 1000, cpu_has(XEN_X86_FEATURE_ITSC) ? " (invariant)" : "", source ? source->name : "CPUID",
            apic_hz / 1000000);
}

static void adopt(void *scale)
{
    time_adopt_scale(scale);
}

void time_refine(void)
{
    struct time_scale s = *time_scale();
    struct sample end;
    u64 ticks, hz;

    if (!source)
        return;
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
    time_set_frequency(hz);
    time_scale_set_frequency(&s, hz);
    smp_call(&cpu_online_mask, adopt, &s);
    pr_info("Time: TSC %lu.%03lu MHz after %lu ms\n", tsc_khz() / 1000, tsc_khz() % 1000,
            s.system_stamp / 1000000);
}
