/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pairs that must not hurt each other, a CPU each and nothing else to do: the first one a fixed number of rounds, the other one
 * until that is through. What the random actions of main.c bring together too seldom. AddressSanitizer is the judge.
 */
#include "world.h"

#define sched_yield host_sched_yield /* the hypervisor has a function of this name */
#include <pthread.h>
#undef sched_yield
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "domain/hypercalls.h"
#include "domain/iomem.h"
#include "rivals.h"

#define ROUNDS 4000
#define PORTS  500

static bool through; /* the first one is */

static struct domain *d;
static struct vcpu *sim_idle;

static long op(unsigned cmd, const void *args, size_t len)
{
    memcpy(window(current), args, len);
    current->hcall_preempted = false;
    return do_event_channel_op(cmd, WINDOW);
}

/* EVTCHNOP_reset, and the FIFO ABI set up again, ... */
static void resets(void)
{
    struct evtchn_init_control c = {.vcpu = 0, .control_gfn = guests[1].memory[0].n};
    struct evtchn_expand_array e = {.array_gfn = guests[1].memory[1].n};
    struct evtchn_reset r = {.dom = DOMID_SELF};

    current = d->vcpus[0];
    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)op(EVTCHNOP_init_control, &c, sizeof(c));
        (void)op(EVTCHNOP_expand_array, &e, sizeof(e));
        (void)op(EVTCHNOP_reset, &r, sizeof(r));
    }
}

/* ... against another vCPU that opens a port, often behind the reset, and sends. */
static void sends(void)
{
    struct evtchn_bind_ipi b = {.vcpu = 0};

    current = d->vcpus[1];
    while (!atomic_load(&through)) {
        if (op(EVTCHNOP_bind_ipi, &b, sizeof(b)))
            continue;
        b.port = ((struct evtchn_bind_ipi *)window(current))->port;
        for (unsigned n = 0; n < 200 && op(EVTCHNOP_send, &b.port, sizeof(b.port)) == 0; n++)
            ;
    }
}

/* So many that a reset is on its way for a while. */
static void make_records(void)
{
    struct evtchn_bind_ipi b = {.vcpu = 0};

    sim_this_cpu = 0;
    current = d->vcpus[0];
    for (unsigned n = 0; n < PORTS; n++)
        if (op(EVTCHNOP_bind_ipi, &b, sizeof(b)))
            sim_fail("no port");
    current = sim_idle;
}

/* Rights that come and go ... */
static void rights(void)
{
    for (unsigned i = 0; i < ROUNDS * 60; i++) {
        (void)domain_iomem_permit(d, MFN(0xfe000), 16, true);
        (void)domain_iomem_permit(d, MFN(0xfe004), 4, false);
        (void)domain_iomem_permit(d, MFN(0xfe000), 16, false);
    }
}

/* ... while page-table entries are checked for them. */
static void entries(void)
{
    while (!atomic_load(&through))
        (void)domain_iomem_allowed(d, MFN(0xfe00c), 1);
}

struct rival {
    unsigned cpu;
    void (*fn)(void);
};

static void *rival_thread(void *arg)
{
    const struct rival *r = arg;
    struct vcpu *idle;

    sim_this_cpu = r->cpu;
    idle = current;
    r->fn();
    current = idle;
    if (r->cpu == 0)
        atomic_store(&through, true);
    return NULL;
}

static void duel(const char *name, void (*a)(void), void (*b)(void))
{
    struct rival rivals[2] = {{0, a}, {1, b}};
    pthread_t threads[2];

    through = false;
    for (unsigned i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, rival_thread, &rivals[i]))
            sim_fail("the host has no thread");
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    sim_this_cpu = 0;
    check_all();
    printf("%s: both are through\n", name);
}

void rivals_run(void)
{
    struct domain_config cfg = {.max_vcpus = 2};

    orderly = false;
    memset(&guests[1], 0, sizeof(guests[1]));
    if (domain_create(1, &cfg, &d))
        sim_fail("no domain");
    guests[1].d = domain_get(d);
    d->max_pages = MEMORY;
    for (unsigned k = 0; k < MEMORY; k++)
        guests[1].memory[k] = domain_alloc_frames(d, 0, 0, 0);
    for (unsigned k = 0; k < 2; k++)
        if (vcpu_create(d, k))
            sim_fail("no vCPU");
    sim_idle = current;
    make_records();
    duel("reset and send", resets, sends);
    duel("rights and page tables", rights, entries);
    domain_end(1);
    for (unsigned n = 0; n < 200; n++)
        sim_run_cpu(n % CPUS);
    printf("ok threads: rivals\n");
}
