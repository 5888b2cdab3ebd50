/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of passthrough/. */
#ifndef HV_PASSTHROUGH_PCI_INTERNAL_H
#define HV_PASSTHROUGH_PCI_INTERNAL_H

#include "machine/spinlock.h"

extern struct spinlock pci_lock;

/* Maps the MCFG window of a bus when there is one; not in interrupt context. */
void pci_map_bus(u16 segment, u8 bus);

#define MSIX_ENTRY_SIZE 16

struct pci_device;
void pci_unmap_msix(struct pci_device *dev); /* its table, if it is mapped */

#endif
