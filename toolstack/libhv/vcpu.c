/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual CPUs through domctl: initial register state, run state, affinity, scheduling parameters.
 * Called by xl and libbuild. No locks.
 */
#include <errno.h>
#include <string.h>

#include "hv.h"

static int vcpu_context(struct hv *hv, uint32_t cmd, uint32_t domid, uint32_t vcpu,
                        vcpu_guest_context_t *ctxt)
{
    struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };
    vcpu_guest_context_t *buf = hv_buf_get(hv, sizeof(*buf));
    int rc;

    if (!buf)
        return -ENOMEM;
    *buf = *ctxt;
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, buf);
    rc = hv_domctl(hv, &op);
    *ctxt = *buf;
    hv_buf_put(hv, buf, sizeof(*buf));
    return rc;
}

int hv_vcpu_set_context(struct hv *hv, uint32_t domid, uint32_t vcpu,
                        const vcpu_guest_context_t *ctxt)
{
    vcpu_guest_context_t copy = *ctxt;

    return vcpu_context(hv, XEN_DOMCTL_setvcpucontext, domid, vcpu, &copy);
}

int hv_vcpu_get_context(struct hv *hv, uint32_t domid, uint32_t vcpu, vcpu_guest_context_t *ctxt)
{
    return vcpu_context(hv, XEN_DOMCTL_getvcpucontext, domid, vcpu, ctxt);
}

int hv_vcpu_info(struct hv *hv, uint32_t domid, uint32_t vcpu, struct xen_domctl_getvcpuinfo *info)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = (domid_t)domid };
    int rc;

    op.u.getvcpuinfo.vcpu = vcpu;
    rc = hv_domctl(hv, &op);
    if (!rc)
        *info = op.u.getvcpuinfo;
    return rc;
}

/* One affinity call; HARD and SOFT are bounced both ways where given. */
static int vcpu_affinity(struct hv *hv, struct xen_domctl *op, uint8_t *hard, uint8_t *soft,
                         size_t bytes)
{
    struct xen_domctl_vcpuaffinity *aff = &op->u.vcpuaffinity;
    uint8_t *buf = hv_buf_get(hv, 2 * bytes);
    int rc;

    if (!buf)
        return -ENOMEM;
    if (hard) {
        memcpy(buf, hard, bytes);
        set_xen_guest_handle(aff->cpumap_hard.bitmap, buf);
        aff->cpumap_hard.nr_bits = (uint32_t)bytes * 8;
        aff->flags |= XEN_VCPUAFFINITY_HARD;
    }
    if (soft) {
        memcpy(buf + bytes, soft, bytes);
        set_xen_guest_handle(aff->cpumap_soft.bitmap, buf + bytes);
        aff->cpumap_soft.nr_bits = (uint32_t)bytes * 8;
        aff->flags |= XEN_VCPUAFFINITY_SOFT;
    }
    rc = hv_domctl(hv, op);
    if (!rc && hard)
        memcpy(hard, buf, bytes);
    if (!rc && soft)
        memcpy(soft, buf + bytes, bytes);
    hv_buf_put(hv, buf, 2 * bytes);
    return rc;
}

int hv_vcpu_set_affinity(struct hv *hv, uint32_t domid, uint32_t vcpu, const uint8_t *hard,
                         const uint8_t *soft, size_t bytes, int force)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuaffinity, .domain = (domid_t)domid };
    uint8_t maps[2][512];

    if (bytes > sizeof(maps[0]))
        return -EINVAL;
    if (hard)
        memcpy(maps[0], hard, bytes);
    if (soft)
        memcpy(maps[1], soft, bytes);
    op.u.vcpuaffinity.vcpu = vcpu;
    op.u.vcpuaffinity.flags = force ? XEN_VCPUAFFINITY_FORCE : 0;
    return vcpu_affinity(hv, &op, hard ? maps[0] : NULL, soft ? maps[1] : NULL, bytes);
}

int hv_vcpu_get_affinity(struct hv *hv, uint32_t domid, uint32_t vcpu, uint8_t *hard,
                         uint8_t *soft, size_t bytes)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuaffinity, .domain = (domid_t)domid };

    op.u.vcpuaffinity.vcpu = vcpu;
    return vcpu_affinity(hv, &op, hard, soft, bytes);
}

int hv_sched_op(struct hv *hv, uint32_t domid, struct xen_domctl_scheduler_op *sched)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = (domid_t)domid };
    int rc;

    op.u.scheduler_op = *sched;
    rc = hv_domctl(hv, &op);
    *sched = op.u.scheduler_op;
    return rc;
}

/* credit and credit2 share the layout of weight and cap. */
int hv_sched_get(struct hv *hv, uint32_t domid, uint32_t sched, struct xen_domctl_sched_credit2 *p)
{
    struct xen_domctl_scheduler_op op = {
        .sched_id = sched, .cmd = XEN_DOMCTL_SCHEDOP_getinfo,
    };
    int rc = hv_sched_op(hv, domid, &op);

    if (!rc)
        *p = op.u.credit2;
    return rc;
}

int hv_sched_put(struct hv *hv, uint32_t domid, uint32_t sched,
                 const struct xen_domctl_sched_credit2 *p)
{
    struct xen_domctl_scheduler_op op = {
        .sched_id = sched, .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
    };

    op.u.credit2 = *p;
    return hv_sched_op(hv, domid, &op);
}
