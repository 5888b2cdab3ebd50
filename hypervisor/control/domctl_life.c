/* SPDX-License-Identifier: GPL-2.0-only */
/* domctl: making a domain and setting its limits. Called by domctl.c with its lock held. */
#include "control/domctl_ops.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "sched/softirq.h"

/* What a PV domain may be made with. */
#define FLAGS (XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_s3_integrity)

static int check_config(const struct xen_domctl_createdomain *c)
{
    if (c->flags & ~(u32)FLAGS)
        return c->flags & ~(u32)(XEN_DOMCTL_CDF_MAX * 2 - 1) ? -EINVAL : -EOPNOTSUPP;
    if (!c->max_vcpus || c->max_vcpus > MAX_VCPUS || c->iommu_opts || c->vmtrace_size || c->cpupool_id)
        return -EINVAL;
    if (XEN_DOMCTL_GRANT_version(c->grant_opts) != 1 || c->grant_opts & ~(u32)XEN_DOMCTL_GRANT_version_mask)
        return -EINVAL;
    if (c->arch.emulation_flags || c->arch.misc_flags & ~(u32)XEN_X86_MSR_RELAXED)
        return -EINVAL;
    return 0;
}

static bool id_is_free(domid_t id)
{
    struct domain *d = domain_find(id);

    if (d)
        domain_put(d);
    return !d;
}

/* The next number after the last one given out, so that numbers are not used again soon. 0: none is free */
static domid_t choose_id(void)
{
    static domid_t last;
    domid_t id = last;

    do {
        id = id + 1u < DOMID_FIRST_RESERVED ? (domid_t)(id + 1) : 1;
        if (id_is_free(id)) {
            last = id;
            return id;
        }
    } while (id != last);
    return 0;
}

static struct domain_config config_of(const struct xen_domctl_createdomain *c)
{
    struct domain_config cfg = {
        .max_vcpus = c->max_vcpus,
        .create_flags = c->flags,
        .ssidref = c->ssidref,
        .max_event_ports = c->max_evtchn_port < INT32_MAX ? c->max_evtchn_port + 1 : 0,
        .max_grant_frames = c->max_grant_frames < 0 ? 0 : (unsigned)c->max_grant_frames,
        .max_maptrack_frames = c->max_maptrack_frames < 0 ? 0 : (unsigned)c->max_maptrack_frames,
    };

    memcpy(cfg.uuid, c->handle, sizeof(cfg.uuid));
    return cfg;
}

/* @return 0 and op->domain; -EEXIST, -EINVAL, -EOPNOTSUPP, -ENOMEM */
long domctl_create(struct xen_domctl *op)
{
    struct domain_config cfg = config_of(&op->u.createdomain);
    domid_t id = op->domain;
    struct domain *d;
    int rc = check_config(&op->u.createdomain);

    if (rc)
        return rc;
    if (id > 0 && id < DOMID_FIRST_RESERVED) {
        if (!id_is_free(id))
            return -EEXIST;
    } else {
        id = choose_id();
        if (!id)
            return -ENOMEM;
    }
    rc = domain_create(id, &cfg, &d);
    if (!rc)
        op->domain = id;
    return rc;
}

/* Since interface 0x12 the number was fixed at creation: this makes the vCPUs, with pauses for other work. */
long domctl_max_vcpus(struct domain *d, const struct xen_domctl_max_vcpus *m)
{
    if (m->max != d->max_vcpus)
        return -EINVAL;
    for (unsigned i = 0; i < m->max; i++) {
        int rc;

        if (d->vcpus[i])
            continue;
        rc = vcpu_create(d, i);
        if (rc)
            return rc;
        if (i + 1 < m->max && preempt_needed())
            return -ERESTART;
    }
    return 0;
}

long domctl_max_mem(struct domain *d, const struct xen_domctl_max_mem *m)
{
    u64 pages = m->max_memkb >> (PAGE_SHIFT - 10);

    spin_lock(&d->page_lock);
    d->max_pages = MIN(pages, (u64)UINT32_MAX);
    spin_unlock(&d->page_lock);
    return 0;
}

/* Who is somebody's device model has rights over it: never over who has rights itself, and in no circle. 0, or Xen's error */
static int check_target(const struct domain *d, const struct domain *target)
{
    if (d == target || d->target)
        return -EINVAL;
    if (!target->is_hvm) /* a PV guest has no device model */
        return -EOPNOTSUPP;
    return target->privileged || target->target ? -EPERM : 0;
}

/* @d is the device model of the target from now on; it holds a reference to it until its death. */
long domctl_set_target(struct domain *d, const struct xen_domctl_set_target *t)
{
    struct domain *target = domain_find(t->target);
    long rc;

    if (!target)
        return -ESRCH;
    rc = check_target(d, target);
    if (rc)
        domain_put(target);
    else
        d->target = target;
    return rc;
}
