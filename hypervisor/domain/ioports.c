/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rights of a domain to I/O ports: a bitmap, made with the first right. Changed
 * by the dom0 builder and domctl, read by pv/ when the guest executes IN or OUT.
 * Lock: d->rights_lock for those who change it.
 */
#include "domain/ioports.h"

#include "atomic.h"
#include "bitmap.h"
#include "domain/domain.h"
#include "errno.h"
#include "mm/heap.h"

#define IO_PORTS 65536u

static int permit_locked(struct domain *d, unsigned first, unsigned count, bool allow)
{
    unsigned long *map = d->ioports;

    if (!map) {
        if (!allow)
            return 0;
        map = heap_array(BITS_TO_LONGS(IO_PORTS), sizeof(*map));
        if (!map)
            return -ENOMEM;
        atomic_store(&d->ioports, map);
    }
    for (unsigned port = first; port < first + count; port++) {
        if (allow)
            set_bit(port, map);
        else
            clear_bit(port, map);
    }
    return 0;
}

int domain_ioports_permit(struct domain *d, unsigned first, unsigned count, bool allow)
{
    int rc;

    if (first >= IO_PORTS || count > IO_PORTS - first)
        return -EINVAL;
    spin_lock(&d->rights_lock);
    rc = permit_locked(d, first, count, allow);
    spin_unlock(&d->rights_lock);
    return rc;
}

bool domain_ioports_allowed(const struct domain *d, unsigned first, unsigned count)
{
    const unsigned long *map = atomic_load(&d->ioports);

    if (!map || first >= IO_PORTS || count > IO_PORTS - first)
        return false;
    for (unsigned port = first; port < first + count; port++) {
        if (!test_bit(port, map))
            return false;
    }
    return true;
}
