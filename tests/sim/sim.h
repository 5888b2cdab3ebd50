/* SPDX-License-Identifier: GPL-2.0-only */
/* The sim build: the hypervisor's upper floors as a host program. docs/memory.md and README of this folder. */
#ifndef SIM_H
#define SIM_H

#include "domain/domain.h"
#include "machine/cpu.h"
#include "pv/mmu.h"

/* ---- machine.c, tlb.c ---- */

#define SIM_WINDOW 0x00007f0000000000ul /* guest address of memory that is always there, for hypercall arguments */
#define SIM_WINDOW_SIZE 0x4000ul

extern bool sim_verbose;

void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* RAM is [0, hole_start) and [hole_end, frames); the allocator gets the latter. */
void sim_machine_init(u64 frames, u64 hole_start, u64 hole_end);
void sim_check_no_locks(void);
bool sim_host_slots_intact(const u64 *l4);
bool sim_translate(struct vcpu *v, vaddr_t va, bool write, mfn_t *mfn);
void sim_check_tlbs(void);
u8 *sim_window(void); /* of the current vCPU */

/* ---- world.c: domains and their vCPUs ---- */

#define SIM_DOMAINS 3
#define SIM_VCPUS 2
#define SIM_HOLE_START 0x80ul
#define SIM_HOLE_END 0xc0ul
#define SIM_LINEAR 0x0000008000000000ul /* where a domain sees all its first frames */

struct sim_pending { /* a hypercall that is to be continued */
    bool active;
    u64 nr, arg[5];
};

/* What the test itself holds, so that references can be recomputed. */
struct sim_hold {
    mfn_t mfn;
    enum frame_type type; /* FRAME_NONE: a general reference only */
};

struct sim_domain {
    struct domain *d; /* NULL: destroyed, to be made again */
    bool killing;
    struct sim_pending pending[SIM_VCPUS];
    u8 window[SIM_VCPUS][SIM_WINDOW_SIZE];
};

extern struct sim_domain sim_domains[SIM_DOMAINS];
#define SIM_HOLDS 64
extern struct sim_hold sim_holds[SIM_HOLDS];
extern unsigned sim_hold_count;

void sim_world_init(void);
void sim_domain_make(unsigned i);
/* One step of destruction. @return true: it is gone */
bool sim_domain_kill(unsigned i);
void sim_switch(struct vcpu *v); /* makes @v current on its CPU */
long sim_hypercall(struct vcpu *v, u64 nr, u64 a1, u64 a2, u64 a3, u64 a4);
bool sim_continue(struct vcpu *v); /* goes on with a pending hypercall; false: there is none */
struct sim_pending *sim_pending(struct vcpu *v);
void sim_world_report(void); /* how hypercalls ended */

/* ---- domains.c: what of domain/ is not linked ---- */
extern const struct domain_kind sim_kind;
void sim_domain_init(void);
struct domain *sim_domain_new(domid_t id, u64 max_pages); /* no memory, no vCPUs */
bool sim_domain_end(struct domain *d); /* a step of its death; true: its last reference is gone */

/* ---- actions.c ---- */
void sim_action(void);         /* one random action */
unsigned sim_rnd(unsigned n);  /* 0..n-1, from the generator or the fuzzer's input */
bool sim_more(void);           /* input left */
void sim_report_position(void);
extern u64 sim_emulated, sim_granted, sim_ungranted, sim_deaths; /* successes, to see that all is reached */

/* ---- invariants.c ---- */
void sim_check(void);
void sim_note_grant(domid_t id, mfn_t mfn); /* @id has been given a mapping of another's frame */

#endif
