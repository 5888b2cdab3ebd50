/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain simulation (../domain) with a thread for each CPU: hypercalls of the vCPUs of several domains, the toolstack and
 * deaths really at once, under AddressSanitizer. A fixed number of random actions on each CPU; now and then all
 * meet, and the invariants of ../domain/checks.c are recomputed while nobody moves. What happens in which order is up
 * to the host, so a seed is not a run that can be had again.
 *
 *   sim SEED orderly|wild STEPS
 *   sim rivals                     (rivals.c)
 *
 * orderly: each guest sets its FIFO queues up under a lock, as a kernel does, and no event may be lost.
 * wild: its vCPUs reset and set up against each other, which may lose the guest's own events and nothing else.
 */
#include "world.h"

#define sched_yield host_sched_yield /* the hypervisor has a function of this name */
#include <pthread.h>
#undef sched_yield
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "domain/internal.h"
#include "machine/spinlock.h"
#include "mm/buddy.h"
#include "rivals.h"

#define STEPS_BETWEEN_CHECKS 100
#define STUCK_SECONDS        900 /* a deadlock must end, too */

static __thread u64 generator;
static u64 seed, steps;
static struct spinlock toolstack = SPINLOCK_INIT(LOCK_DOMCTL);
static unsigned long here, quiet, checked; /* CPUs that have come to all meetings so far; meetings that are over */

unsigned sim_rnd(unsigned n)
{
    generator = generator * 6364136223846793005UL + 1442695040888963407UL;
    return (unsigned)(generator >> 33) % n;
}

void sim_report_position(void)
{
    printf("on CPU %u, meeting %lu\n", sim_this_cpu, checked + 1);
}

/* First all come, and serve the others who may wait for them; then nobody moves. */
static void meet(unsigned long nr)
{
    atomic_add_return(&here, 1);
    while (atomic_load(&here) < nr * CPUS) {
        sim_serve();
        cpu_relax();
    }
    atomic_add_return(&quiet, 1);
    while (atomic_load(&quiet) < nr * CPUS)
        cpu_relax();
    if (sim_this_cpu == 0) {
        check_all();
        atomic_store(&checked, nr);
    }
    while (atomic_load(&checked) < nr)
        cpu_relax();
}

static void one_step(void)
{
    atomic_add_return(&sim_now, sim_rnd(20000));
    sim_serve();
    sim_fail_allocations = sim_rnd(4) == 0;
    if (!vcpu_is_idle(current))
        guest_action();
    if (sim_rnd(4) == 0 && (vcpu_is_idle(current) || current->domain->id == 0) && spin_trylock(&toolstack)) {
        toolstack_action();
        spin_unlock(&toolstack);
    }
    sim_fail_allocations = false;
}

static void *cpu_thread(void *arg)
{
    sim_this_cpu = (unsigned)(uintptr_t)arg;
    generator = seed * 977 + sim_this_cpu;
    for (u64 step = 1; step <= steps; step++) {
        one_step();
        if (step % STEPS_BETWEEN_CHECKS == 0)
            meet(step / STEPS_BETWEEN_CHECKS);
    }
    return NULL;
}

static void run(void)
{
    pthread_t threads[CPUS];

    for (uintptr_t cpu = 0; cpu < CPUS; cpu++)
        if (pthread_create(&threads[cpu], NULL, cpu_thread, (void *)cpu))
            sim_fail("the host has no thread");
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        pthread_join(threads[cpu], NULL);
}

/* Kills all, the last one being Domain 0, from a CPU that is idle. */
static void end(void)
{
    dom0 = NULL;
    for (unsigned i = 0; i < DOMAINS; i++)
        if (guests[i].d)
            domain_pause_nosync(guests[i].d);
    for (unsigned i = 0; i < CPUS; i++)
        sim_run_cpu(i);
    sim_this_cpu = 0;
    for (unsigned i = 0; i < DOMAINS; i++)
        domain_end(DOMAINS - 1 - i);
    for (unsigned n = 0; n < 200; n++)
        sim_run_cpu(n % CPUS);
}

static void check_end(u64 frames, long objects)
{
    check_all();
    if (domain_next(0))
        sim_fail("a domain is left");
    if (buddy_free_frames() != frames || sim_heap_objects != objects)
        sim_fail("left behind: %ld frames, %ld objects", (long)(frames - buddy_free_frames()), sim_heap_objects - objects);
    for (unsigned i = 0; i < R_COUNT; i++)
        if (!reached[i] && i != R_FIFO_CHECKED && i != R_TRANSFERRED && steps >= 5000)
            sim_fail("nothing of kind %u has happened", i);
}

static void start(void)
{
    spin_unfair = true; /* a thread may be off its CPU when its turn comes */
    alarm(STUCK_SECONDS);
    machine_init();
    domains_init();
    domain_register_kind(&sim_kind, false);
    sim_cpus_start(CPUS);
    for (unsigned i = 0; i < CPUS; i++)
        sim_run_cpu(i);
}

int main(int argc, char **argv)
{
    long objects;
    u64 frames;

    if (argc == 2 && !strcmp(argv[1], "rivals")) {
        start();
        rivals_run();
        return 0;
    }
    if (argc < 4)
        return 2;
    seed = generator = strtoul(argv[1], NULL, 0);
    orderly = !strcmp(argv[2], "orderly");
    steps = strtoul(argv[3], NULL, 0);
    sim_verbose = getenv("VERBOSE") != NULL;
    start();
    frames = buddy_free_frames();
    objects = sim_heap_objects;
    run();
    end();
    check_end(frames, objects);
    printf("ok threads seed %s %s: %lu steps on each of %u CPUs; events %lu of %lu, grants %lu of %lu; fifo %lu checked %lu taken, "
           "%lu mapped %lu unmapped %lu copied, %lu deaths, %lu preempted, %lu resets half done\n",
           argv[1], argv[2], steps, CPUS, calls_ok[32], calls[32], calls_ok[20], calls[20], reached[R_FIFO_CHECKED],
           reached[R_FIFO_TAKEN], reached[R_MAPPED], reached[R_UNMAPPED], reached[R_COPIED], reached[R_DEATHS],
           reached[R_PREEMPTED], reached[R_HALF_RESETS]);
    return 0;
}
