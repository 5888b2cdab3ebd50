/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl: the performance counters (xen/sysctl.h, perfc_op). Each has a value for every CPU. Called by sysctl.c; no locks. */
#include "control/sysctl_ops.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/perfc.h"
#include "machine/smp.h"
#include "mm/guest_access.h"

/* A null list is not wanted: the caller asks for the sizes first. */
static long query(struct xen_sysctl_perfc_op *p)
{
    for (unsigned c = 0; p->desc.p && c < PERFC_COUNT; c++) {
        xen_sysctl_perfc_desc_t desc = { .nr_vals = cpu_count };

        strlcpy(desc.name, perfc_name(c), sizeof(desc.name));
        if (copy_to_guest_at(p->desc, c, &desc))
            return -EFAULT;
    }
    for (unsigned i = 0; p->val.p && i < PERFC_COUNT * cpu_count; i++) {
        xen_sysctl_perfc_val_t value = perfc_value(i / cpu_count, i % cpu_count);

        if (copy_to_guest_at(p->val, i, &value))
            return -EFAULT;
    }
    p->nr_counters = PERFC_COUNT;
    p->nr_vals = PERFC_COUNT * cpu_count;
    return 0;
}

/* Resetting answers with the sizes too. */
long sysctl_perfc(struct xen_sysctl_perfc_op *p)
{
    if (p->cmd == XEN_SYSCTL_PERFCOP_query)
        return query(p);
    if (p->cmd != XEN_SYSCTL_PERFCOP_reset)
        return -EINVAL;
    perfc_reset();
    return query(p);
}
