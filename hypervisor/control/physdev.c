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
#include "errno.h"
#include "machine/cpu.h"
#include "machine/ioapic.h"
#include "machine/irq.h"
#include "mm/guest_access.h"
#include "passthrough/msi.h"
#include "pv/pv.h"

#include <xen/physdev.h>

#define IO_PORTS 65536

static long eoi(vaddr_t arg)
{
    struct physdev_eoi e;

    return read_guest_struct(&e, arg) ? -EFAULT : pirq_eoi(current_domain(), e.irq);
}

static long irq_status(vaddr_t arg)
{
    struct physdev_irq_status_query q;
    struct domain *d = current_domain();

    if (read_guest_struct(&q, arg))
        return -EFAULT;
    if (!pirq_valid(d, q.irq))
        return -EINVAL;
    q.flags = pirq_needs_eoi(d, q.irq) ? XENIRQSTAT_needs_eoi : 0;
    return write_guest_struct(arg, &q);
}

static long eoi_page(u64 cmd, vaddr_t arg)
{
    struct physdev_pirq_eoi_gmfn p;

    if (read_guest_struct(&p, arg))
        return -EFAULT;
    return pirq_set_eoi_map(current_domain(), p.gmfn, cmd == PHYSDEVOP_pirq_eoi_gmfn_v1);
}

static long set_iopl(vaddr_t arg)
{
    struct physdev_set_iopl p;

    if (read_guest_struct(&p, arg))
        return -EFAULT;
    if (p.iopl > 3)
        return -EINVAL;
    current->pv->iopl = p.iopl;
    return 0;
}

static long set_iobitmap(vaddr_t arg)
{
    struct physdev_set_iobitmap p;

    if (read_guest_struct(&p, arg))
        return -EFAULT;
    if (p.nr_ports > IO_PORTS || !guest_address_ok((vaddr_t)p.bitmap.p)) /* the rest when it is read */
        return -EINVAL;
    current->pv->iobitmap = (vaddr_t)p.bitmap.p;
    current->pv->iobitmap_ports = p.nr_ports;
    return 0;
}

static long free_pirq(vaddr_t arg)
{
    struct physdev_get_free_pirq p;
    int pirq;

    if (read_guest_struct(&p, arg))
        return -EFAULT;
    pirq = pirq_get_free(current_domain());
    if (pirq < 0)
        return pirq;
    p.pirq = (u32)pirq;
    return write_guest_struct(arg, &p);
}

/* What the IO-APIC's register holds that the request at @arg names. 0, -EFAULT, -EPERM, -EINVAL */
static long apic_register(vaddr_t arg, struct physdev_apic *a)
{
    if (read_guest_struct(a, arg))
        return -EFAULT;
    if (!current_domain()->privileged)
        return -EPERM;
    return ioapic_guest_read(a->apic_physbase, a->reg, &a->value);
}

static long apic_read(vaddr_t arg)
{
    struct physdev_apic a;
    long rc = apic_register(arg, &a);

    return rc ? rc : write_guest_struct(arg, &a);
}

/* Routing is set by PHYSDEVOP_setup_gsi. */
static long apic_write(vaddr_t arg)
{
    struct physdev_apic a;
    long rc = apic_register(arg, &a);

    return rc ? rc : -EPERM;
}

/* The vector is ours to choose: the guest gets its irq back, as Xen has answered since vectors are per CPU. */
static long alloc_irq_vector(vaddr_t arg)
{
    struct physdev_irq i;

    if (read_guest_struct(&i, arg))
        return -EFAULT;
    i.vector = i.irq;
    return write_guest_struct(arg, &i);
}

static long setup_gsi(vaddr_t arg)
{
    struct physdev_setup_gsi s;

    if (read_guest_struct(&s, arg))
        return -EFAULT;
    if (s.gsi < 0 || s.triggering > 1 || s.polarity > 1)
        return -EINVAL;
    return irq_setup_gsi((unsigned)s.gsi, s.triggering, s.polarity);
}

/* The older calls name bus and function in two bytes, the newer ones a segment before. */
static long pci_op(u64 cmd, vaddr_t arg)
{
    struct physdev_pci_device p = { 0 };
    struct pci_address at;
    bool old = cmd == PHYSDEVOP_manage_pci_add || cmd == PHYSDEVOP_manage_pci_add_ext ||
               cmd == PHYSDEVOP_manage_pci_remove || cmd == PHYSDEVOP_restore_msi;

    if (old ? guest_read(&p.bus, arg, 2) : read_guest_struct(&p, arg))
        return -EFAULT;
    at = (struct pci_address){ p.seg, p.bus, p.devfn };
    switch (cmd) {
    case PHYSDEVOP_manage_pci_remove:
    case PHYSDEVOP_pci_device_remove:
        return pci_device_remove(at);
    case PHYSDEVOP_restore_msi:
    case PHYSDEVOP_restore_msi_ext:
        return msi_restore(at);
    case PHYSDEVOP_prepare_msix:
        return msix_prepare(at);
    case PHYSDEVOP_release_msix:
        return msix_release(at);
    }
    return pci_device_add(at);
}

static long mmcfg_reserved(vaddr_t arg)
{
    struct physdev_pci_mmcfg_reserved m;

    if (read_guest_struct(&m, arg))
        return -EFAULT;
    if (m.start_bus > m.end_bus)
        return -EINVAL;
    return m.flags & XEN_PCI_MMCFG_RESERVED ? pci_mmcfg_reserved(m.address, m.segment, m.start_bus, m.end_bus) : 0;
}

/* What only Domain 0 may do. */
static long hardware_op(u64 cmd, vaddr_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_apic_read:
        return apic_read(arg);
    case PHYSDEVOP_apic_write:
        return apic_write(arg);
    case PHYSDEVOP_alloc_irq_vector:
        return alloc_irq_vector(arg);
    case PHYSDEVOP_setup_gsi:
        return setup_gsi(arg);
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_manage_pci_add_ext:
    case PHYSDEVOP_manage_pci_remove:
    case PHYSDEVOP_pci_device_add:
    case PHYSDEVOP_pci_device_remove:
    case PHYSDEVOP_restore_msi:
    case PHYSDEVOP_restore_msi_ext:
    case PHYSDEVOP_prepare_msix:
    case PHYSDEVOP_release_msix:
        return pci_op(cmd, arg);
    case PHYSDEVOP_pci_mmcfg_reserved:
        return mmcfg_reserved(arg);
    case PHYSDEVOP_dbgp_op:
        return 0; /* we use no USB debug port, whose controller could be reset under us */
    }
    return -ENOSYS;
}

/* The same of a guest: which errors come before "not permitted" on real Xen. It is never told that a device exists. */
static long refuse(u64 cmd, vaddr_t arg)
{
    struct physdev_pci_device p;

    switch (cmd) {
    case PHYSDEVOP_apic_read:
    case PHYSDEVOP_apic_write:
        return hardware_op(cmd, arg); /* which sees who asks */
    case PHYSDEVOP_restore_msi:
        return guest_read(&p, arg, sizeof(struct physdev_restore_msi)) ? -EFAULT : -ENODEV;
    case PHYSDEVOP_restore_msi_ext:
        return read_guest_struct(&p, arg) ? -EFAULT : -ENODEV;
    case 18: /* commands that do not exist */
    case 22:
        return -ENOSYS;
    }
    return -EPERM;
}

/* @cmd: PHYSDEVOP_*. @return by command; -EFAULT, -EPERM, -EINVAL, -ENOSYS: unknown */
long do_physdev_op(u64 cmd, vaddr_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_eoi:
        return eoi(arg);
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
    case PHYSDEVOP_pirq_eoi_gmfn_v2:
        return eoi_page(cmd, arg);
    case PHYSDEVOP_irq_status_query:
        return irq_status(arg);
    case PHYSDEVOP_map_pirq:
        return physdev_map_pirq(arg);
    case PHYSDEVOP_unmap_pirq:
        return physdev_unmap_pirq(arg);
    case PHYSDEVOP_get_free_pirq:
        return free_pirq(arg);
    case PHYSDEVOP_set_iopl:
        return set_iopl(arg);
    case PHYSDEVOP_set_iobitmap:
        return set_iobitmap(arg);
    }
    if (cmd < PHYSDEVOP_apic_read || cmd > PHYSDEVOP_release_msix)
        return -ENOSYS;
    return current_domain()->privileged ? hardware_op(cmd, arg) : refuse(cmd, arg);
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
