/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domain life cycle through domctl (public/domctl.h): create, destroy, pause, limits, information.
 * Leaves memory to memory.c and virtual CPUs to vcpu.c. Called by xl and libbuild. No locks.
 */
#include <errno.h>
#include <string.h>

#include "hv.h"
#include <xen/sched.h>

/* A domctl that has no arguments besides the domain. */
static int plain_domctl(struct hv *hv, uint32_t cmd, uint32_t domid)
{
    struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };

    return hv_domctl(hv, &op);
}

int hv_domain_create(struct hv *hv, const struct xen_domctl_createdomain *cfg, uint32_t *domid)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = (domid_t)*domid };
    int rc;

    op.u.createdomain = *cfg;
    rc = hv_domctl(hv, &op);
    if (rc)
        return rc;
    *domid = op.domain;
    return 0;
}

/* Destruction is restartable: the hypervisor asks to be called again until all is freed. */
int hv_domain_destroy(struct hv *hv, uint32_t domid)
{
    int rc;

    do {
        rc = plain_domctl(hv, XEN_DOMCTL_destroydomain, domid);
    } while (rc == -EAGAIN);
    return rc;
}

int hv_domain_pause(struct hv *hv, uint32_t domid)
{
    return plain_domctl(hv, XEN_DOMCTL_pausedomain, domid);
}

int hv_domain_unpause(struct hv *hv, uint32_t domid)
{
    return plain_domctl(hv, XEN_DOMCTL_unpausedomain, domid);
}

int hv_domain_resume(struct hv *hv, uint32_t domid)
{
    return plain_domctl(hv, XEN_DOMCTL_resumedomain, domid);
}

int hv_domain_set_handle(struct hv *hv, uint32_t domid, const uint8_t uuid[16])
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_setdomainhandle, .domain = (domid_t)domid };

    memcpy(op.u.setdomainhandle.handle, uuid, sizeof(xen_domain_handle_t));
    return hv_domctl(hv, &op);
}

int hv_domain_info(struct hv *hv, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid };
    int rc = hv_domctl(hv, &op);

    if (rc)
        return rc;
    /* The hypervisor answers with the next domain if this one does not exist. */
    if (op.u.getdomaininfo.domain != domid)
        return -ESRCH;
    *info = op.u.getdomaininfo;
    return 0;
}

int hv_domain_list(struct hv *hv, uint32_t first, struct xen_domctl_getdomaininfo *list,
                   unsigned int max)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
    size_t bytes = max * sizeof(*list);
    struct xen_domctl_getdomaininfo *buf = hv_buf_get(hv, bytes);
    int rc;

    if (!buf)
        return -ENOMEM;
    op.u.getdomaininfolist.first_domain = (domid_t)first;
    op.u.getdomaininfolist.max_domains = max;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, buf);
    rc = hv_sysctl(hv, &op);
    if (!rc) {
        rc = (int)op.u.getdomaininfolist.num_domains;
        memcpy(list, buf, (size_t)rc * sizeof(*list));
    }
    hv_buf_put(hv, buf, bytes);
    return rc;
}

int hv_domain_max_vcpus(struct hv *hv, uint32_t domid, unsigned int max)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = (domid_t)domid };

    op.u.max_vcpus.max = max;
    return hv_domctl(hv, &op);
}

int hv_domain_set_maxmem(struct hv *hv, uint32_t domid, uint64_t kib)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = (domid_t)domid };

    op.u.max_mem.max_memkb = kib;
    return hv_domctl(hv, &op);
}

int hv_domain_set_time_offset(struct hv *hv, uint32_t domid, int64_t seconds)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_settimeoffset, .domain = (domid_t)domid };

    op.u.settimeoffset.time_offset_seconds = seconds;
    return hv_domctl(hv, &op);
}

int hv_domain_set_tsc_mode(struct hv *hv, uint32_t domid, uint32_t mode)
{
    struct xen_domctl_tsc_info tsc = { .tsc_mode = mode };

    return hv_domain_set_tsc(hv, domid, &tsc);
}

int hv_domain_set_address_size(struct hv *hv, uint32_t domid, unsigned int bits)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_address_size, .domain = (domid_t)domid };

    op.u.address_size.size = bits;
    return hv_domctl(hv, &op);
}

int hv_domain_trigger(struct hv *hv, uint32_t domid, uint32_t trigger, uint32_t vcpu)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_sendtrigger, .domain = (domid_t)domid };

    op.u.sendtrigger.trigger = trigger;
    op.u.sendtrigger.vcpu = vcpu;
    return hv_domctl(hv, &op);
}

int hv_domain_shutdown(struct hv *hv, uint32_t domid, unsigned int reason)
{
    struct sched_remote_shutdown *arg = hv_buf_get(hv, sizeof(*arg));
    long rc;

    if (!arg)
        return -ENOMEM;
    arg->domain_id = (domid_t)domid;
    arg->reason = reason;
    rc = hv_call(hv, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, (unsigned long)arg, 0, 0, 0);
    hv_buf_put(hv, arg, sizeof(*arg));
    return (int)rc;
}

int hv_domain_set_hypercall_page(struct hv *hv, uint32_t domid, uint64_t gmfn)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_hypercall_init, .domain = (domid_t)domid };

    op.u.hypercall_init.gmfn = gmfn;
    return hv_domctl(hv, &op);
}

int hv_domain_iomem(struct hv *hv, uint32_t domid, uint64_t first_mfn, uint64_t count, int allow)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_iomem_permission, .domain = (domid_t)domid };

    op.u.iomem_permission.first_mfn = first_mfn;
    op.u.iomem_permission.nr_mfns = count;
    op.u.iomem_permission.allow_access = (uint8_t)allow;
    return hv_domctl(hv, &op);
}

int hv_domain_ioports(struct hv *hv, uint32_t domid, uint32_t first, uint32_t count, int allow)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_ioport_permission, .domain = (domid_t)domid };

    op.u.ioport_permission.first_port = first;
    op.u.ioport_permission.nr_ports = count;
    op.u.ioport_permission.allow_access = (uint8_t)allow;
    return hv_domctl(hv, &op);
}

int hv_domain_irq(struct hv *hv, uint32_t domid, uint32_t pirq, int allow)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_irq_permission, .domain = (domid_t)domid };

    op.u.irq_permission.pirq = pirq;
    op.u.irq_permission.allow_access = (uint8_t)allow;
    return hv_domctl(hv, &op);
}

int hv_set_virq_handler(struct hv *hv, uint32_t domid, uint32_t virq)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_set_virq_handler, .domain = (domid_t)domid };

    op.u.set_virq_handler.virq = virq;
    return hv_domctl(hv, &op);
}
