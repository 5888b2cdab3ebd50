/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See the header. Each CPU's heart beats in a timer; the boot CPU looks at all of them in an NMI, which nothing can hold up. The CPU
 * that has stopped gets an NMI in turn, so that it reports where it is; when it does not even take that, the boot CPU reports. The
 * handler takes no lock.
 */
#include "control/watchdog.h"

#include "errno.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "machine/apic.h"
#include "machine/console.h"
#include "machine/machine_check.h"
#include "machine/nmi_source.h"
#include "machine/panic.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "machine/trap.h"
#include "option.h"
#include "sched/timer.h"

#define BEAT 500000000UL   /* nanoseconds */
#define TRIAL_US 1000000   /* in which the first NMI has to come */
#define TRIAL_STEP_US 1000
#define GRACE NMI_SOURCE_HZ /* NMIs that a stopped CPU has to take its own */

static bool enabled; /* watchdog= */
static unsigned timeout = 5; /* watchdog_timeout=, seconds */
OPTION_NUMBER("watchdog_timeout", timeout);

static DEFINE_PERCPU(u32, heartbeat); /* 0: not watched yet */
static DEFINE_PERCPU(struct timer, heart);
static struct {
    u32 beat;
    unsigned missed; /* NMIs without a beat */
} seen[MAX_CPUS]; /* the boot CPU's */
static u32 ticks, stopped_cpu; /* number + 1 of the CPU that has to report */

/* watchdog, watchdog=force, watchdog=no */
static int parse_watchdog(const char *value)
{
    int on = *value ? parse_bool(value, strlen(value)) : 1;

    if (on < 0 && strcmp(value, "force"))
        return -EINVAL;
    enabled = on != 0;
    return 0;
}
OPTION_FUNCTION("watchdog", parse_watchdog);

static void beat(void *unused)
{
    u32 next = this_cpu(heartbeat) + 1;

    WRITE_ONCE(this_cpu(heartbeat), next ? next : 1);
    timer_set(&this_cpu(heart), system_time() + BEAT);
}

void watchdog_cpu_start(void)
{
    if (!enabled)
        return;
    timer_init(&this_cpu(heart), beat, NULL, cpu_id());
    beat(NULL);
}

static void report(const struct regs *regs, unsigned cpu)
{
    panic_regs(regs, "watchdog: CPU %u has not come to its timers for %u seconds", cpu, timeout);
}

static void look_at(const struct regs *regs, unsigned cpu)
{
    u32 now = READ_ONCE(per_cpu(heartbeat, cpu));

    if (!now || now != seen[cpu].beat) {
        seen[cpu].beat = now;
        seen[cpu].missed = 0;
        return;
    }
    if (++seen[cpu].missed <= timeout * NMI_SOURCE_HZ)
        return;
    if (cpu == cpu_id() || seen[cpu].missed > timeout * NMI_SOURCE_HZ + GRACE)
        report(regs, cpu);
    WRITE_ONCE(stopped_cpu, cpu + 1);
    apic_send_nmi(cpu_apic_id(cpu));
}

/* @return true: the NMI was ours */
static bool watchdog_nmi(struct regs *regs)
{
    unsigned cpu;

    if (panic_in_progress())
        return true;
    if (READ_ONCE(stopped_cpu) == cpu_id() + 1)
        report(regs, cpu_id());
    if (cpu_id() != 0 || board_error_line())
        return false;
    WRITE_ONCE(ticks, ticks + 1);
    for_each_online_cpu(cpu)
        look_at(regs, cpu);
    return true;
}

void watchdog_start(void)
{
    if (!enabled)
        return;
    nmi_handler = watchdog_nmi;
    if (!nmi_source_start())
        for (unsigned us = 0; us < TRIAL_US && !READ_ONCE(ticks); us += TRIAL_STEP_US)
            udelay(TRIAL_STEP_US);
    if (READ_ONCE(ticks)) {
        pr_info("Watchdog: on, %u seconds\n", timeout);
        return;
    }
    nmi_handler = NULL;
    pr_warning("Watchdog: no NMIs come from this machine's timer: off\n");
}
