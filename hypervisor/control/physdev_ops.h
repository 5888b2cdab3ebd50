/* SPDX-License-Identifier: GPL-2.0-only */
/* Between physdev.c and physdev_pirq.c. */
#ifndef HV_CONTROL_PHYSDEV_OPS_H
#define HV_CONTROL_PHYSDEV_OPS_H

#include "types.h"
#include <xen/physdev.h>

/* The arguments of a command, copied in once. */
union physdev_args {
    struct physdev_eoi eoi;
    struct physdev_pirq_eoi_gmfn eoi_gmfn;
    struct physdev_irq_status_query irq_status;
    struct physdev_get_free_pirq free_pirq;
    struct physdev_set_iopl iopl;
    struct physdev_set_iobitmap iobitmap;
    struct physdev_map_pirq map;
    struct physdev_unmap_pirq unmap;
    struct physdev_apic apic;
    struct physdev_irq irq;
    struct physdev_setup_gsi setup_gsi;
    u8 bus_devfn[2];
    struct physdev_pci_device pci;
    struct physdev_pci_mmcfg_reserved mmcfg;
};

/* PHYSDEVOP_map_pirq, _unmap_pirq; @arg: where the arguments came from. Results as the hypercall's. */
long physdev_map_pirq(union physdev_args *p, vaddr_t arg);
long physdev_unmap_pirq(union physdev_args *p, vaddr_t arg);

#endif
