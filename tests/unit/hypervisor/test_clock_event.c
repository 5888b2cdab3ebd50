/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine/clock_event.c on a counter that runs a little faster than it was measured: the handler is called once for each deadline,
 * never early and not late; a deadline that moves away costs no write to the hardware.
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <stdarg.h>
#include <stdlib.h>

#include "check.h"

#include "machine/clock_event.c"
#include "machine/time_scale.c"

#define HZ 62500000UL         /* as measured */
#define TRUE_HZ 62600000UL    /* as it is */
#define MSEC 1000000UL
#define OFF (~0UL)

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct platform_options platform_options;
struct cpu_features boot_cpu;

static nsec_t now_ns = 1000, fires = OFF, called_at;
static unsigned writes, calls, c1e_disabled;
static void (*interrupt)(void);

nsec_t system_time(void) { return now_ns; }
u64 tsc_khz(void) { return 2394000; }
u64 rdtsc(void) { abort(); }
void apic_timer_deadline(u64 tsc) { abort(); }
void apic_timer_mode(bool deadline) { CHECK(!deadline); }
u32 microcode_revision(void) { return 1; }
bool deadline_timer_unreliable(const struct cpu_features *f, u32 revision) { return revision < 2; }
bool apic_timer_stops_in_c1e(const struct cpu_features *f) { return f->family == 0x10; }
void c1e_disable(void) { c1e_disabled++; }
void printk(enum log_level l, const char *fmt, ...) { }
void interrupt_set_handler(enum vector vector, void (*fn)(void)) { interrupt = fn; }

void apic_timer_oneshot(u32 count)
{
    writes++;
    fires = count ? now_ns + (nsec_t)((double)count * 1e9 / TRUE_HZ) : OFF;
}

static void handler(void)
{
    calls++;
    called_at = now_ns;
}

/* Lets time pass, with the interrupts that come meanwhile. */
static void pass(nsec_t ns)
{
    nsec_t end = now_ns + ns;

    while (fires <= end) {
        now_ns = MAX(fires, now_ns);
        fires = OFF;
        interrupt();
    }
    now_ns = end;
}

static void start(void)
{
    clock_event_init(HZ);
    clock_event_handler = handler;
    fires = OFF;
    writes = calls = 0;
}

static void test_once_and_in_time(void)
{
    static const nsec_t spans[] = { 0, 1, 1000, 50000, 3 * MSEC, 500 * MSEC, 200000 * MSEC };

    start();
    for (unsigned i = 0; i < ARRAY_SIZE(spans); i++) {
        nsec_t deadline = now_ns + spans[i];

        calls = 0;
        clock_event_set(deadline);
        pass(spans[i] + MSEC);
        CHECK(calls == 1 && called_at >= deadline && called_at - deadline < 2000);
    }
}

static void test_later_writes_nothing(void)
{
    start();
    clock_event_set(now_ns + 10 * MSEC);
    CHECK(writes == 1);
    for (unsigned i = 0; i < 1000; i++) { /* a time slice that begins anew each microsecond */
        pass(1000);
        clock_event_set(now_ns + 10 * MSEC);
    }
    CHECK(writes == 1 && calls == 0);
    pass(10 * MSEC - 1);
    CHECK(calls == 0 && writes <= 4);
    pass(2000);
    CHECK(calls == 1);
}

static void test_earlier_is_written(void)
{
    nsec_t first;

    start();
    clock_event_set(now_ns + 10 * MSEC);
    first = now_ns + 2 * MSEC;
    clock_event_set(first);
    CHECK(writes == 2);
    pass(3 * MSEC);
    CHECK(calls == 1 && called_at >= first && called_at - first < 2000);
    pass(20 * MSEC);
    CHECK(calls == 1);
    clock_event_set(now_ns - 5); /* in the past: at once */
    pass(2000);
    CHECK(calls == 2);
}

static void test_off(void)
{
    start();
    clock_event_set(now_ns + MSEC);
    clock_event_set(OFF);
    CHECK(writes == 1);
    pass(5 * MSEC);
    CHECK(calls == 0 && fires == OFF);
    clock_event_set(now_ns + MSEC);
    pass(5 * MSEC);
    CHECK(calls == 1);
}

/* Interrupts that are held back meanwhile find what is wanted by then. */
static void test_held_back(void)
{
    nsec_t deadline;

    start();
    clock_event_set(now_ns + MSEC);
    now_ns += 2 * MSEC; /* interrupts are off: it is pending */
    deadline = now_ns + 4 * MSEC;
    clock_event_set(deadline);
    CHECK(calls == 0);
    pass(10 * MSEC);
    CHECK(calls == 1 && called_at >= deadline && called_at - deadline < 2000);
}

static void test_idle_is_exact(void)
{
    start();
    clock_event_set(now_ns + 4 * MSEC);
    clock_event_idle();
    CHECK(writes == 1);
    clock_event_set(now_ns + 400 * MSEC);
    clock_event_idle();
    CHECK(writes == 2 && fires > now_ns + 300 * MSEC);
    clock_event_idle();
    CHECK(writes == 2);
    clock_event_set(OFF);
    clock_event_idle();
    CHECK(writes == 3 && fires == OFF);
    pass(500 * MSEC);
    CHECK(calls == 0);
}

/* What cannot be relied on is not used, and C1E is taken out before each wait for an interrupt. */
static void test_errata(void)
{
    platform_options.tsc_deadline = true;
    boot_cpu.words[XEN_X86_FEATURE_TSC_DEADLINE / 32] = 1u << XEN_X86_FEATURE_TSC_DEADLINE % 32;
    start(); /* apic_timer_mode() checks */
    clock_event_idle();
    CHECK(c1e_disabled == 0);
    boot_cpu.family = 0x10;
    start();
    clock_event_idle();
    clock_event_idle();
    CHECK(c1e_disabled == 2);
}

int main(void)
{
    TEST(test_once_and_in_time);
    TEST(test_later_writes_nothing);
    TEST(test_earlier_is_written);
    TEST(test_off);
    TEST(test_held_back);
    TEST(test_idle_is_exact);
    TEST(test_errata);
    return TEST_RESULT();
}
