/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of domctl only (domctl.c calls the others). @d is the domain
 * that the call names; the domctl lock is held. Results as the hypercall's; what
 * is changed in the structure is written back on success.
 */
#ifndef HV_CONTROL_DOMCTL_OPS_H
#define HV_CONTROL_DOMCTL_OPS_H

#include "domain/domain.h"
#include <xen/domctl.h>

/* domctl_life.c */
long domctl_create(struct xen_domctl *op);
long domctl_max_vcpus(struct domain *d, const struct xen_domctl_max_vcpus *m);
long domctl_max_mem(struct domain *d, const struct xen_domctl_max_mem *m);
long domctl_set_target(struct domain *d, const struct xen_domctl_set_target *t);

/* domctl_vcpu.c */
long domctl_set_context(struct domain *d, const struct xen_domctl_vcpucontext *c);
long domctl_get_context(struct domain *d, const struct xen_domctl_vcpucontext *c);
long domctl_vcpu_info(struct domain *d, struct xen_domctl_getvcpuinfo *g);
long domctl_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *a, bool set);
long domctl_scheduler(struct domain *d, struct xen_domctl_scheduler_op *s);
long domctl_trigger(struct domain *d, const struct xen_domctl_sendtrigger *t);

/* domctl_state.c */
long domctl_ext_context(struct domain *d, struct xen_domctl_ext_vcpucontext *e, bool set);
long domctl_get_ext_state(struct domain *d, struct xen_domctl_vcpuextstate *s);
long domctl_set_ext_state(struct domain *d, const struct xen_domctl_vcpuextstate *s);
long domctl_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *m, bool set);

/* domctl_memory.c */
long domctl_page_info(struct domain *d, const struct xen_domctl_getpageframeinfo3 *g);
long domctl_hypercall_page(struct domain *d, const struct xen_domctl_hypercall_init *h);
long domctl_permission(struct domain *d, const struct xen_domctl *op);

/* domctl_cpuid.c */
long domctl_get_policy(struct domain *d, struct xen_domctl_cpu_policy *p);
long domctl_set_policy(struct domain *d, struct xen_domctl_cpu_policy *p);
long domctl_get_tsc(struct domain *d, struct xen_domctl_tsc_info *t);
long domctl_set_tsc(struct domain *d, const struct xen_domctl_tsc_info *t);

/* domctl_shadow.c */
long domctl_shadow(struct domain *d, struct xen_domctl_shadow_op *s);

#endif
