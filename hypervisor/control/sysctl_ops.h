/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of sysctl only (sysctl.c calls the others). Results as the hypercall's. */
#ifndef HV_CONTROL_SYSCTL_OPS_H
#define HV_CONTROL_SYSCTL_OPS_H

#include "types.h"
#include <xen/sysctl.h>

/* sysctl_machine.c: the machine and what it does */
long sysctl_readconsole(struct xen_sysctl_readconsole *r);
long sysctl_physinfo(struct xen_sysctl_physinfo *p);
long sysctl_cputopoinfo(struct xen_sysctl_cputopoinfo *t);
long sysctl_numainfo(struct xen_sysctl_numainfo *n);
long sysctl_pcitopoinfo(struct xen_sysctl_pcitopoinfo *t);
long sysctl_getcpuinfo(struct xen_sysctl_getcpuinfo *g);
long sysctl_availheap(struct xen_sysctl_availheap *a);
long sysctl_debug_keys(const struct xen_sysctl_debug_keys *k);

/* sysctl_sched.c: domains, pools and the scheduler */
long sysctl_getdomaininfolist(struct xen_sysctl_getdomaininfolist *l);
long sysctl_cpupool(struct xen_sysctl_cpupool_op *op);
long sysctl_scheduler(struct xen_sysctl_scheduler_op *op);

/* sysctl_perfc.c */
long sysctl_perfc(struct xen_sysctl_perfc_op *p);

/* sysctl_cpuid.c */
long sysctl_featureset(struct xen_sysctl_cpu_featureset *f);
long sysctl_cpu_policy(struct xen_sysctl_cpu_policy *p);

#endif
