/* SPDX-License-Identifier: GPL-2.0-only */
/* The I/O ports that a domain may use. */
#ifndef HV_DOMAIN_IOPORTS_H
#define HV_DOMAIN_IOPORTS_H

#include "types.h"

struct domain;

/* XEN_DOMCTL_ioport_permission. -EINVAL: beyond 65536, -ENOMEM */
int domain_ioports_permit(struct domain *d, unsigned first, unsigned count, bool allow);
bool domain_ioports_allowed(const struct domain *d, unsigned first, unsigned count);

#endif
