/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timer interrupt of each CPU, by TSC deadline or by the APIC's counter.
 * The counter reaches a few seconds at most and its rate is known less exactly
 * than the TSC's (it is measured a little too low), so an interrupt that comes
 * too early is armed again here, the handler (sched/timer.c) is called only
 * when the deadline has passed, and the rate is corrected by what was seen.
 * A deadline that moves away leaves the hardware as it is: one interrupt that
 * comes too early costs less than a write to the APIC each time that a time
 * slice begins anew. A CPU that goes idle is set exactly, so as not to be woken for nothing.
 * Per-CPU state, interrupts disabled; no locks.
 */
#include "machine/apic.h"
#include "machine/console.h"
#include "machine/cpu_features.h"
#include "machine/interrupt.h"
#include "machine/microcode.h"
#include "machine/percpu.h"
#include "machine/platform.h"
#include "machine/time_internal.h"
#include "machine/timer_errata.h"
#include "machine/x86.h"

#define NEVER (~0UL)
#define COUNT_MAX 0xffffffffUL
#define CORRECTION_MIN_NS 1000000 /* a shorter time teaches nothing about the rate */

static void no_handler(void)
{
}

void (*clock_event_handler)(void) = no_handler;

static bool use_deadline, stops_in_c1e;
static u64 timer_hz; /* of the APIC's counter */
static DEFINE_PERCPU(nsec_t, event_deadline);   /* what is wanted */
static DEFINE_PERCPU(nsec_t, event_programmed); /* what the hardware was set for; NEVER: nothing comes */
static DEFINE_PERCPU(nsec_t, event_armed); /* when it was set to fire at event_programmed; 0: to fire earlier */

static void arm(nsec_t deadline, nsec_t now)
{
    u64 ticks = time_scale_ticks(deadline > now ? deadline - now : 0, use_deadline ? tsc_khz() * 1000 : timer_hz);

    this_cpu(event_programmed) = deadline;
    this_cpu(event_armed) = ticks < COUNT_MAX ? now : 0;
    if (use_deadline)
        apic_timer_deadline(rdtsc() + MIN(ticks, NEVER >> 2) + 1);
    else
        apic_timer_oneshot((u32)MIN(ticks + 1, COUNT_MAX));
}

/* The counter was set for @wanted and was through after @taken nanoseconds: it runs faster than we thought. */
static void correct_rate(u64 wanted, u64 taken)
{
    u64 hz = READ_ONCE(timer_hz), gain;

    if (use_deadline || taken < CORRECTION_MIN_NS || wanted - taken > wanted / 16)
        return;
    gain = (wanted - taken) * (hz / 1000) / (taken / 1000);
    WRITE_ONCE(timer_hz, hz + gain);
}

static void disarm(void)
{
    this_cpu(event_programmed) = NEVER;
    if (use_deadline)
        apic_timer_deadline(0);
    else
        apic_timer_oneshot(0);
}

void clock_event_set(nsec_t deadline)
{
    this_cpu(event_deadline) = deadline;
    if (deadline < this_cpu(event_programmed))
        arm(deadline, system_time());
}

void clock_event_idle(void)
{
    nsec_t deadline = this_cpu(event_deadline);

    if (unlikely(stops_in_c1e))
        c1e_disable();
    if (deadline == this_cpu(event_programmed))
        return;
    if (deadline == NEVER)
        disarm();
    else
        arm(deadline, system_time());
}

void clock_event_state(unsigned cpu, nsec_t *deadline, nsec_t *programmed)
{
    *deadline = READ_ONCE(per_cpu(event_deadline, cpu));
    *programmed = READ_ONCE(per_cpu(event_programmed, cpu));
}

static void timer_interrupt(void)
{
    nsec_t deadline = this_cpu(event_deadline), programmed = this_cpu(event_programmed), now;

    this_cpu(event_programmed) = NEVER;
    if (deadline == NEVER)
        return;
    now = system_time();
    if (now < deadline) {
        if (this_cpu(event_armed) && now < programmed)
            correct_rate(programmed - this_cpu(event_armed), now - this_cpu(event_armed));
        arm(deadline, now);
        return;
    }
    this_cpu(event_deadline) = NEVER;
    clock_event_handler();
}

void clock_event_cpu_init(void)
{
    this_cpu(event_deadline) = this_cpu(event_programmed) = NEVER;
    apic_timer_mode(use_deadline);
}

void clock_event_init(u64 apic_hz)
{
    timer_hz = apic_hz;
    use_deadline = cpu_has(XEN_X86_FEATURE_TSC_DEADLINE) && platform_options.tsc_deadline;
    if (use_deadline && deadline_timer_unreliable(&boot_cpu, microcode_revision())) {
        pr_warning("The TSC deadline timer of this processor needs newer microcode: the APIC's counter is used\n");
        use_deadline = false;
    }
    stops_in_c1e = apic_timer_stops_in_c1e(&boot_cpu);
    interrupt_set_handler(VECTOR_TIMER, timer_interrupt);
    clock_event_cpu_init();
    pr_debug("Clock events: %s\n", use_deadline ? "TSC deadline" : "APIC timer");
}
