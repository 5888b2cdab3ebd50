/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Message-signalled interrupts of devices, programmed by the hypervisor because
 * their messages name its vectors: what PHYSDEVOP_map_pirq (MSI types),
 * _prepare_msix, _release_msix and _restore_msi need. PCI 3.0 6.8. Domain 0
 * itself sets the enable bits of the capabilities.
 */
#ifndef HV_PASSTHROUGH_MSI_H
#define HV_PASSTHROUGH_MSI_H

#include "passthrough/pci.h"

struct msi_request {
    struct pci_address at;
    bool msix;
    unsigned entry;  /* MSI-X: index into the table; MSI: 0 */
    unsigned count;  /* vectors, 1; more need interrupt remapping */
    u64 table_base;  /* MSI-X: address of the BAR with the table, as the guest sees it; 0: not checked */
};

/* Registers with irq.h; once while booting, after pci_init(). */
void msi_init(void);

/*
 * Gives the device a vector: *@irq, masked, to be bound with irq_bind(). The
 * message is in the device. @return 0, -ENODEV (unknown device or without the
 * capability), -EINVAL, -EOPNOTSUPP (count > 1), -EEXIST (that entry is in
 * use), -ENOMEM, -ENOSPC (no vector)
 */
int msi_setup(const struct msi_request *r, unsigned *irq);

/* It is taken back by irq_release() (machine/irq.h): masked in the device, the handler is gone. */

int msix_prepare(struct pci_address at); /* 0, -ENODEV, -EBUSY */
int msix_release(struct pci_address at); /* 0, -ENODEV, -EBUSY */
int msi_restore(struct pci_address at);  /* writes all messages again: 0, -ENODEV */

#endif
