/* SPDX-License-Identifier: GPL-2.0-only */
/* Random actions from a seed on the simulated machine; at the end everything must be back to the start. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/internal.h"
#include "mm/buddy.h"

static u64 generator, step;

unsigned sim_rnd(unsigned n)
{
    generator = generator * 6364136223846793005UL + 1442695040888963407UL;
    return (unsigned)(generator >> 33) % n;
}

void sim_report_position(void)
{
    printf("step %lu\n", step);
}

static void start(void)
{
    machine_init();
    domains_init();
    domain_register_kind(&sim_kind, false);
    sim_cpus_start(CPUS);
}

static void one_step(void)
{
    unsigned cpu = sim_rnd(CPUS);

    sim_now += sim_rnd(100000);
    for (unsigned n = 0; n < CPUS; n++) {
        cpu = (cpu + 1) % CPUS;
        sim_run_cpu(cpu);
        sim_this_cpu = cpu;
        if (!vcpu_is_idle(current))
            break;
    }
    if (!vcpu_is_idle(current))
        guest_action();
    if (sim_rnd(12) == 0 && (vcpu_is_idle(current) || current->domain->id == 0))
        toolstack_action();
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

int main(int argc, char **argv)
{
    u64 steps = argc > 2 ? strtoul(argv[2], NULL, 0) : 20000, frames;
    long objects;

    generator = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
    sim_verbose = getenv("VERBOSE") != NULL;
    start();
    if (argc > 1 && !strcmp(argv[1], "errors")) {
        check_errors();
        return 0;
    }
    for (unsigned i = 0; i < CPUS; i++)
        sim_run_cpu(i);
    frames = buddy_free_frames();
    objects = sim_heap_objects;
    for (step = 0; step < steps; step++) {
        sim_fail_allocations = sim_rnd(4) == 0;
        one_step();
        sim_fail_allocations = false;
        if (step % 8 == 0)
            check_all();
    }
    end();
    check_all();
    if (domain_next(0))
        sim_fail("a domain is left");
    if (buddy_free_frames() != frames || sim_heap_objects != objects)
        sim_fail("left behind: %ld frames, %ld objects", (long)(frames - buddy_free_frames()),
                 sim_heap_objects - objects);
    for (unsigned i = 0; i < ARRAY_SIZE(reached); i++)
        if (!reached[i] && steps >= 20000)
            sim_fail("nothing of kind %u has happened", i);
    printf("ok domain sim seed %s: %lu steps ok; events %lu of %lu, grants %lu of %lu, vcpu %lu of %lu, sched %lu of %lu; "
           "fifo %lu checked %lu taken, %lu mapped %lu unmapped %lu copied %lu transferred, %lu deaths, %lu preempted, %lu resets half done\n",
           argc > 1 ? argv[1] : "1", steps, calls_ok[32], calls[32], calls_ok[20], calls[20], calls_ok[24], calls[24],
           calls_ok[29], calls[29], reached[R_FIFO_CHECKED], reached[R_FIFO_TAKEN], reached[R_MAPPED],
           reached[R_UNMAPPED], reached[R_COPIED], reached[R_TRANSFERRED], reached[R_DEATHS], reached[R_PREEMPTED],
           reached[R_HALF_RESETS]);
    return 0;
}
