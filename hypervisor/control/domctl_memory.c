/* SPDX-License-Identifier: GPL-2.0-only */
/* domctl: frames of a guest as the builder and the saver see them, and its rights to the machine's I/O. */
#include "control/domctl_ops.h"
#include "domain/iomem.h"
#include "domain/ioports.h"
#include "domain/pirq.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"
#include "pv/callbacks.h"

#define FRAMES_MAX 1024 /* in one call, as Xen has it */

/* XEN_DOMCTL_PFINFO_* of a frame. */
static u64 frame_info(const struct domain *d, u64 mfn)
{
    static const u32 kinds[] = {
        [FRAME_NONE] = XEN_DOMCTL_PFINFO_NOTAB,    [FRAME_L1] = XEN_DOMCTL_PFINFO_L1TAB,
        [FRAME_L2] = XEN_DOMCTL_PFINFO_L2TAB,      [FRAME_L3] = XEN_DOMCTL_PFINFO_L3TAB,
        [FRAME_L4] = XEN_DOMCTL_PFINFO_L4TAB,      [FRAME_SEGDESC] = XEN_DOMCTL_PFINFO_NOTAB,
        [FRAME_WRITABLE] = XEN_DOMCTL_PFINFO_NOTAB,
    };
    struct frame *f;
    u64 info;
    u32 type;

    if (!mfn_valid(MFN(mfn)) || !frame_get(mfn_to_frame(MFN(mfn)), d->id))
        return XEN_DOMCTL_PFINFO_XTAB;
    f = mfn_to_frame(MFN(mfn));
    type = READ_ONCE(f->type);
    info = kinds[type >> TYPE_SHIFT];
    if (type & TYPE_PINNED)
        info |= XEN_DOMCTL_PFINFO_LPINTAB;
    if (f->refs & FRAME_XENHEAP)
        info = XEN_DOMCTL_PFINFO_XTAB;
    frame_put(f);
    return info;
}

long domctl_page_info(struct domain *d, const struct xen_domctl_getpageframeinfo3 *g)
{
    xen_pfn_t mfn;

    if (g->num > FRAMES_MAX)
        return -E2BIG;
    for (u64 i = 0; i < g->num; i++) {
        if (copy_from_guest_at(&mfn, g->array, i))
            return -EFAULT;
        mfn = frame_info(d, mfn);
        if (copy_to_guest_at(g->array, i, &mfn))
            return -EFAULT;
    }
    return 0;
}

long domctl_hypercall_page(struct domain *d, const struct xen_domctl_hypercall_init *h)
{
    struct frame *f;

    if (!mfn_valid(MFN(h->gmfn)))
        return -EACCES;
    f = mfn_to_frame(MFN(h->gmfn));
    if (frame_get_and_type(f, d->id, FRAME_WRITABLE))
        return -EACCES;
    pv_fill_hypercall_page(mfn_to_virt(MFN(h->gmfn)));
    frame_note_write(f);
    frame_put_and_type(f);
    return 0;
}

/* Rights can be passed on by who has them. */
static long iomem(struct domain *d, const struct xen_domctl_iomem_permission *p)
{
    if (!p->nr_mfns || p->first_mfn + p->nr_mfns < p->first_mfn || p->first_mfn + p->nr_mfns > BIT(52 - PAGE_SHIFT))
        return -EINVAL;
    if (!domain_iomem_allowed(current_domain(), MFN(p->first_mfn), p->nr_mfns))
        return -EPERM;
    return domain_iomem_permit(d, MFN(p->first_mfn), p->nr_mfns, p->allow_access);
}

static long ioport(struct domain *d, const struct xen_domctl_ioport_permission *p)
{
    if (!p->nr_ports || p->first_port > 0xffff || p->nr_ports > 0x10000 - p->first_port)
        return -EINVAL;
    if (!domain_ioports_allowed(current_domain(), p->first_port, p->nr_ports))
        return -EPERM;
    return domain_ioports_permit(d, p->first_port, p->nr_ports, p->allow_access);
}

static long irq(struct domain *d, const struct xen_domctl_irq_permission *p)
{
    int number;

    if (!pirq_valid(current_domain(), p->pirq))
        return -EINVAL;
    number = pirq_to_irq(current_domain(), p->pirq);
    if (number < 0)
        number = (int)p->pirq;
    if (!domain_irq_allowed(current_domain(), (unsigned)number))
        return -EPERM;
    return domain_irq_permit(d, (unsigned)number, p->allow_access);
}

long domctl_permission(struct domain *d, const struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_iomem_permission:
        return iomem(d, &op->u.iomem_permission);
    case XEN_DOMCTL_ioport_permission:
        return ioport(d, &op->u.ioport_permission);
    default:
        return irq(d, &op->u.irq_permission);
    }
}
