/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The time-stamp counter as a domain sees it: the machine's own, or one that is
 * computed from system time at a rate of the domain's own (xen-tscmode(7)).
 */
#ifndef HV_DOMAIN_GUEST_TSC_H
#define HV_DOMAIN_GUEST_TSC_H

#include "domain/domain.h"

enum tsc_mode { TSC_MODE_DEFAULT, TSC_MODE_ALWAYS_EMULATE, TSC_MODE_NEVER_EMULATE };

/*
 * Sets the mode of a paused domain. @khz: rate of its counter, 0: the machine's; @elapsed: what it has counted so far, in
 * nanoseconds; @incarnation: how often it was restored. Domain 0's stays the machine's. The default is the machine's
 * counter where the rate is its own. @return 0; -EINVAL: no such mode
 */
int domain_set_tsc(struct domain *d, u32 mode, u32 khz, nsec_t elapsed, u32 incarnation);

/* What RDTSC gives the domain now, and what it gives at system time @t. */
u64 guest_tsc(const struct domain *d);
u64 guest_tsc_at(const struct domain *d, nsec_t t);

#endif
