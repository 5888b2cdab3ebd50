/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID policies as lists of leaves: those of kinds of guests (sysctl) and of one domain (domctl).
 * What the bits mean is the caller's business. Called by xl. No locks.
 */
#include <errno.h>
#include <string.h>

#include "hv.h"

/* Gives the buffer of a call back that returned @rc and @count leaves. @return their number, copied to @leaves, or the error */
static int take_leaves(struct hv *hv, xen_cpuid_leaf_t *buf, unsigned int max, int rc,
                       uint32_t count, xen_cpuid_leaf_t *leaves)
{
    if (!rc) {
        memcpy(leaves, buf, count * sizeof(*buf));
        rc = (int)count;
    }
    hv_buf_put(hv, buf, max * sizeof(*buf));
    return rc;
}

int hv_cpu_policy(struct hv *hv, uint32_t index, xen_cpuid_leaf_t *leaves, unsigned int max)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_get_cpu_policy };
    xen_cpuid_leaf_t *buf = hv_buf_get(hv, max * sizeof(*buf));
    int rc;

    if (!buf)
        return -ENOMEM;
    op.u.cpu_policy.index = index;
    op.u.cpu_policy.nr_leaves = max;
    set_xen_guest_handle(op.u.cpu_policy.leaves, buf);
    rc = hv_sysctl(hv, &op);
    return take_leaves(hv, buf, max, rc, op.u.cpu_policy.nr_leaves, leaves);
}

int hv_domain_get_cpu_policy(struct hv *hv, uint32_t domid, xen_cpuid_leaf_t *leaves,
                             unsigned int max)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_cpu_policy, .domain = (domid_t)domid };
    xen_cpuid_leaf_t *buf = hv_buf_get(hv, max * sizeof(*buf));
    int rc;

    if (!buf)
        return -ENOMEM;
    op.u.cpu_policy.nr_leaves = max;
    set_xen_guest_handle(op.u.cpu_policy.leaves, buf);
    rc = hv_domctl(hv, &op);
    return take_leaves(hv, buf, max, rc, op.u.cpu_policy.nr_leaves, leaves);
}

int hv_domain_set_cpu_policy(struct hv *hv, uint32_t domid, const xen_cpuid_leaf_t *leaves,
                             unsigned int count)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_cpu_policy, .domain = (domid_t)domid };
    xen_cpuid_leaf_t *buf = hv_buf_get(hv, count * sizeof(*buf));
    int rc;

    if (!buf)
        return -ENOMEM;
    memcpy(buf, leaves, count * sizeof(*buf));
    op.u.cpu_policy.nr_leaves = count;
    set_xen_guest_handle(op.u.cpu_policy.leaves, buf);
    rc = hv_domctl(hv, &op);
    hv_buf_put(hv, buf, count * sizeof(*buf));
    return rc;
}
