/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls between CPUs. Each CPU is a coroutine that gives way where it waits, so that the order of things is the test's:
 * who waits serves; a call waits for nobody but those it is for; many at once all end, each having been done
 * exactly once everywhere. A call that does not end is found by the number of rounds of waiting, not by the clock.
 */
#include "../../sim/machine/cpu.h"
#include "../../sim/machine/percpu.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "check.h"

#include "../../../hypervisor/lib/bitmap.c"
#include "../../../hypervisor/lib/bug.c"
#include "../../../hypervisor/machine/smp.c"

#define CPUS 4
#define STACK (256 * 1024)
#define MAX_ROUNDS 100000

struct sim_cpu sim_cpus[SIM_CPUS];
unsigned sim_this_cpu;
struct acpi_info acpi;

static struct {
    ucontext_t context;
    void (*main)(void);
    bool stuck; /* does not go on: it is busy with interrupts disabled */
    bool done;
} cpus[CPUS];
static ucontext_t tester;
static unsigned rounds;
static u64 seed = 1;

static unsigned rnd(unsigned n)
{
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    return (unsigned)(seed >> 33) % n;
}

u32 apic_own_id(void) { return 0; }
void apic_send_nmi(u32 id) { }
void spin_debug_wait(void) { }
void interrupt_set_handler(enum vector vector, void (*fn)(void)) { }

/* Gives way to the tester, who lets another go on. */
void cpu_relax(void)
{
    swapcontext(&cpus[sim_this_cpu].context, &tester);
}

/* The interrupt: all CPUs here have them disabled and look when they wait. */
void apic_send(u32 id, u8 vector)
{
    cpu_relax();
}

static void start(void)
{
    unsigned self = sim_this_cpu;

    cpus[self].main();
    cpus[self].done = true;
    for (;;) { /* idle, with interrupts enabled */
        smp_serve();
        cpu_relax();
    }
}

static void nothing_to_do(void)
{
}

static void prepare(unsigned cpu, void (*main)(void), bool stuck)
{
    static char stacks[CPUS][STACK];

    getcontext(&cpus[cpu].context);
    cpus[cpu].context.uc_stack.ss_sp = stacks[cpu];
    cpus[cpu].context.uc_stack.ss_size = STACK;
    makecontext(&cpus[cpu].context, start, 0);
    cpus[cpu].main = main;
    cpus[cpu].stuck = stuck;
    cpus[cpu].done = false;
    sim_cpus[cpu].irq_off = true;
    sim_cpus[cpu].top.cpu = cpu;
    cpumask_set(&cpu_online_mask, cpu);
}

/* Lets them go on at random until those of @mask are done. @return false: not within MAX_ROUNDS */
static bool run(unsigned mask)
{
    for (rounds = 0; rounds < MAX_ROUNDS; rounds++) {
        unsigned cpu = rnd(CPUS), left = 0;

        if (!cpus[cpu].stuck) {
            sim_this_cpu = cpu;
            swapcontext(&tester, &cpus[cpu].context);
        }
        for (unsigned i = 0; i < CPUS; i++)
            left += (mask >> i & 1) && !cpus[i].done;
        if (!left)
            return true;
    }
    return false;
}

static unsigned served[CPUS][CPUS]; /* by caller and by who did it */

static void note(void *caller)
{
    served[(uintptr_t)caller][sim_this_cpu]++;
}

static void call(unsigned targets)
{
    struct cpumask mask = { { targets } };

    smp_call(&mask, note, (void *)(uintptr_t)sim_this_cpu);
}

static void call_next(void)
{
    call(1u << (sim_this_cpu ^ 1));
}

/* Both with interrupts disabled: each does the other's while it waits. */
static void each_other(void)
{
    memset(served, 0, sizeof(served));
    prepare(0, call_next, false);
    prepare(1, call_next, false);
    prepare(2, nothing_to_do, true);
    prepare(3, nothing_to_do, true);
    CHECK(run(3) && served[0][1] == 1 && served[1][0] == 1);
}

/* CPU 0 calls CPU 1, which does not answer; that is no affair of CPU 2, which calls CPU 3. */
static void only_those_it_is_for(void)
{
    memset(served, 0, sizeof(served));
    prepare(0, call_next, false);
    prepare(1, nothing_to_do, true);
    prepare(2, call_next, false);
    prepare(3, nothing_to_do, false);
    CHECK(run(4) && served[2][3] == 1 && !cpus[0].done);
    cpus[1].stuck = false;
    CHECK(run(1) && served[0][1] == 1);
}

#define STORM 300
static unsigned wanted[CPUS][CPUS];

static void storm(void)
{
    for (unsigned i = 0; i < STORM; i++) {
        unsigned targets = rnd(1 << CPUS);

        for (unsigned cpu = 0; cpu < CPUS; cpu++)
            wanted[sim_this_cpu][cpu] += targets >> cpu & 1;
        call(targets);
        if (memcmp(wanted[sim_this_cpu], served[sim_this_cpu], sizeof(wanted[0])))
            abort(); /* it came back before all had done it */
    }
}

static void many_at_once(void)
{
    memset(served, 0, sizeof(served));
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        prepare(cpu, storm, false);
    CHECK(run(15) && !memcmp(wanted, served, sizeof(served)));
}

int main(void)
{
    TEST(each_other);
    TEST(only_those_it_is_for);
    TEST(many_at_once);
    return TEST_RESULT();
}
