/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of paravirtual guests: what a PV domain and a PV vCPU have beyond
 * domain/domain.h. Allocated by pv/domain.c.
 */
#ifndef HV_PV_PV_H
#define HV_PV_PV_H

#include "domain/domain.h"
#include "machine/msr_policy.h"

#define GDT_GUEST_FRAMES 14 /* frames of its GDT that a guest may set: FIRST_RESERVED_GDT_PAGE */
#define LDT_FRAMES 16

/* pv/mmu_logdirty.c: how far a preempted operation has come. */
struct log_progress {
    u8 op;      /* LOG_*, 0: none is under way */
    u64 next;   /* frame to look at */
    u64 zeroed; /* bytes of the bitmap that have been cleared */
    u32 dirty;  /* frames found dirty */
};

struct pv_domain {
    void *e820;                /* XENMEM_set_memory_map: entries of 20 bytes, heap; NULL: none; d->lock */
    unsigned e820_count;
    u32 pci_cf8;               /* what Domain 0 wrote to port 0xcf8 last */
    struct spinlock mmu_lock;  /* LOCK_PAGETABLE: one page-table change of this domain at a time */
    struct frame *stale[3];    /* page tables of level 2, 3, 4 that wait to be un-validated further; mmu_lock */
    bool log_dirty;            /* log-dirty mode: its vCPUs run on pv/mmu_shadow.c's tables; changes while all are paused */
    struct log_progress log;   /* of a preempted operation on the log */
    u32 log_faults;            /* first writes since the log was cleaned; atomic */
    u8 relinquish_stage;       /* pv_relinquish_memory: where it is, */
    u64 relinquish_mfn;        /* and the next frame to look at */
};

/* One entry of the guest's trap table (set_trap_table). */
struct pv_trap {
    u64 address;
    u16 cs;       /* RPL forced to 3 */
    u8 flags;     /* bits 0-1: highest ring that may raise it by INT; bit 2: mask events on entry */
};

struct pv_vcpu {
    u64 kernel_cr3, user_cr3;     /* machine addresses of the guest's level-4 tables; user: 0 none. Each holds a typed reference */
    bool kernel_mode;             /* guest kernel (its own idea of ring), else guest user */
    int context_error;            /* of its first context, while what that had taken is given back; 0: none */
    bool syscall_masks_events, syscall32_masks_events, sysenter_masks_events, failsafe_masks_events;
    u64 event_callback, failsafe_callback, syscall_callback, syscall32_callback, sysenter_callback; /* 0: none */
    u64 kernel_sp;                /* stack_switch */
    u16 kernel_ss;
    u64 ctrlreg0;                 /* guest's view of CR0 (TS) */
    u64 ctrlreg4;
    u64 iopl;                     /* 0..3, PHYSDEVOP_set_iopl */
    vaddr_t iobitmap;             /* PHYSDEVOP_set_iobitmap: guest address of the map, a clear bit allows; */
    u32 iobitmap_ports;           /* how many ports it covers */
    u64 debugreg[8];
    u64 fs_base, gs_base_kernel, gs_base_user;
    u16 ds, es, fs, gs;
    struct guest_msrs msrs;
    struct pv_trap traps[256];
    mfn_t gdt_frames[GDT_GUEST_FRAMES];
    unsigned gdt_entries;
    vaddr_t ldt_base;             /* guest address; LDT frames are mapped into the window when first used */
    unsigned ldt_entries;
    u32 ldt_pages;                /* bit n: page n has been used, */
    mfn_t ldt_frames[LDT_FRAMES]; /* and is this frame, with a SEGDESC reference */
};

static inline u64 pv_current_cr3(const struct pv_vcpu *p)
{
    return p->kernel_mode ? p->kernel_cr3 : p->user_cr3;
}

/* What vm_assist offers to 64-bit PV guests. The segment assists are accepted as on Xen, and mean nothing to them. */
#define PV_VM_ASSISTS                                                                       \
    (BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) |                 \
     BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) |             \
     BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag) |          \
     BIT(VMASST_TYPE_m2p_strict))

extern const struct domain_kind pv_kind;

/* pv/mmu_*.c. All hypercall entries take plain arguments as the guest passed them. */
long do_mmu_update(vaddr_t reqs, u32 count, vaddr_t done, u32 foreign);
long do_mmuext_op(vaddr_t ops, u32 count, vaddr_t done, u32 foreign);
long do_update_va_mapping(vaddr_t va, u64 pte, u64 flags);
long do_update_va_mapping_otherdomain(vaddr_t va, u64 pte, u64 flags, domid_t domid);
void pv_mmu_init(void);       /* registers frame_ops */

/*
 * Puts @mfn (owned by @d; 0: none) in the place of *@root, one of the two of a vCPU that cannot run, with the typed reference.
 * @return 0; -EINVAL and other errors: *@root is 0; -ERESTART: call again
 */
int pv_hold_root(struct domain *d, u64 *root, mfn_t mfn);
/* Drops pins, page tables and frames of a dying domain. 0, -ERESTART */
int pv_relinquish_memory(struct domain *d);

/*
 * A write of the guest kernel to one of its own page tables while
 * VMASST_TYPE_writable_pagetables is on: validates and performs the one
 * instruction at regs->rip. @return true: done, go on; false: the fault is the guest's.
 */
bool pv_emulate_pt_write(struct regs *regs, vaddr_t addr);


#endif
