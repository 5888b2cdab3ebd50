/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev_op (xen/physdev.h): what Domain 0's drivers need of the hardware that
 * the hypervisor keeps: interrupt routing, MSI, PCI devices becoming known, the
 * I/O privilege of its processes. Locks: those of the functions called.
 */
#include "control/hypercall.h"
#include "control/physdev_ops.h"
#include "domain/domain.h"
#include "domain/pirq.h"
#include "domain/privilege.h"
#include "errno.h"
#include "machine/cpu.h"
#include "machine/ioapic.h"
#include "machine/irq.h"
#include "mm/guest_access.h"
#include "passthrough/msi.h"
#include "pv/pv.h"

#define IO_PORTS 65536

static long eoi(union physdev_args *p, vaddr_t arg)
{
    return pirq_eoi(current_domain(), p->eoi.irq);
}

static long irq_status(union physdev_args *p, vaddr_t arg)
{
    struct domain *d = current_domain();

    if (!pirq_valid(d, p->irq_status.irq))
        return -EINVAL;
    p->irq_status.flags = pirq_needs_eoi(d, p->irq_status.irq) ? XENIRQSTAT_needs_eoi : 0;
    return write_guest_struct(arg, &p->irq_status);
}

static long eoi_page_v1(union physdev_args *p, vaddr_t arg)
{
    return pirq_set_eoi_map(current_domain(), p->eoi_gmfn.gmfn, true);
}

static long eoi_page_v2(union physdev_args *p, vaddr_t arg)
{
    return pirq_set_eoi_map(current_domain(), p->eoi_gmfn.gmfn, false);
}

static long set_iopl(union physdev_args *p, vaddr_t arg)
{
    if (p->iopl.iopl > 3)
        return -EINVAL;
    current->pv->iopl = p->iopl.iopl;
    return 0;
}

static long set_iobitmap(union physdev_args *p, vaddr_t arg)
{
    vaddr_t bitmap = (vaddr_t)p->iobitmap.bitmap.p;

    if (p->iobitmap.nr_ports > IO_PORTS || !guest_address_ok(bitmap)) /* the rest when it is read */
        return -EINVAL;
    current->pv->iobitmap = bitmap;
    current->pv->iobitmap_ports = p->iobitmap.nr_ports;
    return 0;
}

static long free_pirq(union physdev_args *p, vaddr_t arg)
{
    int pirq = pirq_get_free(current_domain());

    if (pirq < 0)
        return pirq;
    p->free_pirq.pirq = (u32)pirq;
    return write_guest_struct(arg, &p->free_pirq);
}

/* What the IO-APIC's register holds that the request names. */
static long apic_read(union physdev_args *p, vaddr_t arg)
{
    long rc = ioapic_guest_read(p->apic.apic_physbase, p->apic.reg, &p->apic.value);

    return rc ? rc : write_guest_struct(arg, &p->apic);
}

/* Routing is set by PHYSDEVOP_setup_gsi. */
static long apic_write(union physdev_args *p, vaddr_t arg)
{
    long rc = ioapic_guest_read(p->apic.apic_physbase, p->apic.reg, &p->apic.value);

    return rc ? rc : -EPERM;
}

/* The vector is ours to choose: the guest gets its irq back, as Xen has answered since vectors are per CPU. */
static long alloc_irq_vector(union physdev_args *p, vaddr_t arg)
{
    p->irq.vector = p->irq.irq;
    return write_guest_struct(arg, &p->irq);
}

static long setup_gsi(union physdev_args *p, vaddr_t arg)
{
    const struct physdev_setup_gsi *s = &p->setup_gsi;

    if (s->gsi < 0 || s->triggering > 1 || s->polarity > 1)
        return -EINVAL;
    return irq_setup_gsi((unsigned)s->gsi, s->triggering, s->polarity);
}

/* The older calls name bus and function in two bytes, the newer ones a segment before. */
static struct pci_address old_address(const union physdev_args *p)
{
    return (struct pci_address){ 0, p->bus_devfn[0], p->bus_devfn[1] };
}

static struct pci_address new_address(const union physdev_args *p)
{
    return (struct pci_address){ p->pci.seg, p->pci.bus, p->pci.devfn };
}

static long mmcfg_reserved(union physdev_args *p, vaddr_t arg)
{
    const struct physdev_pci_mmcfg_reserved *m = &p->mmcfg;

    if (m->start_bus > m->end_bus)
        return -EINVAL;
    if (!(m->flags & XEN_PCI_MMCFG_RESERVED))
        return 0;
    return pci_mmcfg_reserved(m->address, m->segment, m->start_bus, m->end_bus);
}

#define OP(name, call)                                          \
    static long name(union physdev_args *p, vaddr_t arg)        \
    {                                                           \
        return (call);                                          \
    }

OP(old_add, pci_device_add(old_address(p)))
OP(new_add, pci_device_add(new_address(p)))
OP(old_remove, pci_device_remove(old_address(p)))
OP(new_remove, pci_device_remove(new_address(p)))
OP(old_restore, msi_restore(old_address(p)))
OP(new_restore, msi_restore(new_address(p)))
OP(prepare, msix_prepare(new_address(p)))
OP(release, msix_release(new_address(p)))
OP(debug_port, 0) /* we use no USB debug port, whose controller could be reset under us */
OP(none, -ENOSYS)

#define ARGS(member) .size = sizeof(((union physdev_args *)0)->member)
#define OLD_PCI ARGS(bus_devfn)
#define NEW_PCI ARGS(pci)

/*
 * Who may, as Xen 4.17 has it; nothing said is PRIV_CONTROL, Domain 0 alone. Others learn that before their arguments are
 * looked at, but where real Xen does it the other way round. Nobody else is told whether a device exists. No row: -ENOSYS.
 */
static const struct physdev_row {
    long (*fn)(union physdev_args *p, vaddr_t arg);
    u8 who;          /* enum privilege */
    u8 size;         /* of the arguments that are copied in */
    bool read_first; /* before the caller is judged */
    int denied;      /* answer to who may not, 0: -EPERM */
} ops[] = {
    [PHYSDEVOP_eoi] = { eoi, PRIV_ANYONE, ARGS(eoi) }, /* these are about the caller's own */
    [PHYSDEVOP_pirq_eoi_gmfn_v1] = { eoi_page_v1, PRIV_ANYONE, ARGS(eoi_gmfn) },
    [PHYSDEVOP_pirq_eoi_gmfn_v2] = { eoi_page_v2, PRIV_ANYONE, ARGS(eoi_gmfn) },
    [PHYSDEVOP_irq_status_query] = { irq_status, PRIV_ANYONE, ARGS(irq_status) },
    [PHYSDEVOP_get_free_pirq] = { free_pirq, PRIV_ANYONE, ARGS(free_pirq) },
    [PHYSDEVOP_set_iopl] = { set_iopl, PRIV_ANYONE, ARGS(iopl) },
    [PHYSDEVOP_set_iobitmap] = { set_iobitmap, PRIV_ANYONE, ARGS(iobitmap) },

    /* About the domain that the arguments name: judged when it is found, PRIV_DEVICE_MODEL. */
    [PHYSDEVOP_map_pirq] = { physdev_map_pirq, PRIV_ANYONE, ARGS(map) },
    [PHYSDEVOP_unmap_pirq] = { physdev_unmap_pirq, PRIV_ANYONE, ARGS(unmap) },

    [PHYSDEVOP_apic_read] = { apic_read, ARGS(apic), .read_first = true },
    [PHYSDEVOP_apic_write] = { apic_write, ARGS(apic), .read_first = true },
    [PHYSDEVOP_alloc_irq_vector] = { alloc_irq_vector, ARGS(irq) },
    [PHYSDEVOP_free_irq_vector] = { none },
    [PHYSDEVOP_setup_gsi] = { setup_gsi, ARGS(setup_gsi) },
    [PHYSDEVOP_manage_pci_add] = { old_add, OLD_PCI },
    [PHYSDEVOP_manage_pci_add_ext] = { old_add, OLD_PCI },
    [PHYSDEVOP_manage_pci_remove] = { old_remove, OLD_PCI },
    [PHYSDEVOP_pci_device_add] = { new_add, NEW_PCI },
    [PHYSDEVOP_pci_device_remove] = { new_remove, NEW_PCI },
    [PHYSDEVOP_restore_msi] = { old_restore, OLD_PCI, .read_first = true, .denied = -ENODEV },
    [PHYSDEVOP_restore_msi_ext] = { new_restore, NEW_PCI, .read_first = true, .denied = -ENODEV },
    [PHYSDEVOP_prepare_msix] = { prepare, NEW_PCI },
    [PHYSDEVOP_release_msix] = { release, NEW_PCI },
    [PHYSDEVOP_pci_mmcfg_reserved] = { mmcfg_reserved, ARGS(mmcfg) },
    [PHYSDEVOP_dbgp_op] = { debug_port },
};

/* @cmd: PHYSDEVOP_*. @return by command; -EFAULT, -EPERM, -EINVAL, -ENOSYS: unknown */
long do_physdev_op(u64 cmd, vaddr_t arg)
{
    const struct physdev_row *op = &ops[cmd % ARRAY_SIZE(ops)];
    union physdev_args p;
    bool may;

    if (cmd >= ARRAY_SIZE(ops) || !op->fn)
        return -ENOSYS;
    may = domain_may((enum privilege)op->who, NULL);
    if ((may || op->read_first) && guest_read(&p, arg, op->size))
        return -EFAULT;
    if (!may)
        return op->denied ? op->denied : -EPERM;
    return op->fn(&p, arg);
}

/* The form of interface versions before 0x00030202: command and arguments in one structure (struct physdev_op). */
long do_physdev_op_compat(vaddr_t op)
{
    u32 cmd;

    if (read_guest_struct(&cmd, op))
        return -EFAULT;
    switch (cmd) {
    case PHYSDEVOP_irq_status_query:
    case PHYSDEVOP_set_iopl:
    case PHYSDEVOP_set_iobitmap:
    case PHYSDEVOP_apic_read:
    case PHYSDEVOP_apic_write:
        return do_physdev_op(cmd, op + offsetof(struct physdev_op, u));
    default:
        return -EINVAL;
    }
}
