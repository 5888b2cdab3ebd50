/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the time-stamp counter from user space of a guest: prints its value, and how often it went backwards in 100,000 readings. */
#include <stdint.h>
#include <stdio.h>
#include <x86intrin.h>

int main(void)
{
    uint64_t last = __rdtsc(), now;
    unsigned back = 0;

    for (unsigned i = 0; i < 100000; i++, last = now) {
        now = __rdtsc();
        back += now < last;
    }
    printf("tsc %llu back %u\n", (unsigned long long)last, back);
    return 0;
}
