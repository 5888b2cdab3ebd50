/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of passthrough/. */
#ifndef HV_PASSTHROUGH_PCI_INTERNAL_H
#define HV_PASSTHROUGH_PCI_INTERNAL_H

#include "machine/spinlock.h"
#include "passthrough/pci.h"

extern struct spinlock pci_lock;     /* the pair of ports, LOCK_PCI */
extern struct spinlock devices_lock; /* devices and their MSI, LOCK_DEVICES */

/* Maps the MCFG window of a bus when there is one; not in interrupt context. */
void pci_map_bus(u16 segment, u8 bus);

#define MSIX_ENTRY_SIZE 16

/* devices_lock held: */
struct pci_device *pci_find(struct pci_address at); /* NULL: not known */
void pci_unmap_msix(struct pci_device *dev);        /* its table, if it is mapped */

#endif
