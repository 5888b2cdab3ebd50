/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same actions with the choices made by libFuzzer's input: two bytes a choice. Each input starts
 * from fresh domains and must leave no frame behind.
 *
 *   fuzz -runs=100000 CORPUS
 */
#include "sim.h"

#include <stdio.h>

#include "mm/buddy.h"
#include "sched/softirq.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

bool sim_verbose;
static const u8 *input;
static size_t left;

unsigned sim_rnd(unsigned n)
{
    unsigned v;

    if (left < 2) {
        left = 0;
        return 0;
    }
    v = input[0] | input[1] << 8;
    input += 2;
    left -= 2;
    return n > 0x10000 ? v * (n >> 16) : v % n;
}

bool sim_more(void)
{
    return left >= 2;
}

void sim_report_position(void)
{
    printf("%zu bytes of input are left\n", left);
}

static void start_anew(void)
{
    static bool ready;

    if (!ready) {
        sim_world_init();
        ready = true;
        return;
    }
    for (unsigned i = 0; i < SIM_DOMAINS; i++)
        if (!sim_domains[i].d)
            sim_domain_make(i);
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
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < SIM_DOMAINS; i++)
            if (sim_domains[i].d)
                sim_domain_kill(i);
    sim_check();
    if (buddy_free_frames() != buddy_total_frames())
        sim_fail("%lu frames are lost", buddy_total_frames() - buddy_free_frames());
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    start_anew();
    input = data;
    left = size;
    while (sim_more()) {
        sim_action();
        sim_check();
    }
    end_all();
    return 0;
}
