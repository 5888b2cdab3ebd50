/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control/watchdog.c with CPUs whose hearts this test beats: one that stops is asked by NMI to report where it is, one that does
 * not even take that is reported by the boot CPU, and the boot CPU reports itself. Nobody else is ever blamed.
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#include "control/watchdog.c"
#include "lib/bitmap.c"

#define LIMIT (5 * NMI_SOURCE_HZ)

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct cpumask cpu_online_mask = { .bits = { 7 } };
bool (*nmi_handler)(struct regs *regs);
static bool source_works = true, panicking, line;
static unsigned asked[8], timers;
static char said[256];
static jmp_buf panicked;

int nmi_source_start(void) { return 0; }
void udelay(unsigned us) { if (source_works) nmi_handler(&(struct regs){ 0 }); }
void apic_send_nmi(u32 id) { asked[id]++; }
u32 cpu_apic_id(unsigned cpu) { return cpu; }
bool panic_in_progress(void) { return panicking; }
bool board_error_line(void) { return line; }
nsec_t system_time(void) { return 0; }
void timer_init(struct timer *t, void (*fn)(void *), void *data, unsigned cpu) { }
void timer_set(struct timer *t, nsec_t expires) { timers++; }
int parse_bool(const char *s, size_t n) { return !strcmp(s, "no") ? 0 : !strcmp(s, "yes") ? 1 : -1; }

void printk(enum log_level l, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(said, sizeof(said), fmt, args);
    va_end(args);
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(said, sizeof(said), fmt, args);
    va_end(args);
    longjmp(panicked, 1);
}

/* An NMI on @cpu. @return 1: it was claimed, 0: not, -1: a panic */
static int nmi(unsigned cpu)
{
    sim_this_cpu = cpu;
    if (setjmp(panicked))
        return -1;
    return nmi_handler(&(struct regs){ 0 });
}

static void beat_all_but(int stopped)
{
    for (int cpu = 0; cpu < 3; cpu++) {
        sim_this_cpu = cpu;
        if (cpu != stopped)
            beat(NULL);
    }
    sim_this_cpu = 0;
}

static void start(void)
{
    memset(seen, 0, sizeof(seen));
    memset(asked, 0, sizeof(asked));
    ticks = stopped_cpu = 0;
    sim_this_cpu = 0;
    CHECK(parse_watchdog("") == 0 && enabled);
    for (sim_this_cpu = 0; sim_this_cpu < 3; sim_this_cpu++)
        watchdog_cpu_start();
    sim_this_cpu = 0;
    watchdog_start();
    CHECK(!!nmi_handler == source_works);
}

static void test_option(void)
{
    CHECK(parse_watchdog("no") == 0 && !enabled);
    watchdog_cpu_start();
    watchdog_start();
    CHECK(!nmi_handler && !timers);
    CHECK(parse_watchdog("perhaps") == -EINVAL && parse_watchdog("force") == 0 && enabled);
}

static void test_healthy(void)
{
    start();
    for (unsigned i = 0; i < 10 * LIMIT; i++) {
        if (i % LIMIT == 0) /* as slowly as can be */
            beat_all_but(-1);
        CHECK(nmi(0) == 1);
        CHECK(nmi(1) == 0); /* others get none from us: this one is somebody else's */
    }
    CHECK(!asked[0] && !asked[1] && !asked[2]);
    line = true;
    CHECK(nmi(0) == 0); /* the board's */
    line = false;
}

static void test_stopped(void)
{
    start();
    for (unsigned i = 0; i < LIMIT; i++) {
        beat_all_but(2);
        CHECK(nmi(0) == 1 && !asked[2]);
    }
    beat_all_but(2);
    nmi(0);
    beat_all_but(2);
    nmi(0);
    CHECK(asked[2] && !asked[1]);
    CHECK(nmi(1) == 0);
    CHECK(nmi(2) == -1 && strstr(said, "CPU 2 has not"));
}

static void test_deaf(void)
{
    int end = 1;

    start();
    for (unsigned i = 0; i < LIMIT + 2 * GRACE && end == 1; i++) {
        beat_all_but(1);
        end = nmi(0);
    }
    CHECK(end == -1 && asked[1] >= GRACE && strstr(said, "CPU 1 has not"));
}

static void test_boot_cpu(void)
{
    int end = 1;

    start();
    for (unsigned i = 0; i < LIMIT + 2 && end == 1; i++) {
        beat_all_but(0);
        end = nmi(0);
    }
    CHECK(end == -1 && !asked[0] && strstr(said, "CPU 0 has not"));
    panicking = true;
    CHECK(nmi(0) == 1); /* does not report again while that is being said */
    panicking = false;
}

static void test_no_source(void)
{
    nmi_handler = NULL;
    source_works = false;
    start();
    CHECK(strstr(said, "no NMIs"));
}

int main(void)
{
    TEST(test_option);
    TEST(test_healthy);
    TEST(test_stopped);
    TEST(test_deaf);
    TEST(test_boot_cpu);
    TEST(test_no_source);
    return TEST_RESULT();
}
