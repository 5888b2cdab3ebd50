/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_CONTROL_DOMAIN_INFO_H
#define HV_CONTROL_DOMAIN_INFO_H

#include "domain/domain.h"
#include <xen/domctl.h>

/* What listings show of a domain (XEN_DOMCTL_getdomaininfo, XEN_SYSCTL_getdomaininfolist). A snapshot; no lock. */
void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* Nanoseconds that it has been running, up to now. */
nsec_t vcpu_run_time(const struct vcpu *v);

#endif
