/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains and vCPUs: the two structures that everything above the scheduler
 * works on, their life cycle and how they are found. What differs between PV
 * and HVM is behind struct domain_kind, which each kind registers.
 *
 * Life cycle: domain_create -> (running, paused, shut down) -> domain_kill,
 * which may be continued -> the last reference goes -> memory freed.
 */
#ifndef HV_DOMAIN_DOMAIN_H
#define HV_DOMAIN_DOMAIN_H

#include "domain/continuation.h"
#include "domain/event_channel.h"
#include "machine/cpu.h"
#include "machine/cpu_features.h"
#include "machine/spinlock.h"
#include "machine/time.h"
#include "mm/frame.h"
#include "sched/sched.h"
#include <xen/vcpu.h>
#include <xen/xen.h>

struct pv_domain;  /* pv/pv.h */
struct pv_vcpu;    /* pv/pv.h */
struct grant_table; /* domain/grant_table.h */
struct domain;

struct vcpu {
    struct domain *domain;
    unsigned id;
    struct sched_unit unit;
    struct pv_vcpu *pv;

    struct regs regs;          /* while it does not run; else in cpu_top()->guest */
    void *fpu;                 /* save area, machine/fpu.h */
    u64 xcr0;

    struct vcpu_info *info;    /* the guest's, in the hypervisor's address space; never NULL once initialised */
    struct vcpu_info own_info; /* where info points while the guest has none (vCPUs beyond the shared info page) */
    mfn_t info_mfn;            /* frame when registered with VCPUOP_register_vcpu_info, else INVALID_MFN */
    u64 runstate_guest;        /* guest address of its vcpu_runstate_info, 0: none */
    u64 time_guest;            /* VCPUOP_register_vcpu_time_memory_area, 0: none */
    u32 time_version;          /* of the last vcpu_time_info, even */
    bool areas_pending;        /* one of the two could not be written (user page tables): vcpu_update_areas() */

    struct timer periodic_timer, singleshot_timer, poll_timer;
    nsec_t periodic_period, periodic_last;

    struct event_vcpu event;   /* virqs, FIFO queues, port of SCHEDOP_poll */

    bool initialised;          /* has a whole context (VCPUOP_initialise); d->lock. Without one it is down */
    bool down;                 /* VCPUOP_down; counts as one pause */
    bool nmi_pending, mce_pending;
    bool hcall_preempted;      /* the running hypercall shall be executed again, domain/continuation.h */
    bool in_multicall;
    struct hcall_next multicall_next; /* in_multicall && hcall_preempted: what the entry is to become */
    u32 dirty_cpu;             /* CPU whose FPU holds its state, DIRTY_CPU_NONE: memory only */
    u32 pause_flags;           /* VPF_* */
};
#define DIRTY_CPU_NONE (~0u)

/* Reasons for which a vCPU does not run, each of which holds one sched_pause() (vcpu.pause_flags, atomic). */
#define VPF_DOWN BIT(0)
#define VPF_DOMAIN_SHUTDOWN BIT(1)

#define NR_WATCHDOGS 2
#define SHUTDOWN_CODE_NONE 0xff

/* How it sees the time-stamp counter (domain/guest_tsc.h); changed while it is paused. */
struct domain_tsc {
    bool emulated;              /* computed from system time: RDTSC traps; else the machine's, and the rest does not matter */
    u8 mode;                    /* enum tsc_mode */
    u32 khz;
    u32 incarnation;
    nsec_t start;               /* system time at which it was 0, modulo 2^64 */
    struct time_scale scale;    /* for its vcpu_time_info; without stamps */
};

struct domain {
    domid_t id;
    u32 refs;                   /* references by pointer; the table of domains holds one */
    bool privileged;            /* may use control interfaces (Domain 0) */
    bool is_hvm;
    bool debugger;              /* XEN_DOMCTL_setdebugging: traps of its kernel stop it */
    bool dying;                 /* READ under the lock of what is about to be added to the domain */
    bool shutting_down, shut_down;
    u8 shutdown_code;           /* SHUTDOWN_*, SHUTDOWN_CODE_NONE */
    u8 kill_stage;
    unsigned controller_pauses; /* XEN_DOMCTL_pausedomain; bounded */
    unsigned pause_count;       /* of the whole domain; each vCPU holds as many pauses */
    struct spinlock lock;       /* LOCK_DOMAIN: contexts of vCPUs, vcpu_info registration */
    struct spinlock state_lock; /* LOCK_DOMAIN_STATE: pausing, shutdown, creation of vCPUs */
    evtchn_port_t suspend_port; /* XEN_DOMCTL_subscribe: notified instead of VIRQ_DOM_EXC when it suspends; 0: none */

    unsigned max_vcpus;
    struct vcpu **vcpus;        /* max_vcpus pointers; each NULL until created */

    const struct domain_kind *kind;
    struct pv_domain *pv;

    struct spinlock page_lock;  /* LOCK_DOMAIN_PAGES: the four counts below */
    u64 tot_pages, max_pages;   /* frames owned; limit */
    u64 xenheap_pages;
    u64 claimed_pages;
    u64 min_mfn, max_mfn;       /* its frames lie in [min_mfn, max_mfn] */

    struct shared_info *shared_info;
    struct event_domain event;
    struct grant_table *grant;
    struct sched_group group;

    u64 vm_assist;              /* bits VMASST_TYPE_* */
    struct domain_tsc tsc;
    u32 cpuid_limit[FEATURE_WORDS]; /* CPU features it may have at most; fixed once its first vCPU is initialised */
    s64 time_offset_seconds;
    u8 uuid[16];                /* xen_domain_handle_t */
    u32 ssidref;
    u32 create_flags;           /* XEN_DOMCTL_CDF_* */
    bool console_emergency;     /* CONSOLEIO_write allowed */
    char console_line[128];     /* CONSOLEIO_write of a guest: the line so far, page_lock */
    unsigned console_len;

    struct cpumask dirty_cpus;  /* CPUs that may hold TLB entries of it; atomic bits */
    struct domain *target;      /* XEN_DOMCTL_set_target */

    struct spinlock rights_lock; /* LOCK_RIGHTS: who changes the three below; who reads iomem */
    unsigned long *ioports;     /* 65536 bits: ports it may use; NULL: none; once made it stays */
    struct range_list *iomem;   /* domain/iomem.h: frames of MMIO it may map; NULL: none */
    unsigned long *irqs;        /* GSIs it may use; as ioports */
    struct pirq_table *pirqs;   /* domain/pirq.h */
    struct timer watchdog[NR_WATCHDOGS]; /* SCHEDOP_watchdog, state_lock */
    unsigned watchdogs_in_use;  /* bits */
    struct tasklet destroy;     /* frees it after the last reference */
};

/* What a kind of guest (PV now, HVM later) does differently. Any context that holds a reference. */
struct domain_kind {
    const char *name;
    int (*domain_create)(struct domain *d);
    int (*domain_relinquish)(struct domain *d);   /* drops page tables and frames; 0 or -ERESTART */
    void (*domain_destroy)(struct domain *d);     /* frees d->pv */
    int (*vcpu_create)(struct vcpu *v);
    void (*vcpu_destroy)(struct vcpu *v);
    void (*context_save)(struct vcpu *v);         /* on its CPU, interrupts disabled: leaving */
    void (*context_load)(struct vcpu *v);         /* entering */
    void (*context_unload)(void);                 /* after context_save, no vCPU of this kind follows: nothing of it stays; a CR3 load follows */
    int (*set_context)(struct vcpu *v, const struct vcpu_guest_context *c); /* VCPUOP_initialise, setvcpucontext */
    void (*get_context)(struct vcpu *v, struct vcpu_guest_context *c);
    int (*reset_vcpu)(struct vcpu *v);            /* from now on it has no context; drops what that held; 0 or -ERESTART */
    void (*enter)(void) __noreturn;               /* runs current until something is to be done */
    bool (*upcall_masked)(const struct vcpu *v);  /* NULL: vcpu_info.evtchn_upcall_mask says it */
    /*
     * Grant mappings. A present PTE holds its own references on @frame, taken and
     * dropped here; the grant table holds others of its own meanwhile. @host_addr: linear
     * address in the current address space, or with GNTMAP_contains_pte the machine address of the PTE.
     * grant_unmap checks that the PTE maps @frame as @flags say; @new_addr (unmap_and_replace): linear address
     * whose PTE moves to the place and is cleared, 0: none. No flush of the TLBs. @return GNTST_*
     */
    int (*grant_map)(u64 host_addr, mfn_t frame, u32 flags);
    int (*grant_unmap)(u64 host_addr, mfn_t frame, u64 new_addr, u32 flags);
};
/* Called once by each kind of guest before the first domain. */
void domain_register_kind(const struct domain_kind *kind, bool hvm);

#define current_domain() (current->domain)

/* True for the idle vCPUs, which belong to the pseudo domain DOMID_IDLE. */
static inline bool vcpu_is_idle(const struct vcpu *v)
{
    return v->unit.idle;
}

/*
 * The table of domains. domain_find takes a reference that domain_put drops; NULL when there is none. Who finds one for a
 * caller asks domain/privilege.h what that may do.
 */
struct domain *domain_find(domid_t id);
struct domain *domain_get(struct domain *d); /* a further reference */
void domain_put(struct domain *d);
/* First domain with id >= @id, with a reference; for listing. */
struct domain *domain_next(domid_t id);
extern struct domain *dom0; /* NULL until built */
extern struct domain *dom_xen, *dom_io; /* pseudo domains that own hypervisor-shared and MMIO frames */
/* Once, before the first vCPU: pseudo domains, callbacks of sched/ and mm/, the console's virq. */
void domains_init(void);
/* Once, after it: the machine-to-physical table may be mapped read-only by those who may map pages of DOMID_XEN. */
void domains_share_m2p(void);
/* Set by control/: Domain 0 has shut down with @reason (SHUTDOWN_*); ends the machine, does not return. */
extern void (*machine_shutdown)(u8 reason) __noreturn;

struct domain_config {
    bool privileged;
    bool hvm;
    unsigned max_vcpus;
    u32 create_flags;
    unsigned max_event_ports;      /* 0: all */
    unsigned max_grant_frames, max_maptrack_frames;
    u8 uuid[16];
    u32 ssidref;
};
/* @return 0 and *@out (paused, without vCPUs and memory), -EEXIST, -ENOMEM, -EINVAL */
int domain_create(domid_t id, const struct domain_config *cfg, struct domain **out);
int vcpu_create(struct domain *d, unsigned id);       /* -EEXIST, -ENOMEM, -EINVAL */
void domain_pause(struct domain *d);                  /* and waits until none of its vCPUs runs */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
int domain_pause_by_controller(struct domain *d);     /* -EOVERFLOW */
int domain_unpause_by_controller(struct domain *d);   /* -EINVAL */
/* The running guest met a breakpoint. @return true: it is paused, the debugger (VIRQ_DEBUGGER) unpauses it; false: none watches */
bool domain_stop_for_debugger(struct domain *d);
void vcpu_pause(struct vcpu *v);                      /* and waits */
void vcpu_unpause(struct vcpu *v);
void domain_shutdown(struct domain *d, u8 reason);    /* SHUTDOWN_*; Domain 0: ends the machine */
void domain_resume(struct domain *d);
int domain_kill(struct domain *d);                    /* 0, -ERESTART: call again */
bool domain_is_paused(const struct domain *d);
bool domain_is_dead(const struct domain *d);           /* killed; only references to it are left */

/* A guest did what it may not: one line with domain, vCPU, rip and why; the domain is shut down with SHUTDOWN_crash. */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

void vcpu_kick(struct vcpu *v);                       /* an event is pending: wake it or interrupt its CPU */
void vcpu_context_switch(struct vcpu *prev, struct vcpu *next);
struct vcpu *idle_vcpu_create(unsigned cpu);
int vcpu_down(struct vcpu *v);
int vcpu_up(struct vcpu *v);                          /* -EINVAL: has no context */
void vcpu_unblock(struct vcpu *v);                    /* ends SCHEDOP_block and SCHEDOP_poll */
/*
 * Sets the whole context of a paused vCPU (domctl setvcpucontext, VCPUOP_initialise; d->lock held). @return as kind->set_context
 */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
/* Brings a vCPU of a paused domain back to the state in which it was made. 0, -ERESTART: call again; it cannot run meanwhile */
int vcpu_reset(struct vcpu *v);
/* After v->fpu was written from outside: what a CPU may still hold of it is void. */
void vcpu_forget_cpu(struct vcpu *v);
struct vcpu *domain_vcpu(const struct domain *d, u64 id); /* NULL: there is none */
void domain_subscribe_suspend(struct domain *d, evtchn_port_t port);

#define for_each_vcpu(d, v)                                                     \
    for (unsigned i_##v = 0; i_##v < (d)->max_vcpus; i_##v++)                    \
        if (((v) = (d)->vcpus[i_##v]) != NULL)

/* Memory of a domain (domain/pages.c). */
/* Frames without owner (fresh from the buddy or stolen) become the domain's: -E2BIG over max_pages, -EINVAL dying */
int domain_add_frames(struct domain *d, mfn_t mfn, unsigned order);
/* @max_bits, @flags as buddy_alloc. Draws on the domain's claim. INVALID_MFN: none, over max_pages, dying */
mfn_t domain_alloc_frames(struct domain *d, unsigned order, unsigned max_bits, unsigned flags);
/*
 * Takes a frame away from its owner, if nobody but the owner's own reference holds it. Afterwards it has no owner, but
 * stays in the account of @d, so that something may be put in its place: domain_return_frames() or domain_forget_frames()
 * must follow. CPUs may still have translations to it: it goes to buddy_free() (which sees to them) or, after
 * domain_flush_stolen(), to a domain. @return 0, -EINVAL, -EBUSY
 */
int domain_steal_frame(struct domain *d, mfn_t mfn);
void domain_flush_stolen(void);
/* Frames without owner, as many as were stolen, become the domain's in their place. @return 0, -EINVAL: it is dying */
int domain_return_frames(struct domain *d, mfn_t mfn, unsigned order);
void domain_forget_frames(struct domain *d, u64 n); /* @n stolen ones leave the account */
/*
 * Drops the owner's own reference (ballooning, death); the caller holds another. @return false: it had been dropped before,
 * or @d is not the owner
 */
bool domain_drop_frame(struct domain *d, mfn_t mfn);
/* XENMEM_claim_pages: @pages in total (those it has count), 0: no claim. @return 0, -ENOMEM, -EINVAL */
int domain_set_claim(struct domain *d, u64 pages);
/* Shares a page of ours with @d (FRAME_XENHEAP); @writable: the guest may map it so. */
void share_frame_with(struct domain *d, void *page, bool writable);
/* The domain dies: guests' mappings of the page keep it (and the domain) until they go. */
void share_frame_drop(void *page);
void unshare_frame(void *page); /* nobody refers to it any more: an ordinary page of ours again */

/* Time and state areas of a guest, domain/vcpu_time.c. */
void vcpu_update_time(struct vcpu *v);  /* vcpu_time_info when it is scheduled or the scale changes */
void vcpu_update_runstate(struct vcpu *v); /* of the current vCPU */
/* When v->areas_pending is set: on a switch from guest user to guest kernel page tables. */
void vcpu_update_areas(struct vcpu *v);
void domain_update_wallclock(struct domain *d);
void domains_update_wallclock(void);

#endif
