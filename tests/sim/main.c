/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random actions from a fixed seed with all invariants checked after each, then
 * the death of all domains, after which every frame must be free again.
 *
 *   sim [seed [actions [first action to print]]]
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "mm/buddy.h"
#include "sched/softirq.h"

bool sim_verbose;
static u64 state, seed, step;

unsigned sim_rnd(unsigned n)
{
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (state >> 33) % n;
}

bool sim_more(void)
{
    return true;
}

void sim_report_position(void)
{
    printf("seed %lu, action %lu\n", seed, step);
}

static void end_all(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        per_cpu(softirq_pending, cpu) = 0;
    while (sim_hold_count) {
        struct sim_hold h = sim_holds[--sim_hold_count];

        if (h.type != FRAME_NONE)
            frame_put_type(mfn_to_frame(h.mfn));
        frame_put(mfn_to_frame(h.mfn));
    }
    for (unsigned round = 0; round < 3; round++) /* they may map each other's frames */
        for (unsigned i = 0; i < SIM_DOMAINS; i++)
            if (sim_domains[i].d)
                sim_domain_kill(i);
    for (unsigned i = 0; i < SIM_DOMAINS; i++)
        if (sim_domains[i].d)
            sim_fail("d%u does not end: %lu frames", i, sim_domains[i].d->tot_pages);
    sim_check();
    if (buddy_free_frames() != buddy_total_frames())
        sim_fail("%lu frames are lost", buddy_total_frames() - buddy_free_frames());
}

int main(int argc, char **argv)
{
    u64 actions = argc > 2 ? strtoul(argv[2], NULL, 0) : 100000;
    u64 print = argc > 3 ? strtoul(argv[3], NULL, 0) : ~0ul;

    seed = state = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
    sim_world_init();
    sim_check();
    for (step = 0; step < actions; step++) {
        sim_verbose = step >= print;
        sim_action();
        sim_check();
    }
    end_all();
    sim_world_report();
    printf("emulated stores %lu, grants mapped %lu, unmapped %lu, deaths %lu\n", sim_emulated, sim_granted, sim_ungranted,
           sim_deaths);
    printf("ok sim seed %lu: %lu actions\n", seed, actions);
    return 0;
}
