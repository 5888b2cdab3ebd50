/* SPDX-License-Identifier: GPL-2.0-only */
/* domctl: contexts, state and scheduling of vCPUs. Called by domctl.c with its lock held. */
#include "control/ctl_bitmap.h"
#include "control/domain_info.h"
#include "control/domctl_ops.h"
#include "errno.h"
#include "mm/guest_access.h"
#include "mm/heap.h"

static long reset(struct domain *d, struct vcpu *v)
{
    long rc;

    domain_pause(d);
    rc = vcpu_reset(v);
    domain_unpause(d);
    return rc;
}

static long set(struct domain *d, struct vcpu *v, const struct vcpu_guest_context *c)
{
    long rc;

    domain_pause(d);
    spin_lock(&d->lock);
    rc = vcpu_set_context(v, c);
    spin_unlock(&d->lock);
    if (!rc)
        rc = c->flags & VGCF_online ? vcpu_up(v) : vcpu_down(v);
    domain_unpause(d);
    return rc;
}

long domctl_set_context(struct domain *d, const struct xen_domctl_vcpucontext *c)
{
    struct vcpu *v = domain_vcpu(d, c->vcpu);
    struct vcpu_guest_context *ctxt;
    long rc;

    if (!v)
        return -EINVAL;
    if (handle_is_null(c->ctxt))
        return reset(d, v);
    ctxt = heap_new(struct vcpu_guest_context);
    if (!ctxt)
        return -ENOMEM;
    rc = copy_from_guest(ctxt, c->ctxt) ? -EFAULT : set(d, v, ctxt);
    heap_free(ctxt);
    return rc;
}

long domctl_get_context(struct domain *d, const struct xen_domctl_vcpucontext *c)
{
    struct vcpu *v = domain_vcpu(d, c->vcpu);
    struct vcpu_guest_context *ctxt;
    long rc;

    if (!v)
        return c->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    if (!v->initialised)
        return -ENODATA;
    ctxt = heap_new(struct vcpu_guest_context);
    if (!ctxt)
        return -ENOMEM;
    vcpu_pause(v);
    d->kind->get_context(v, ctxt);
    vcpu_unpause(v);
    rc = copy_to_guest(c->ctxt, ctxt);
    heap_free(ctxt);
    return rc;
}

long domctl_vcpu_info(struct domain *d, struct xen_domctl_getvcpuinfo *g)
{
    struct vcpu *v = domain_vcpu(d, g->vcpu);

    if (!v)
        return g->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    g->online = !(READ_ONCE(v->pause_flags) & VPF_DOWN);
    g->blocked = READ_ONCE(v->unit.blocked);
    g->running = READ_ONCE(v->unit.running);
    g->cpu_time = vcpu_run_time(v);
    g->cpu = v->unit.cpu;
    return 0;
}

static long get_affinity(const struct vcpu *v, const struct xen_domctl_vcpuaffinity *a)
{
    long rc = 0;

    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = ctl_bitmap_put(&a->cpumap_hard, v->unit.hard.bits, MAX_CPUS);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = ctl_bitmap_put(&a->cpumap_soft, v->unit.soft.bits, MAX_CPUS);
    return rc;
}

/* Reports what a mask comes to: cut to the CPUs that run. */
static long put_effective(const struct xenctl_bitmap *to, const struct cpumask *mask, const struct cpumask *within)
{
    struct cpumask m;

    cpumask_and(&m, mask, within);
    cpumask_and(&m, &m, &cpu_online_mask);
    return ctl_bitmap_put(to, m.bits, MAX_CPUS);
}

static long set_affinity(struct vcpu *v, const struct xen_domctl_vcpuaffinity *a)
{
    struct cpumask hard = v->unit.hard, soft = v->unit.soft;
    long rc = 0;

    if (a->flags & XEN_VCPUAFFINITY_FORCE)
        sched_pin_override(&v->unit, -1);
    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = ctl_bitmap_get(hard.bits, MAX_CPUS, &a->cpumap_hard);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = ctl_bitmap_get(soft.bits, MAX_CPUS, &a->cpumap_soft);
    if (!rc)
        rc = sched_set_affinity(&v->unit, &hard, &soft);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_HARD))
        rc = put_effective(&a->cpumap_hard, &hard, &hard);
    if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
        rc = put_effective(&a->cpumap_soft, &soft, &hard);
    return rc;
}

long domctl_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *a, bool set)
{
    struct vcpu *v = domain_vcpu(d, a->vcpu);

    if (!v)
        return a->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)) ||
        a->flags & ~(u32)(XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT | XEN_VCPUAFFINITY_FORCE))
        return -EINVAL;
    if (!set && (a->flags & XEN_VCPUAFFINITY_FORCE))
        return -EINVAL;
    return set ? set_affinity(v, a) : get_affinity(v, a);
}

long domctl_scheduler(struct domain *d, struct xen_domctl_scheduler_op *s)
{
    struct xen_domctl_sched_credit2 *p = &s->u.credit2;

    if (s->sched_id != sched_current()->id || s->sched_id != XEN_SCHEDULER_CREDIT2)
        return -EINVAL;
    switch (s->cmd) {
    case XEN_DOMCTL_SCHEDOP_getinfo:
        p->weight = (u16)d->group.weight;
        p->cap = (u16)d->group.cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_putinfo:
        /* Weight 0 and cap 0xffff mean: leave as it is. */
        return sched_adjust(&d->group, p->weight ? p->weight : d->group.weight,
                            p->cap != UINT16_MAX ? p->cap : d->group.cap);
    }
    return -EINVAL;
}

long domctl_trigger(struct domain *d, const struct xen_domctl_sendtrigger *t)
{
    struct vcpu *v = domain_vcpu(d, t->vcpu);

    if (!v)
        return t->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    if (t->trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
        return -ENOSYS; /* the buttons are those of HVM guests */
    WRITE_ONCE(v->nmi_pending, true);
    vcpu_kick(v);
    return 0;
}
