/* SPDX-License-Identifier: GPL-2.0-only */
/* The sim build: the hypervisor's upper floors as a host program; see docs/memory.md. */
#ifndef SIM_H
#define SIM_H

#include "domain/domain.h"
#include "pv/mmu.h"
#include "shared/host.h"

/* ---- machine.c, tlb.c ---- */

#define SIM_WINDOW 0x00007f0000000000ul /* guest address of memory that is always there, for hypercall arguments */
#define SIM_WINDOW_SIZE 0x4000ul

/* RAM is [0, hole_start) and [hole_end, frames); the allocator gets the latter. */
void sim_machine_init(u64 frames, u64 hole_start, u64 hole_end);
bool sim_host_slots_intact(const u64 *l4);
bool sim_translate(struct vcpu *v, vaddr_t va, bool write, mfn_t *mfn);
void sim_check_tlbs(void);

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

struct sim_domain { /* what we keep of a domain, by id */
    bool killing, killed;
    struct sim_pending pending[SIM_VCPUS];
    u8 window[SIM_VCPUS][SIM_WINDOW_SIZE];
};

extern struct sim_domain sim_domains[SIM_DOMAINS];
#define SIM_HOLDS 64
extern struct sim_hold sim_holds[SIM_HOLDS];
extern unsigned sim_hold_count;

void sim_world_init(void);   /* once: the machine, and sim_world_start() */
void sim_world_start(void);  /* makes the domains that do not exist */
void sim_world_end(void);    /* kills all and checks that nothing is left */
void sim_world_report(void); /* how hypercalls ended */
void sim_time_passes(void);  /* and this CPU does what is pending */
void sim_all_cpus(void);     /* every CPU does what is pending, a few times */
u64 sim_kept_frames(void);
struct domain *sim_domain(unsigned i); /* NULL: there is none */
void sim_domain_make(unsigned i);
mfn_t sim_first_frame(unsigned i, unsigned k); /* frame k of what domain i began with */
bool sim_domain_kill(unsigned i); /* a step; true: done, though others may still keep it */
bool sim_switch(struct vcpu *v);  /* goes to the CPU on which @v is; false: nowhere */
u8 *sim_window(void);             /* of the current vCPU */
/* By the current vCPU @v. */
long sim_hypercall(struct vcpu *v, u64 nr, u64 a1, u64 a2, u64 a3, u64 a4);
bool sim_continue(struct vcpu *v); /* goes on with a pending hypercall; false: there is none */
struct sim_pending *sim_pending(struct vcpu *v);
bool sim_vcpu_initialise(struct vcpu *v, mfn_t root); /* in kernel mode; false: refused, or not yet */

/* ---- hardware.c ---- */
void sim_window_flush(unsigned cpu); /* its TLB forgets the window */
void sim_check_windows(void);
extern u64 sim_selectors; /* of an LDT, that were loaded */

/* ---- contexts.c ---- */
void sim_descriptors(struct vcpu *v); /* descriptor tables and selectors of @v, which is current */
void sim_modes(struct vcpu *v);       /* to user mode, and extended state */
void sim_contexts(struct vcpu *v);    /* contexts of another vCPU */
bool sim_enter_kernel(struct vcpu *v); /* before a hypercall; false: it has crashed */
void sim_check_contexts(void);
extern u64 sim_contexts_set, sim_contexts_refused;

/* ---- logdirty.c ---- */
void sim_log_dirty(struct vcpu *v);   /* one operation by @v, which is current, on another domain; checks the log */
void sim_user_mode(struct vcpu *v);   /* an excursion to user page tables */
int sim_log_semantics(struct vcpu *v0, struct vcpu *v);
extern u64 sim_logs, sim_logged;      /* logs read, pages found in them */

/* ---- semantics.c ---- */
int sim_semantics(void); /* 0: every answer is as expected */

/* ---- races.c ---- */
int sim_races(void); /* 0: none is lost */
extern void (*sim_between)(void); /* what another CPU does in the middle of an action of this one; NULL: nothing */

/* ---- actions.c, hypercalls.c ---- */
void sim_action(void);         /* one random action */
void sim_any_hypercall(struct vcpu *v);
bool sim_more(void);           /* input left */
mfn_t sim_any_frame(const struct domain *d);
vaddr_t sim_any_va(void);
extern u64 sim_emulated, sim_granted, sim_ungranted, sim_deaths; /* successes, to see that all is reached */

/* ---- invariants.c, holders_*.c ---- */
void sim_check(void);
void sim_note_grant(domid_t id, mfn_t mfn); /* @id has been given a mapping of another's frame */
void sim_note_writable_grant(domid_t id, mfn_t mfn);
void sim_fifo_pages(const struct domain *d, void (*fn)(mfn_t mfn));
void sim_pirq_pages(const struct domain *d, void (*fn)(mfn_t mfn));

#endif
