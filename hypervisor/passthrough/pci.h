/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI devices: configuration space and the list of known functions. Domain 0
 * drives the bus; the hypervisor looks for devices at start, is told about more
 * (PHYSDEVOP_pci_device_add), and programs their MSI (passthrough/msi.h).
 * Sources: PCI Local Bus 3.0, PCI Express 5.0 chapter 7. Locks: LOCK_DEVICES for
 * the list, LOCK_PCI for an access.
 */
#ifndef HV_PASSTHROUGH_PCI_H
#define HV_PASSTHROUGH_PCI_H

#include "list.h"
#include "types.h"

struct pci_address {
    u16 segment;
    u8 bus, devfn;
};

struct pci_device {
    struct list link;
    struct pci_address at;
    u8 msi_cap, msix_cap;     /* offsets of the capabilities, 0: none */
    volatile u8 *msix_table;  /* mapped, NULL: not */
    unsigned msix_entries;
    unsigned msi_irqs;        /* vectors set up */
};

#define PCI_DEVFN(dev, fn) ((u8)((dev) << 3 | (fn)))

/* Configuration registers used here, PCI 3.0 6.1 */
enum pci_register {
    PCI_VENDOR = 0x00,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_CLASS = 0x08,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SECONDARY_BUS = 0x19,
    PCI_CAPABILITIES = 0x34,
};

/* Scans from bus 0 through all bridges. Once, while booting. */
void pci_init(void);

/*
 * Reads or writes @bytes (1, 2, 4; naturally aligned) at @reg (0..4095). Where nothing answers, reads
 * give all ones and writes vanish, as on the bus. Any context.
 */
u32 pci_read(struct pci_address at, unsigned reg, unsigned bytes);
void pci_write(struct pci_address at, unsigned reg, unsigned bytes, u32 value);

/*
 * The same through Domain 0's copy of port 0xcf8, at port 0xcfc + @offset: for the emulation of its port
 * accesses, which must not disturb our own use of the pair.
 */
u32 pci_read_cf8(u32 cf8, unsigned offset, unsigned bytes);
void pci_write_cf8(u32 cf8, unsigned offset, unsigned bytes, u32 value);

/* Offset of capability @id (PCI 3.0 appendix H), 0: none. */
unsigned pci_find_capability(struct pci_address at, u8 id);

/* PHYSDEVOP_pci_device_add, _remove. @return 0 (also when it was known), -ENODEV nothing there, -ENOMEM, -EBUSY MSI in use */
int pci_device_add(struct pci_address at);
int pci_device_remove(struct pci_address at);

/* PHYSDEVOP_pci_mmcfg_reserved: a window as Domain 0's ACPI knows it. @return 0, -EINVAL contradicts the MCFG, -ENODEV unknown */
int pci_mmcfg_reserved(u64 base, u16 segment, u8 first_bus, u8 last_bus);

#endif
