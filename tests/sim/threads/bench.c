/* SPDX-License-Identifier: GPL-2.0-only */
/* What domain_find() and domain_put() cost among so many domains: every grant operation and every frame that is freed does both. */
#include "domain/domain_table.c"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 2000000u

struct sim_cpu sim_cpus[SIM_CPUS];
SIM_PER_THREAD unsigned sim_this_cpu;
struct cpumask cpu_online_mask;

void tasklet_schedule(struct tasklet *t, unsigned cpu)
{
}

void *page_alloc(void)
{
    return calloc(1, PAGE_SIZE);
}

void page_free(void *page)
{
    free(page);
}

void cpu_relax(void)
{
}

void bug(const char *file, int line, const char *what)
{
    abort();
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(void)
{
    unsigned have = 0, x = 12345;

    for (unsigned n = 8; n <= 1024; n *= 2) {
        double t;

        for (; have < n; have++) {
            struct domain *d = calloc(1, sizeof(*d));

            d->id = (domid_t)have;
            d->refs = 1;
            if (domain_table_insert(d))
                abort();
        }
        t = now();
        for (unsigned i = 0; i < ROUNDS; i++) {
            x = x * 1664525 + 1013904223;
            domain_put(domain_find((domid_t)((x >> 8) % n)));
        }
        printf("%4u domains: %6.1f ns\n", n, (now() - t) / ROUNDS);
    }
    return 0;
}
