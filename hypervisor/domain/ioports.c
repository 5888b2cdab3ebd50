/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rights of a domain to I/O ports: a bitmap, made with the first right. Changed
 * by the dom0 builder and domctl (under the domctl lock), read by pv/ when the
 * guest executes IN or OUT.
 */
#include "domain/ioports.h"

#include "atomic.h"
#include "bitmap.h"
#include "domain/domain.h"
#include "errno.h"
#include "mm/heap.h"

#define IO_PORTS 65536u

int domain_ioports_permit(struct domain *d, unsigned first, unsigned count, bool allow)
{
    unsigned long *map = d->ioports;

    if (first >= IO_PORTS || count > IO_PORTS - first)
        return -EINVAL;
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

bool domain_ioports_allowed(const struct domain *d, unsigned first, unsigned count)
{
    const unsigned long *map = d->ioports;

    if (!map || first >= IO_PORTS || count > IO_PORTS - first)
        return false;
    for (unsigned port = first; port < first + count; port++) {
        if (!test_bit(port, map))
            return false;
    }
    return true;
}
