/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI configuration space: mechanism 1 (ports 0xcf8/0xcfc, PCI 3.0 3.2.2.3.2)
 * for the first 256 bytes of segment 0, the memory windows of the MCFG for
 * everything else, mapped bus by bus when first used. Lock: LOCK_PCI for the
 * pair of ports; windows need none once mapped.
 */
#include "atomic.h"
#include "errno.h"
#include "machine/acpi.h"
#include "machine/spinlock.h"
#include "machine/x86.h"
#include "mm/paging.h"
#include "passthrough/pci.h"
#include "passthrough/pci_internal.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define CF8_ENABLE 0x80000000u
#define BUS_WINDOW_SIZE MB(1)
#define MAX_MAPPED_BUSES 64

struct spinlock pci_lock = SPINLOCK_INIT(LOCK_PCI);

static struct mapped_bus {
    u16 segment;
    u8 bus;
    volatile u8 *base;
} mapped[MAX_MAPPED_BUSES];
static unsigned mapped_count;

static const volatile u8 *find_mapped(u16 segment, u8 bus)
{
    for (unsigned i = 0; i < READ_ONCE(mapped_count); i++)
        if (mapped[i].segment == segment && mapped[i].bus == bus)
            return mapped[i].base;
    return NULL;
}

/* Machine address of a bus's window, 0: none. */
static paddr_t window_of(u16 segment, u8 bus)
{
    for (unsigned i = 0; i < acpi.mcfg.count; i++)
        if (acpi.mcfg.windows[i].segment == segment && bus >= acpi.mcfg.windows[i].first_bus &&
            bus <= acpi.mcfg.windows[i].last_bus)
            return acpi.mcfg.windows[i].base + (u64)bus * BUS_WINDOW_SIZE;
    return 0;
}

void pci_map_bus(u16 segment, u8 bus)
{
    paddr_t pa = window_of(segment, bus);
    volatile u8 *base;
    bool was;

    if (!pa || find_mapped(segment, bus) || !(base = ioremap(pa, BUS_WINDOW_SIZE, MAP_UC)))
        return;
    was = spin_lock_irqsave(&pci_lock);
    if (mapped_count < MAX_MAPPED_BUSES && !find_mapped(segment, bus)) {
        mapped[mapped_count] = (struct mapped_bus){ segment, bus, base };
        smp_wmb();
        mapped_count++;
        base = NULL;
    }
    spin_unlock_irqrestore(&pci_lock, was);
    if (base)
        iounmap((void *)base, BUS_WINDOW_SIZE);
}

static bool access_ok(unsigned reg, unsigned bytes)
{
    return (bytes == 1 || bytes == 2 || bytes == 4) && !(reg & (bytes - 1)) && reg + bytes <= 4096;
}

/* One access through the ports. @value: what to write, NULL: read */
static u32 port_access(u32 cf8, unsigned offset, unsigned bytes, const u32 *value)
{
    u16 port = (u16)(PORT_DATA + offset);
    bool was = spin_lock_irqsave(&pci_lock);
    u32 v = value ? *value : ~0u;

    outl(PORT_ADDRESS, cf8);
    if (value && bytes == 1)
        outb(port, (u8)v);
    else if (value && bytes == 2)
        outw(port, (u16)v);
    else if (value)
        outl(port, v);
    else if (bytes == 1)
        v = inb(port);
    else if (bytes == 2)
        v = inw(port);
    else
        v = inl(port);
    spin_unlock_irqrestore(&pci_lock, was);
    return v;
}

static u32 cf8_of(struct pci_address at, unsigned reg)
{
    return CF8_ENABLE | (u32)at.bus << 16 | (u32)at.devfn << 8 | (reg & 0xfc);
}

u32 pci_read(struct pci_address at, unsigned reg, unsigned bytes)
{
    const volatile u8 *p;

    if (!access_ok(reg, bytes))
        return ~0u;
    if (at.segment == 0 && reg < 256)
        return port_access(cf8_of(at, reg), reg & 3, bytes, NULL);
    p = find_mapped(at.segment, at.bus);
    if (!p)
        return ~0u;
    p += (u32)at.devfn << 12 | reg;
    return bytes == 1 ? *p : bytes == 2 ? *(const volatile u16 *)p : mmio_read32(p);
}

void pci_write(struct pci_address at, unsigned reg, unsigned bytes, u32 value)
{
    volatile u8 *p;

    if (!access_ok(reg, bytes))
        return;
    if (at.segment == 0 && reg < 256) {
        port_access(cf8_of(at, reg), reg & 3, bytes, &value);
        return;
    }
    p = (volatile u8 *)find_mapped(at.segment, at.bus);
    if (!p)
        return;
    p += (u32)at.devfn << 12 | reg;
    if (bytes == 1)
        *p = (u8)value;
    else if (bytes == 2)
        *(volatile u16 *)p = (u16)value;
    else
        mmio_write32(p, value);
}

/* AMD's mechanism for the extended 4 KiB uses bits 24-27 of the address; only what plain mechanism 1 has is let through. */
static bool cf8_ok(u32 cf8, unsigned offset, unsigned bytes)
{
    return (cf8 & CF8_ENABLE) && access_ok(offset, bytes) && offset + bytes <= 4;
}

u32 pci_read_cf8(u32 cf8, unsigned offset, unsigned bytes)
{
    return cf8_ok(cf8, offset, bytes) ? port_access(cf8 & ~0x7f000003u, offset, bytes, NULL) : ~0u;
}

void pci_write_cf8(u32 cf8, unsigned offset, unsigned bytes, u32 value)
{
    if (cf8_ok(cf8, offset, bytes))
        port_access(cf8 & ~0x7f000003u, offset, bytes, &value);
}

int pci_mmcfg_reserved(u64 base, u16 segment, u8 first_bus, u8 last_bus)
{
    paddr_t known = window_of(segment, first_bus);

    if (!known || !window_of(segment, last_bus))
        return -ENODEV;
    return known == base + (u64)first_bus * BUS_WINDOW_SIZE ? 0 : -EINVAL;
}
