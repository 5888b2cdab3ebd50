/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Model-specific registers as a PV guest may read and write them. The few that
 * are the guest's own live in struct guest_msrs; FS_BASE, GS_BASE and
 * KERNEL_GS_BASE belong to the PV floor and are not handled here.
 */
#ifndef HV_MACHINE_MSR_POLICY_H
#define HV_MACHINE_MSR_POLICY_H

#include "types.h"

/* One per vCPU; all zero is the state after creation. */
struct guest_msrs {
    u64 spec_ctrl;             /* loaded while the vCPU runs */
    u32 tsc_aux;               /* loaded while the vCPU runs */
    u32 dr_mask[4];            /* address bits that breakpoints ignore (AMD's DBEXT); loaded with them */
    bool cpuid_faulting;       /* CPUID in user mode raises #GP, as the guest asked */
    bool control_domain;       /* Domain 0: few more registers may be read */
    bool relaxed;              /* msr_relaxed: registers that exist but are not known read as 0 */
    bool boot_vcpu;            /* vCPU 0: has the BSP bit in APIC_BASE */
};

/* @return 0 and *@value, or -EPERM: inject #GP. The register is read for the running vCPU. */
int guest_rdmsr(const struct guest_msrs *g, u32 msr, u64 *value);

/* @return 0 (done or, as Xen does for some, silently ignored), or -EPERM: inject #GP. */
int guest_wrmsr(struct guest_msrs *g, u32 msr, u64 value);

/* Loads the registers of the vCPU that runs next on this CPU; only changes are written. */
void guest_msrs_load(const struct guest_msrs *g);

/* Register that holds dr_mask[@i]. */
u32 guest_dr_mask_msr(unsigned i);

/* Loads the masks of the breakpoints of the vCPU that runs; only changes are written. Before its DR7 is. */
void guest_dr_masks_load(const struct guest_msrs *g);

/* True when CPUID of guests' user mode can be intercepted on this machine. */
bool cpuid_faulting_available(void);

#endif
