/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSI and MSI-X: see msi.h. The state of a vector hangs on its irq number; the
 * operations on messages and masks are called by machine/irq.c with the
 * descriptor's lock held; set-up, release and what else is called by Domain 0's
 * hypercalls takes devices_lock. Config accesses take LOCK_PCI themselves.
 */
#include "passthrough/msi.h"

#include "errno.h"
#include "machine/irq.h"
#include "machine/x86.h"
#include "mm/heap.h"
#include "mm/paging.h"
#include "passthrough/pci_internal.h"

/* MSI capability, PCI 3.0 6.8.1 */
enum msi_offset { MSI_CONTROL = 2, MSI_ADDRESS = 4, MSI_DATA_32 = 8, MSI_ADDRESS_HIGH = 8, MSI_DATA_64 = 12 };
#define MSI_CONTROL_ENABLE 0x0001
#define MSI_CONTROL_MULTIPLE 0x0070
#define MSI_CONTROL_64BIT 0x0080
#define MSI_CONTROL_MASKABLE 0x0100

/* MSI-X capability and table, PCI 3.0 6.8.2 */
enum msix_offset { MSIX_CONTROL = 2, MSIX_TABLE = 4 };
#define MSIX_CONTROL_SIZE 0x07ff
#define MSIX_TABLE_BIR 7u
enum msix_entry { MSIX_ADDRESS = 0, MSIX_ADDRESS_HIGH = 4, MSIX_DATA = 8, MSIX_VECTOR_CONTROL = 12 };
#define MSIX_MASKED 1

#define BAR_IO 1
#define BAR_TYPE_MASK 6
#define BAR_TYPE_64 4
#define BAR_COUNT 6

struct msi_vector {
    struct pci_device *dev;
    bool msix, maskable, address64;
    unsigned entry;
};

static struct msi_vector *vectors[MAX_IRQS];

static volatile u8 *table_entry(const struct msi_vector *v)
{
    return v->dev->msix_table + v->entry * MSIX_ENTRY_SIZE;
}

static unsigned mask_offset(const struct msi_vector *v)
{
    return v->address64 ? 16 : 12;
}

static void set_mask(unsigned irq, bool masked)
{
    const struct msi_vector *v = vectors[irq];
    unsigned reg;
    u32 bits;

    if (!v)
        return;
    if (v->msix) {
        mmio_write32(table_entry(v) + MSIX_VECTOR_CONTROL, masked ? MSIX_MASKED : 0);
        mmio_read32(table_entry(v) + MSIX_VECTOR_CONTROL); /* the write has arrived */
    } else if (v->maskable) {
        reg = v->dev->msi_cap + mask_offset(v);
        bits = pci_read(v->dev->at, reg, 4);
        pci_write(v->dev->at, reg, 4, masked ? bits | 1 : bits & ~1u);
    }
}

static void write_msi(const struct msi_vector *v, u64 address, u32 data)
{
    unsigned cap = v->dev->msi_cap;

    pci_write(v->dev->at, cap + MSI_ADDRESS, 4, (u32)address);
    if (v->address64)
        pci_write(v->dev->at, cap + MSI_ADDRESS_HIGH, 4, (u32)(address >> 32));
    pci_write(v->dev->at, cap + (v->address64 ? MSI_DATA_64 : MSI_DATA_32), 2, data);
}

/* An entry may be changed only while it is masked, PCI 3.0 6.8.2. */
static void write_msix(const struct msi_vector *v, u64 address, u32 data)
{
    volatile u8 *e = table_entry(v);
    u32 control = mmio_read32(e + MSIX_VECTOR_CONTROL);

    mmio_write32(e + MSIX_VECTOR_CONTROL, control | MSIX_MASKED);
    mmio_write32(e + MSIX_ADDRESS, (u32)address);
    mmio_write32(e + MSIX_ADDRESS_HIGH, (u32)(address >> 32));
    mmio_write32(e + MSIX_DATA, data);
    mmio_write32(e + MSIX_VECTOR_CONTROL, control);
    mmio_read32(e + MSIX_VECTOR_CONTROL);
}

static void rewrite(unsigned irq)
{
    const struct msi_vector *v = vectors[irq];
    u64 address;
    u32 data;

    if (!v)
        return;
    irq_compose_msi(irq, &address, &data);
    if (v->msix)
        write_msix(v, address, data);
    else
        write_msi(v, address, data);
}

/* Machine address that base address register @bar holds, 0: none, or of port space. */
static paddr_t bar_address(struct pci_address at, unsigned bar)
{
    u32 low;
    u64 high = 0;

    if (bar >= BAR_COUNT)
        return 0;
    low = pci_read(at, PCI_BAR0 + 4 * bar, 4);
    if (low & BAR_IO)
        return 0;
    if ((low & BAR_TYPE_MASK) == BAR_TYPE_64 && bar + 1 < BAR_COUNT)
        high = pci_read(at, PCI_BAR0 + 4 * (bar + 1), 4);
    return high << 32 | (low & ~15u);
}

/* Maps the device's MSI-X table. @table_base: what the caller takes the BAR to be, 0: unknown */
static int map_table(struct pci_device *dev, u64 table_base)
{
    u32 where = pci_read(dev->at, dev->msix_cap + MSIX_TABLE, 4);
    unsigned entries = (pci_read(dev->at, dev->msix_cap + MSIX_CONTROL, 2) & MSIX_CONTROL_SIZE) + 1;
    paddr_t bar = bar_address(dev->at, where & MSIX_TABLE_BIR), table;
    volatile u8 *map;

    if (!bar || (table_base && table_base != bar))
        return -EINVAL;
    if (dev->msix_table)
        return 0;
    table = bar + (where & ~MSIX_TABLE_BIR);
    map = ioremap(ROUND_DOWN(table, PAGE_SIZE), (table & (PAGE_SIZE - 1)) + entries * MSIX_ENTRY_SIZE, MAP_UC);
    if (!map)
        return -ENOMEM;
    dev->msix_table = map + (table & (PAGE_SIZE - 1));
    dev->msix_entries = entries;
    return 0;
}

static bool in_use(const struct pci_device *dev, bool msix, unsigned entry)
{
    for (unsigned i = 0; i < MAX_IRQS && dev->msi_irqs; i++)
        if (vectors[i] && vectors[i]->dev == dev && (vectors[i]->msix != msix || vectors[i]->entry == entry))
            return true;
    return false;
}

/* Every check, no effects but a mapped table. */
static int check(struct pci_device *dev, const struct msi_request *r)
{
    int rc;

    if (!dev || !(r->msix ? dev->msix_cap : dev->msi_cap))
        return -ENODEV;
    if (r->count > 1)
        return -EOPNOTSUPP;
    if (r->msix && (rc = map_table(dev, r->table_base)))
        return rc;
    if (r->entry >= (r->msix ? dev->msix_entries : 1))
        return -EINVAL;
    return in_use(dev, r->msix, r->entry) ? -EEXIST : 0;
}

/* MSI: one vector, off until Domain 0 sets the enable bit. */
static void prepare_capability(struct msi_vector *v)
{
    unsigned reg = v->dev->msi_cap + MSI_CONTROL;
    u32 control = pci_read(v->dev->at, reg, 2);

    v->address64 = control & MSI_CONTROL_64BIT;
    v->maskable = control & MSI_CONTROL_MASKABLE;
    pci_write(v->dev->at, reg, 2, control & ~(u32)(MSI_CONTROL_ENABLE | MSI_CONTROL_MULTIPLE));
}

/* Lock held, as for all below. */
static int setup(const struct msi_request *r, unsigned *irq)
{
    struct pci_device *dev = pci_find(r->at);
    int rc = check(dev, r), nr;
    struct msi_vector *v;

    if (rc)
        return rc;
    v = heap_new(struct msi_vector);
    if (!v)
        return -ENOMEM;
    *v = (struct msi_vector){ .dev = dev, .msix = r->msix, .entry = r->entry };
    nr = irq_alloc_msi();
    if (nr < 0) {
        heap_free(v);
        return nr;
    }
    if (!v->msix)
        prepare_capability(v);
    WRITE_ONCE(vectors[nr], v);
    dev->msi_irqs++;
    irq_rewrite_msi((unsigned)nr);
    *irq = (unsigned)nr;
    return 0;
}

static void release(unsigned irq)
{
    struct msi_vector *v = vectors[irq];
    u32 control;

    if (!v)
        return;
    irq_free_msi(irq); /* masks it, waits for the handler; from then on nobody looks at the vector */
    if (!v->msix) {
        control = pci_read(v->dev->at, v->dev->msi_cap + MSI_CONTROL, 2);
        pci_write(v->dev->at, v->dev->msi_cap + MSI_CONTROL, 2, control & ~(u32)MSI_CONTROL_ENABLE);
    }
    WRITE_ONCE(vectors[irq], NULL);
    v->dev->msi_irqs--;
    heap_free(v);
}

static int prepare(struct pci_address at)
{
    struct pci_device *dev = pci_find(at);

    if (!dev || !dev->msix_cap)
        return -ENODEV;
    return dev->msi_irqs ? -EBUSY : map_table(dev, 0);
}

static int unprepare(struct pci_address at)
{
    struct pci_device *dev = pci_find(at);

    if (!dev || !dev->msix_cap)
        return -ENODEV;
    if (dev->msi_irqs)
        return -EBUSY;
    pci_unmap_msix(dev);
    return 0;
}

static int restore(struct pci_address at)
{
    const struct pci_device *dev = pci_find(at);

    if (!dev)
        return -ENODEV;
    for (unsigned irq = 0; irq < MAX_IRQS; irq++)
        if (vectors[irq] && vectors[irq]->dev == dev)
            irq_rewrite_msi(irq);
    return 0;
}

/* ---- what others call ---- */

int msi_setup(const struct msi_request *r, unsigned *irq)
{
    int rc;

    spin_lock(&devices_lock);
    rc = setup(r, irq);
    spin_unlock(&devices_lock);
    return rc;
}

static void msi_release(unsigned irq)
{
    spin_lock(&devices_lock);
    release(irq);
    spin_unlock(&devices_lock);
}

static int locked(int (*fn)(struct pci_address at), struct pci_address at)
{
    int rc;

    spin_lock(&devices_lock);
    rc = fn(at);
    spin_unlock(&devices_lock);
    return rc;
}

int msix_prepare(struct pci_address at)
{
    return locked(prepare, at);
}

int msix_release(struct pci_address at)
{
    return locked(unprepare, at);
}

int msi_restore(struct pci_address at)
{
    return locked(restore, at);
}

static const struct irq_msi_ops ops = { .set_mask = set_mask, .rewrite = rewrite, .release = msi_release };

void msi_init(void)
{
    irq_msi_ops = &ops;
}
