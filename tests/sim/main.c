/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random actions from a fixed seed with all invariants checked after each; now and
 * then all domains die, after which every frame must be free again.
 *
 *   sim semantics
 *   sim [seed [actions [first action to print]]]
 */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTIONS_PER_LIFE 2000 /* Domain 0's page tables wear out, too */

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

int main(int argc, char **argv)
{
    bool semantics = argc > 1 && !strcmp(argv[1], "semantics");
    u64 actions = argc > 2 ? strtoul(argv[2], NULL, 0) : 100000;
    u64 print = argc > 3 ? strtoul(argv[3], NULL, 0) : ~0ul;

    seed = state = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
    sim_world_init();
    sim_check();
    if (semantics) {
        int rc = sim_semantics() | sim_races();

        printf("%s sim semantics\n", rc ? "FAIL" : "ok");
        return rc;
    }
    for (step = 0; step < actions; step++) {
        sim_verbose = step >= print;
        sim_action();
        sim_check();
        if (step % ACTIONS_PER_LIFE == ACTIONS_PER_LIFE - 1) {
            sim_world_end();
            sim_world_start();
        }
    }
    sim_world_end();
    sim_world_report();
    printf("selectors of LDTs loaded %lu, contexts set %lu, refused %lu\n", sim_selectors, sim_contexts_set, sim_contexts_refused);
    printf("logs read %lu, pages in them %lu\n", sim_logs, sim_logged);
    printf("emulated stores %lu, grants mapped %lu, unmapped %lu, deaths %lu\n", sim_emulated, sim_granted, sim_ungranted,
           sim_deaths);
    printf("ok sim seed %lu: %lu actions\n", seed, actions);
    return 0;
}
