/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables that a CPU uses for a domain in log-dirty mode; see pv/mmu_shadow.c. */
#ifndef HV_PV_MMU_SHADOW_H
#define HV_PV_MMU_SHADOW_H

#include "pv/pv.h"

/*
 * The first domain in log-dirty mode starts, the last one stops it. The caller holds control/domctl.c's lock, or there is
 * one CPU; no vCPU in that mode runs when it stops. @return 0, -ENOMEM
 */
int pv_shadow_start(void);
void pv_shadow_stop(void);
extern void (*pv_shadow_traps)(bool on); /* page faults of such domains are to be looked at from now on; set by pv_init() */

enum shadow_result {
    SHADOW_FILLED, /* the access may be tried again */
    SHADOW_ABSENT, /* the guest's own tables do not map @va */
    SHADOW_DENIED, /* they do, but not for this access */
};

/*
 * After a page fault at guest address @va of @v, which is current and whose domain is in log-dirty mode: does what the
 * processor does with the guest's tables (accessed and dirty bits included), notes a write, and copies the translation.
 */
enum shadow_result pv_shadow_fill(struct vcpu *v, vaddr_t va, bool write, bool fetch);

#endif
