/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: state of a vCPU beyond its context, for saving and restoring:
 * further callbacks, extended registers, MSRs. Called by domctl.c with its lock held.
 */
#include "control/domctl_ops.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/fpu.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "pv/callbacks.h"
#include "pv/pv.h"

/* In front of an XSAVE area in the toolstack's format: XCR0, and what it has ever been. */
struct xsave_header {
    u64 xcr0, xcr0_accumulated;
};

static void get_callbacks(const struct pv_vcpu *p, struct xen_domctl_ext_vcpucontext *e)
{
    u32 vcpu = e->vcpu;

    memset(e, 0, sizeof(*e));
    e->vcpu = vcpu;
    e->size = sizeof(*e);
    e->syscall32_callback_eip = p->syscall32_callback;
    e->sysenter_callback_eip = p->sysenter_callback;
    e->syscall32_callback_cs = e->sysenter_callback_cs = FLAT_KERNEL_CS;
    e->syscall32_disables_events = p->syscall32_masks_events;
    e->sysenter_disables_events = p->sysenter_masks_events;
}

static long set_callbacks(struct pv_vcpu *p, const struct xen_domctl_ext_vcpucontext *e)
{
    if (e->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) || !pv_entry_ok(e->syscall32_callback_eip) ||
        !pv_entry_ok(e->sysenter_callback_eip))
        return -EINVAL;
    p->syscall32_callback = e->syscall32_callback_eip;
    p->sysenter_callback = e->sysenter_callback_eip;
    p->syscall32_masks_events = e->syscall32_disables_events;
    p->sysenter_masks_events = e->sysenter_disables_events;
    return 0;
}

long domctl_ext_context(struct domain *d, struct xen_domctl_ext_vcpucontext *e, bool set)
{
    struct vcpu *v = domain_vcpu(d, e->vcpu);
    long rc = 0;

    if (!v)
        return e->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    if (!set) {
        get_callbacks(v->pv, e);
        return 0;
    }
    domain_pause(d);
    rc = set_callbacks(v->pv, e);
    domain_unpause(d);
    return rc;
}

long domctl_get_ext_state(struct domain *d, struct xen_domctl_vcpuextstate *s)
{
    struct vcpu *v = domain_vcpu(d, s->vcpu);
    struct xsave_header h;
    u64 need;
    long rc;

    if (!v)
        return s->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    if (!fpu_xcr0_mask) { /* no XSAVE: the context has it all */
        s->xfeature_mask = s->size = 0;
        return 0;
    }
    h.xcr0 = v->xcr0;
    h.xcr0_accumulated = fpu_xcr0_mask;
    need = sizeof(h) + fpu_size_for(fpu_xcr0_mask);
    if (!s->size && !s->xfeature_mask) {
        s->xfeature_mask = fpu_xcr0_mask;
        s->size = need;
        return 0;
    }
    if (s->size != need || s->xfeature_mask != fpu_xcr0_mask)
        return -EINVAL;
    vcpu_pause(v);
    rc = guest_write((vaddr_t)s->buffer.p, &h, sizeof(h));
    if (!rc)
        rc = guest_write((vaddr_t)s->buffer.p + sizeof(h), v->fpu, need - sizeof(h));
    vcpu_unpause(v);
    return rc;
}

/* The image is checked as a whole before any of it is taken over. */
static long load_ext_state(struct vcpu *v, const u8 *image, size_t size)
{
    const struct xsave_header *h = (const struct xsave_header *)image;
    const u8 *area = image + sizeof(*h);
    size_t len = size - sizeof(*h);

    if (!fpu_xcr0_valid(h->xcr0) || (h->xcr0_accumulated & ~fpu_xcr0_mask) || (h->xcr0 & ~h->xcr0_accumulated) ||
        len > fpu_area_size() || !fpu_area_valid(area, len, h->xcr0_accumulated))
        return -EINVAL;
    memset(v->fpu, 0, fpu_area_size());
    memcpy(v->fpu, area, len);
    v->xcr0 = h->xcr0;
    vcpu_forget_cpu(v);
    return 0;
}

long domctl_set_ext_state(struct domain *d, const struct xen_domctl_vcpuextstate *s)
{
    struct vcpu *v = domain_vcpu(d, s->vcpu);
    u8 *image;
    long rc;

    if (!v)
        return s->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    if (s->size <= sizeof(struct xsave_header)) /* only the header: nothing was in use */
        return s->size == sizeof(struct xsave_header) ? 0 : -EINVAL;
    if (!fpu_xcr0_mask || s->size > sizeof(struct xsave_header) + fpu_area_size())
        return -EINVAL;
    image = heap_alloc(s->size);
    if (!image)
        return -ENOMEM;
    rc = guest_read(image, (vaddr_t)s->buffer.p, s->size);
    if (!rc) {
        domain_pause(d);
        rc = load_ext_state(v, image, s->size);
        domain_unpause(d);
    }
    heap_free(image);
    return rc;
}

/* Of a PV guest's own registers the masks of breakpoints are carried over; those that are zero are left out, as Xen does. */
static long get_msrs(const struct guest_msrs *g, struct xen_domctl_vcpu_msrs *m)
{
    u32 count = 0;

    if (!m->msrs.p) {
        m->msr_count = ARRAY_SIZE(g->dr_mask);
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(g->dr_mask); i++) {
        struct xen_domctl_vcpu_msr r = { .index = guest_dr_mask_msr(i), .value = g->dr_mask[i] };

        if (!r.value)
            continue;
        if (count < m->msr_count && copy_to_guest_at(m->msrs, count, &r))
            return -EFAULT;
        count++;
    }
    if (count > m->msr_count) {
        m->msr_count = count;
        return -ENOBUFS;
    }
    m->msr_count = count;
    return 0;
}

/* All of them are checked on a copy first; on an error msr_count names the one that is refused. */
static long set_msrs(struct domain *d, struct vcpu *v, struct xen_domctl_vcpu_msrs *m)
{
    struct guest_msrs changed = v->pv->msrs;

    for (u32 i = 0; i < m->msr_count; i++) {
        struct xen_domctl_vcpu_msr r;
        bool known = false;

        if (i == ARRAY_SIZE(changed.dr_mask)) /* not one that we could have saved */
            return -EINVAL;
        if (copy_from_guest_at(&r, m->msrs, i))
            return -EFAULT;
        for (unsigned k = 0; k < ARRAY_SIZE(changed.dr_mask); k++)
            known = known || r.index == guest_dr_mask_msr(k);
        if (!known || r.reserved || guest_wrmsr(&changed, r.index, r.value)) {
            m->msr_count = i;
            return -EINVAL;
        }
    }
    domain_pause(d);
    memcpy(v->pv->msrs.dr_mask, changed.dr_mask, sizeof(changed.dr_mask));
    domain_unpause(d);
    return 0;
}

long domctl_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *m, bool set)
{
    struct vcpu *v = domain_vcpu(d, m->vcpu);

    if (!v)
        return m->vcpu < d->max_vcpus ? -ESRCH : -EINVAL;
    return set ? set_msrs(d, v, m) : get_msrs(&v->pv->msrs, m);
}
