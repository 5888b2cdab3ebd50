/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PHYSDEVOP_map_pirq and _unmap_pirq: a domain gets a number of its own for a
 * GSI or for a vector of a device's MSI. Locks: those of domain/pirq.c and
 * passthrough/msi.c.
 */
#include "control/physdev_ops.h"
#include "domain/domain.h"
#include "domain/iomem.h"
#include "domain/pirq.h"
#include "domain/privilege.h"
#include "errno.h"
#include "machine/cpu.h"
#include "machine/irq.h"
#include "mm/guest_access.h"
#include "passthrough/msi.h"

#define MULTI_MSI_MAX 32
#define ISA_IRQS 16

/* The GSI that the caller knows as pirq @index; Domain 0 may name one that it has not mapped yet. */
static int gsi_of(int index)
{
    struct domain *d = current_domain();
    int irq;

    if (index < 0 || (unsigned)index >= irq_gsi_count())
        return -EINVAL;
    irq = pirq_to_irq(d, (u32)index);
    if (irq > 0)
        return irq;
    return domain_may(PRIV_CONTROL, NULL) ? index : -EINVAL;
}

/*
 * The lines of ISA devices, which Domain 0 uses without PHYSDEVOP_setup_gsi, get the mode that the MADT tells. Those
 * that have one already keep it (-EBUSY).
 */
static void prepare_isa(unsigned gsi)
{
    for (unsigned isa = 0; isa < ISA_IRQS; isa++) {
        bool level, active_low;

        if (irq_isa_to_gsi(isa, &level, &active_low) == gsi)
            irq_setup_gsi(gsi, level, active_low);
    }
}

static long map_gsi(struct domain *d, const struct physdev_map_pirq *m)
{
    int irq = gsi_of(m->index);

    if (irq < 0)
        return irq;
    if (!domain_irq_allowed(current_domain(), (unsigned)irq))
        return -EPERM;
    if (pirq_to_irq(d, (u32)irq) < 0)
        prepare_isa((unsigned)irq);
    return pirq_map(d, m->pirq, (unsigned)irq);
}

static long map_msi(struct domain *d, const struct physdev_map_pirq *m)
{
    struct msi_request r = {
        .at = { .bus = (u8)m->bus, .devfn = (u8)m->devfn },
        .msix = m->table_base != 0,
        .entry = m->table_base ? (unsigned)m->entry_nr : 0,
        .table_base = m->table_base,
        .count = 1,
    };
    unsigned irq;
    long rc;

    if (!domain_may(PRIV_CONTROL, NULL)) /* on Xen also a device model, of devices that are assigned to its guest */
        return -EPERM;
    if (m->type != MAP_PIRQ_TYPE_MSI)
        r.at.segment = (u16)(m->bus >> 16);
    if (m->type == MAP_PIRQ_TYPE_MULTI_MSI) {
        if (m->entry_nr <= 0 || m->entry_nr > MULTI_MSI_MAX)
            return -EDOM;
        r.count = (unsigned)m->entry_nr;
    }
    rc = msi_setup(&r, &irq);
    if (rc)
        return rc;
    rc = pirq_map(d, m->pirq, irq);
    if (rc < 0)
        irq_release(irq);
    return rc;
}

static long map(struct domain *d, const struct physdev_map_pirq *m)
{
    switch (m->type) {
    case MAP_PIRQ_TYPE_GSI:
        return map_gsi(d, m);
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
    case MAP_PIRQ_TYPE_MULTI_MSI:
        return map_msi(d, m);
    }
    return -EINVAL;
}

/* @return 0 with the pirq in the guest's structure; -ESRCH, -EPERM, -EINVAL, -EEXIST, -ENODEV, -EOPNOTSUPP, -ENOSPC */
long physdev_map_pirq(union physdev_args *p, vaddr_t arg)
{
    struct physdev_map_pirq *m = &p->map;
    struct domain *d;
    long rc = domain_find_for(m->domid, PRIV_DEVICE_MODEL, &d);

    if (rc)
        return rc;
    rc = map(d, m);
    domain_put(d);
    if (rc < 0)
        return rc;
    m->pirq = (int)rc;
    if (m->type == MAP_PIRQ_TYPE_MULTI_MSI)
        m->entry_nr = 1;
    return write_guest_struct(arg, m);
}

/* @return 0, -ESRCH, -EPERM, -EINVAL (not mapped), -EBUSY (bound to a port) */
long physdev_unmap_pirq(union physdev_args *p, vaddr_t arg)
{
    struct domain *d;
    int irq, rc = domain_find_for(p->unmap.domid, PRIV_DEVICE_MODEL, &d);

    (void)arg; /* nothing goes back */
    if (rc)
        return rc;
    rc = p->unmap.pirq >= 0 ? pirq_unmap(d, (u32)p->unmap.pirq, &irq) : -EINVAL;
    if (!rc && irq >= 0)
        irq_release((unsigned)irq);
    domain_put(d);
    return rc;
}
