/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of PCI functions: found by a walk over the buses at start and kept up
 * to date by Domain 0. Entries are put in, taken out and worked with under
 * devices_lock (LOCK_DEVICES): several vCPUs of Domain 0 set up devices at once.
 */
#include "passthrough/pci.h"

#include "errno.h"
#include "machine/console.h"
#include "mm/heap.h"
#include "mm/paging.h"
#include "passthrough/pci_internal.h"

#define STATUS_CAPABILITIES 0x10
#define HEADER_MULTIFUNCTION 0x80
#define HEADER_BRIDGE 1
#define CAP_MSI 0x05
#define CAP_MSIX 0x11
#define MAX_CAPABILITIES 48 /* that fit into the space: a loop in the chain ends here */

struct spinlock devices_lock = SPINLOCK_INIT(LOCK_DEVICES);
static struct list devices = LIST_INIT(devices);
static unsigned device_count;

static bool same(struct pci_address a, struct pci_address b)
{
    return a.segment == b.segment && a.bus == b.bus && a.devfn == b.devfn;
}

static bool present(struct pci_address at)
{
    u32 id = pci_read(at, PCI_VENDOR, 4);

    return (id & 0xffff) != 0xffff && id != 0;
}

unsigned pci_find_capability(struct pci_address at, u8 id)
{
    unsigned pos;

    if (!(pci_read(at, PCI_STATUS, 2) & STATUS_CAPABILITIES))
        return 0;
    pos = pci_read(at, PCI_CAPABILITIES, 1) & 0xfc;
    for (unsigned i = 0; i < MAX_CAPABILITIES && pos >= 0x40; i++) {
        u32 head = pci_read(at, pos, 2);

        if ((head & 0xff) == id)
            return pos;
        pos = head >> 8 & 0xfc;
    }
    return 0;
}

struct pci_device *pci_find(struct pci_address at)
{
    struct pci_device *dev;

    list_for_each(dev, &devices, link)
        if (same(dev->at, at))
            return dev;
    return NULL;
}

/* Lock held. */
static int add(struct pci_address at)
{
    struct pci_device *dev;

    if (pci_find(at))
        return 0;
    pci_map_bus(at.segment, at.bus);
    if (!present(at))
        return -ENODEV;
    dev = heap_new(struct pci_device);
    if (!dev)
        return -ENOMEM;
    dev->at = at;
    dev->msi_cap = (u8)pci_find_capability(at, CAP_MSI);
    dev->msix_cap = (u8)pci_find_capability(at, CAP_MSIX);
    list_add_tail(&dev->link, &devices);
    device_count++;
    return 0;
}

int pci_device_add(struct pci_address at)
{
    int rc;

    spin_lock(&devices_lock);
    rc = add(at);
    spin_unlock(&devices_lock);
    return rc;
}

void pci_unmap_msix(struct pci_device *dev)
{
    u64 start = (u64)dev->msix_table;

    if (!start)
        return;
    iounmap((void *)ROUND_DOWN(start, PAGE_SIZE),
            (start & (PAGE_SIZE - 1)) + dev->msix_entries * MSIX_ENTRY_SIZE);
    dev->msix_table = NULL;
}

/* Lock held. */
static int take_out(struct pci_address at)
{
    struct pci_device *dev = pci_find(at);

    if (!dev)
        return -ENODEV;
    if (dev->msi_irqs)
        return -EBUSY;
    pci_unmap_msix(dev);
    list_del(&dev->link);
    device_count--;
    heap_free(dev);
    return 0;
}

int pci_device_remove(struct pci_address at)
{
    int rc;

    spin_lock(&devices_lock);
    rc = take_out(at);
    spin_unlock(&devices_lock);
    return rc;
}

/* Adds one function. @return header type; notes the bus behind a bridge in @buses */
static u8 scan_function(struct pci_address at, unsigned long *buses)
{
    u8 header = (u8)pci_read(at, PCI_HEADER_TYPE, 1), behind;

    if (pci_device_add(at) == -ENOMEM)
        pr_warning("PCI: no memory for %02x:%02x.%u\n", at.bus, at.devfn >> 3, at.devfn & 7u);
    if ((header & ~HEADER_MULTIFUNCTION) == HEADER_BRIDGE) {
        behind = (u8)pci_read(at, PCI_SECONDARY_BUS, 1);
        if (behind > at.bus)
            buses[behind / 64] |= BIT(behind % 64);
    }
    return header;
}

static void scan_bus(u8 bus, unsigned long *buses)
{
    for (unsigned dev = 0; dev < 32; dev++) {
        struct pci_address at = { .bus = bus, .devfn = PCI_DEVFN(dev, 0) };
        u8 header;

        if (!present(at))
            continue;
        header = scan_function(at, buses);
        for (unsigned fn = 1; fn < 8 && (header & HEADER_MULTIFUNCTION); fn++) {
            at.devfn = PCI_DEVFN(dev, fn);
            if (present(at))
                scan_function(at, buses);
        }
    }
}

/* Buses behind a bridge have greater numbers than the bridge's own, so one ascending walk finds all. */
void pci_init(void)
{
    unsigned long buses[4] = { 1 };

    for (unsigned bus = 0; bus < 256; bus++)
        if (buses[bus / 64] >> (bus % 64) & 1)
            scan_bus((u8)bus, buses);
    pr_info("PCI: %u functions\n", device_count);
}
