/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a domain that a saved image holds beside its memory and registers: extended context,
 * FPU and vector state, MSRs, time-stamp counter, types of frames. All through domctl. Called by
 * libbuild. No locks.
 */
#include <errno.h>
#include <string.h>

#include "hv.h"

int hv_vcpu_get_ext(struct hv *hv, uint32_t domid, uint32_t vcpu,
                    struct xen_domctl_ext_vcpucontext *ext)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_ext_vcpucontext, .domain = (domid_t)domid };
    int rc;

    op.u.ext_vcpucontext.vcpu = vcpu;
    rc = hv_domctl(hv, &op);
    *ext = op.u.ext_vcpucontext;
    return rc;
}

int hv_vcpu_set_ext(struct hv *hv, uint32_t domid, uint32_t vcpu,
                    const struct xen_domctl_ext_vcpucontext *ext)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_ext_vcpucontext, .domain = (domid_t)domid };

    op.u.ext_vcpucontext = *ext;
    op.u.ext_vcpucontext.vcpu = vcpu;
    return hv_domctl(hv, &op);
}

/*
 * CMD with BUF (SIZE octets, NULL: none) as extended state. *SIZE becomes what the hypervisor says.
 */
static int xstate_op(struct hv *hv, uint32_t cmd, uint32_t domid, uint32_t vcpu, void *buf,
                     uint64_t *size)
{
    struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };
    int rc;

    op.u.vcpuextstate.vcpu = vcpu;
    op.u.vcpuextstate.size = *size;
    set_xen_guest_handle(op.u.vcpuextstate.buffer, buf);
    rc = hv_domctl(hv, &op);
    *size = op.u.vcpuextstate.size;
    return rc;
}

int hv_vcpu_get_xstate(struct hv *hv, uint32_t domid, uint32_t vcpu, void *out, size_t max)
{
    uint64_t size = 0, room;
    void *buf;
    int rc = xstate_op(hv, XEN_DOMCTL_getvcpuextstate, domid, vcpu, NULL, &size);

    if (rc || !size)
        return rc;
    if (size > max)
        return -ENOBUFS;
    room = size;
    buf = hv_buf_get(hv, room);
    if (!buf)
        return -ENOMEM;
    rc = xstate_op(hv, XEN_DOMCTL_getvcpuextstate, domid, vcpu, buf, &size);
    if (!rc && size <= room)
        memcpy(out, buf, size);
    hv_buf_put(hv, buf, room);
    return rc ? rc : (int)size;
}

int hv_vcpu_set_xstate(struct hv *hv, uint32_t domid, uint32_t vcpu, const void *state, size_t len)
{
    uint64_t size = len;
    void *buf = hv_buf_get(hv, len);
    int rc;

    if (!buf)
        return -ENOMEM;
    memcpy(buf, state, len);
    rc = xstate_op(hv, XEN_DOMCTL_setvcpuextstate, domid, vcpu, buf, &size);
    hv_buf_put(hv, buf, len);
    return rc;
}

int hv_vcpu_get_msrs(struct hv *hv, uint32_t domid, uint32_t vcpu, xen_domctl_vcpu_msr_t *msrs,
                     unsigned int max)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_vcpu_msrs, .domain = (domid_t)domid };
    xen_domctl_vcpu_msr_t *buf = hv_buf_get(hv, max * sizeof(*buf));
    int rc;

    if (!buf)
        return -ENOMEM;
    op.u.vcpu_msrs.vcpu = vcpu;
    op.u.vcpu_msrs.msr_count = max;
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, buf);
    rc = hv_domctl(hv, &op);
    if (!rc) {
        rc = (int)op.u.vcpu_msrs.msr_count;
        memcpy(msrs, buf, (size_t)rc * sizeof(*buf));
    }
    hv_buf_put(hv, buf, max * sizeof(*buf));
    return rc;
}

int hv_vcpu_set_msrs(struct hv *hv, uint32_t domid, uint32_t vcpu,
                     const xen_domctl_vcpu_msr_t *msrs, unsigned int count)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_vcpu_msrs, .domain = (domid_t)domid };
    xen_domctl_vcpu_msr_t *buf = hv_buf_get(hv, count * sizeof(*buf));
    int rc;

    if (!buf)
        return -ENOMEM;
    memcpy(buf, msrs, count * sizeof(*buf));
    op.u.vcpu_msrs.vcpu = vcpu;
    op.u.vcpu_msrs.msr_count = count;
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, buf);
    rc = hv_domctl(hv, &op);
    hv_buf_put(hv, buf, count * sizeof(*buf));
    return rc;
}

int hv_domain_get_tsc(struct hv *hv, uint32_t domid, struct xen_domctl_tsc_info *tsc)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_gettscinfo, .domain = (domid_t)domid };
    int rc = hv_domctl(hv, &op);

    *tsc = op.u.tsc_info;
    return rc;
}

int hv_domain_set_tsc(struct hv *hv, uint32_t domid, const struct xen_domctl_tsc_info *tsc)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_settscinfo, .domain = (domid_t)domid };

    op.u.tsc_info = *tsc;
    return hv_domctl(hv, &op);
}

int hv_domain_address_size(struct hv *hv, uint32_t domid)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_get_address_size, .domain = (domid_t)domid };
    int rc = hv_domctl(hv, &op);

    return rc ? rc : (int)op.u.address_size.size;
}

int hv_frame_types(struct hv *hv, uint32_t domid, xen_pfn_t *frames, unsigned int count)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getpageframeinfo3, .domain = (domid_t)domid };

    op.u.getpageframeinfo3.num = count;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, frames);
    return hv_domctl(hv, &op);
}
