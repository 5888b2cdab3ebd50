/* SPDX-License-Identifier: GPL-2.0-only */
/* What a domain may ask for in memory_op, for memory_reservation.c and memory_exchange.c. */
#include "control/memory_ops.h"
#include "errno.h"

#define GUEST_MAX_ORDER 9    /* Xen: CONFIG_DOMU_MAX_ORDER */
#define CONTROL_MAX_ORDER 18 /* Xen: CONFIG_CTLDOM_MAX_ORDER */

unsigned memory_max_order(const struct domain *d)
{
    return d->privileged ? CONTROL_MAX_ORDER : GUEST_MAX_ORDER;
}

int memory_address_bits(u32 mem_flags)
{
    unsigned bits = XENMEMF_get_address_bits(mem_flags);

    if (bits && bits <= PAGE_SHIFT)
        return -EINVAL;
    return (int)bits;
}
