/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain simulation: the real domain/ and sched/ with several domains on
 * four CPUs as a host program. Random hypercalls and toolstack actions; after each the
 * invariants of checks.c. README: ../README or docs/event-channels.md, docs/grant-tables.md.
 */
#ifndef SIM_DOMAIN_WORLD_H
#define SIM_DOMAIN_WORLD_H

#include "domain/domain.h"
#include "shared/host.h"

#define CPUS 4
#define FRAMES 4096ul
#define DOMAINS 5
#define VCPUS 3
#define WINDOW 0x00007f0000000000ul /* guest address of memory for the arguments of hypercalls */
#define WINDOW_SIZE 0x2000ul
#define MEMORY 24     /* frames of a domain */
#define FIFO_FRAMES 4   /* of these for the FIFO ABI: control blocks, then event arrays; used for nothing else */
#define MAPPINGS 32   /* places where a domain can map grants: stands for its page tables */

/* What the test knows of a domain, beside the real thing. */
struct guest {
    struct domain *d;        /* with a reference of the test's; NULL: none */
    bool killing;
    struct spinlock map_lock;   /* LOCK_PAGETABLE: map[] */
    struct spinlock setup_lock; /* the guest's own: one vCPU at a time sets FIFO up or resets */
    mfn_t memory[MEMORY];    /* INVALID_MFN: given away */
    struct {
        bool used;
        mfn_t frame;
        u32 flags;
    } map[MAPPINGS];
    u32 handles[MAPPINGS];   /* of map operations that succeeded; may be stale */
    struct {
        u8 window[WINDOW_SIZE];
        bool pending;        /* a hypercall is to be continued */
        u64 nr, args[4];
        evtchn_port_t head[16]; /* its own heads of the FIFO queues */
        u32 ready;           /* queues that it has been told of and has not emptied */
    } v[VCPUS];
    unsigned fifo_pages;     /* event arrays given so far */
};
extern struct guest guests[DOMAINS];

/* machine.c */
void machine_init(void);
extern u64 sim_writable; /* so many bytes of a window are; the rest is read-only */

/* errors.c */
void check_errors(void); /* on an error nothing has changed */

/* kind.c */
extern const struct domain_kind sim_kind;
u8 *window(struct vcpu *v);
struct guest *guest_of(const struct domain *d);

/* actions.c */
void guest_action(void);      /* the current vCPU does something */
void toolstack_action(void);  /* Domain 0's tools do something to a domain */
void domain_end(unsigned i);  /* kills it to the end */
extern u64 calls[64], calls_ok[64];
enum { R_FIFO_CHECKED, R_FIFO_TAKEN, R_MAPPED, R_UNMAPPED, R_COPIED, R_TRANSFERRED, R_DEATHS, R_PREEMPTED, R_HALF_RESETS, R_RIGHTS, R_COUNT };
extern u64 reached[R_COUNT]; /* how often what must be reached was */

/* Guests that know what they do: only then can be said which events may not be lost. */
extern bool orderly;

/* checks.c */
void check_all(void);
void consume_events(struct vcpu *v); /* as a guest's upcall does */

#endif
