/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same actions with the choices made by libFuzzer's input: two bytes a choice. Each input starts
 * from fresh domains and must leave no frame behind.
 *
 *   fuzz -runs=100000 CORPUS
 */
#include "sim.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const u8 *input;
static size_t left;

unsigned sim_rnd(unsigned n)
{
    unsigned v;

    if (left < 2) {
        left = 0;
        return n - 1; /* not 0, which goes on with some loops */
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

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static bool ready;

    if (!ready)
        sim_world_init();
    else
        sim_world_start();
    ready = true;
    input = data;
    left = size;
    while (sim_more()) {
        sim_action();
        sim_check();
    }
    sim_world_end();
    return 0;
}
