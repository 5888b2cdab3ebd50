/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypervisor answers to keys on the serial line (Ctrl-A three times gives
 * it the input) and to `xl debug-keys`. A key comes in interrupt context; the
 * answer is made in a tasklet on CPU 0. Letters are Xen's where the meaning is.
 * Locks: those of what it looks at, one at a time.
 */
#include "control/keyhandler.h"

#include "control/guest_state.h"
#include "domain/domain.h"
#include "domain/event_channel.h"
#include "domain/grant_table.h"
#include "machine/console.h"
#include "machine/reset.h"
#include "machine/smp.h"
#include "machine/time.h"
#include "mm/buddy.h"
#include "sched/sched.h"
#include "sched/timer.h"

#define LISTED_DOMAINS_MAX 64
#define LISTED_PORTS_MAX 128 /* of one domain */

static struct tasklet tasklet;
static char pending_key; /* the last one that nobody has answered yet */

static void each_domain(void (*print)(struct domain *d))
{
    struct domain *d;
    domid_t id = 0;

    for (unsigned n = 0; n < LISTED_DOMAINS_MAX && (d = domain_next(id)); n++) {
        print(d);
        id = d->id + 1;
        domain_put(d);
    }
}

static void print_vcpus(const struct domain *d)
{
    const struct vcpu *v;

    for_each_vcpu(d, v) {
        static const char *const states[] = { "running", "runnable", "blocked", "offline" };

        printk(LOG_ERROR, "    vCPU %u: CPU %u, %s, pause count %u, upcall pending %u mask %u\n",
               v->id, v->unit.cpu,
               states[v->unit.state & 3], v->unit.pause_count, v->info->evtchn_upcall_pending,
               v->info->evtchn_upcall_mask);
    }
}

static void print_domain(struct domain *d)
{
    printk(LOG_ERROR, "Domain %u: %lu of %lu pages, %u references%s%s\n", d->id, d->tot_pages,
           d->max_pages, d->refs,
           d->dying ? ", dying" : "", d->shut_down ? ", shut down" : "");
    print_vcpus(d);
}

static void print_domains(void)
{
    each_domain(print_domain);
}

static void print_grants_of(struct domain *d)
{
    unsigned long entries, mappings;

    grant_table_count(d, &entries, &mappings);
    printk(LOG_ERROR, "Grants of domain %u: %lu entries in use, %lu mappings of others' entries\n",
           d->id, entries, mappings);
}

static void print_grants(void)
{
    printk(LOG_ERROR, "Grant tables\n");
    each_domain(print_grants_of);
}

static void print_ports_of(struct domain *d)
{
    event_print(d, LISTED_PORTS_MAX);
}

static void print_event_channels(void)
{
    each_domain(print_ports_of);
}

/* What the scheduler gives each vCPU: its credit and the time that it ran. */
static void print_share_of(struct domain *d)
{
    const struct vcpu *v;

    printk(LOG_ERROR, "Domain %u: weight %u, cap %u\n", d->id, d->group.weight, d->group.cap);
    for_each_vcpu(d, v) {
        nsec_t ran = 0;
        int credit = 0;

        sched_current()->unit_params(&v->unit, &credit, &ran);
        printk(LOG_ERROR, "    vCPU %u: CPU %u, credit %d us, ran %lu ms\n", v->id, v->unit.cpu, credit,
               ran / 1000000);
    }
}

static void print_run_queues(void)
{
    const struct scheduler *s = sched_current();
    unsigned cpu;

    printk(LOG_ERROR, "Scheduler: %s (%s), at %lu ms\n", s->name, s->opt_name, system_time() / 1000000);
    for_each_online_cpu(cpu)
        printk(LOG_ERROR, "    CPU %u: idle for %lu ms\n", cpu, sched_idle_time(cpu) / 1000000);
    each_domain(print_share_of);
}

static void print_timers(void)
{
    unsigned cpu;

    for_each_online_cpu(cpu)
        timers_print(cpu);
}

static void print_memory(void)
{
    printk(LOG_ERROR, "Memory: %lu of %lu KiB free, %lu KiB of it below 4 GiB, %lu KiB claimed\n",
           buddy_free_frames() << 2,
           buddy_total_frames() << 2, buddy_free_frames_below_4g() << 2, buddy_claimed() << 2);
}

static void print_state(void *unused)
{
    guest_state_print();
}

static void print_registers(void)
{
    smp_call(&cpu_online_mask, print_state, NULL);
}

static void print_time(void)
{
    printk(LOG_ERROR, "Time: %lu ns since start, TSC %lu kHz\n", system_time(), tsc_khz());
}

static void restart(void)
{
    printk(LOG_ERROR, "'R' pressed: restarting the machine\n");
    machine_restart();
}

static void print_help(void);

static const struct {
    char key;
    const char *what;
    void (*fn)(void);
} keys[] = {
    { 'a', "timers", print_timers },
    { 'd', "registers of the guests that run now", print_registers },
    { 'e', "event channels", print_event_channels },
    { 'g', "grant tables", print_grants },
    { 'h', "this list", print_help },
    { 'm', "memory", print_memory },
    { 'q', "domains and vCPUs", print_domains },
    { 'r', "what the scheduler gives each vCPU", print_run_queues },
    { 'R', "restart the machine at once", restart },
    { 't', "time", print_time },
};

static void print_help(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        printk(LOG_ERROR, "  %c  %s\n", keys[i].key, keys[i].what);
}

static void answer(void *unused)
{
    char key = atomic_xchg(&pending_key, 0);

    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].key == key)
            keys[i].fn();
}

static void key_pressed(char key)
{
    atomic_store(&pending_key, key);
    tasklet_schedule(&tasklet, 0);
}

void keyhandler_init(void)
{
    tasklet_init(&tasklet, answer, NULL);
    console_key_handler = key_pressed;
}
