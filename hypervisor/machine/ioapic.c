/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO-APIC driver. The low half of each redirection entry is kept in memory, so
 * that masking is a single indirect write. Called by irq.c with the descriptor's
 * lock held; own lock: LOCK_IOAPIC, for index and data register belong together.
 */
#include "machine/ioapic.h"

#include "errno.h"
#include "machine/acpi.h"
#include "machine/console.h"
#include "machine/irq.h"
#include "machine/platform.h"
#include "machine/spinlock.h"
#include "machine/x86.h"

#define IOAPIC_INDEX 0x00
#define IOAPIC_DATA 0x10
enum ioapic_register { IOAPIC_ID = 0, IOAPIC_VERSION = 1, IOAPIC_ARBITRATION = 2, IOAPIC_TABLE = 0x10 };

#define RTE_NMI 0x0400
#define RTE_ACTIVE_LOW 0x2000
#define RTE_LEVEL 0x8000
#define RTE_MASKED 0x10000
#define RTE_DEST_SHIFT 24

struct ioapic {
    volatile u8 *registers;
    paddr_t base;
    unsigned gsi_base, pins;
};

static struct spinlock lock = SPINLOCK_INIT(LOCK_IOAPIC);
static struct ioapic ioapics[MAX_IOAPICS];
static unsigned count, gsi_count;
static u32 route_low[MAX_IRQS];
static unsigned nmi_gsi = MAX_IRQS; /* MAX_IRQS: none */

static u32 read_register(const struct ioapic *io, u32 reg)
{
    mmio_write32(io->registers + IOAPIC_INDEX, reg);
    return mmio_read32(io->registers + IOAPIC_DATA);
}

static void write_register(const struct ioapic *io, u32 reg, u32 v)
{
    mmio_write32(io->registers + IOAPIC_INDEX, reg);
    mmio_write32(io->registers + IOAPIC_DATA, v);
}

static const struct ioapic *find(unsigned gsi)
{
    for (unsigned i = 0; i < count; i++)
        if (gsi - ioapics[i].gsi_base < ioapics[i].pins)
            return &ioapics[i];
    return NULL;
}

unsigned ioapic_gsi_count(void)
{
    return gsi_count;
}

bool ioapic_has_gsi(unsigned gsi)
{
    return find(gsi) != NULL;
}

static u32 entry_of(const struct ioapic *io, unsigned gsi)
{
    return IOAPIC_TABLE + 2 * (gsi - io->gsi_base);
}

void ioapic_write_route(unsigned gsi, const struct ioapic_route *r)
{
    const struct ioapic *io = find(gsi);
    u32 low = r->vector | (r->active_low ? RTE_ACTIVE_LOW : 0) | (r->level ? RTE_LEVEL : 0);
    bool was;

    if (!io || gsi == nmi_gsi)
        return;
    was = spin_lock_irqsave(&lock);
    write_register(io, entry_of(io, gsi), low | RTE_MASKED);
    write_register(io, entry_of(io, gsi) + 1, r->apic_id << RTE_DEST_SHIFT);
    if (!r->masked)
        write_register(io, entry_of(io, gsi), low);
    route_low[gsi] = low | (r->masked ? RTE_MASKED : 0);
    spin_unlock_irqrestore(&lock, was);
}

void ioapic_set_mask(unsigned gsi, bool masked)
{
    const struct ioapic *io = find(gsi);
    bool was;
    u32 low;

    if (!io || gsi == nmi_gsi)
        return;
    was = spin_lock_irqsave(&lock);
    low = (route_low[gsi] & ~(u32)RTE_MASKED) | (masked ? RTE_MASKED : 0);
    if (low != route_low[gsi])
        write_register(io, entry_of(io, gsi), low);
    route_low[gsi] = low;
    spin_unlock_irqrestore(&lock, was);
}

void ioapic_route_nmi(unsigned gsi, u32 apic_id)
{
    const struct ioapic *io = find(gsi);
    bool was = spin_lock_irqsave(&lock);

    write_register(io, entry_of(io, gsi), RTE_NMI | RTE_MASKED);
    write_register(io, entry_of(io, gsi) + 1, apic_id << RTE_DEST_SHIFT);
    write_register(io, entry_of(io, gsi), RTE_NMI);
    nmi_gsi = gsi;
    spin_unlock_irqrestore(&lock, was);
}

int ioapic_guest_read(paddr_t base, u32 reg, u32 *value)
{
    for (unsigned i = 0; i < count; i++) {
        bool was;

        if (ioapics[i].base != base)
            continue;
        if (reg > IOAPIC_ARBITRATION && (reg < IOAPIC_TABLE || reg >= IOAPIC_TABLE + 2 * ioapics[i].pins))
            return -EINVAL;
        was = spin_lock_irqsave(&lock);
        *value = read_register(&ioapics[i], reg);
        spin_unlock_irqrestore(&lock, was);
        return 0;
    }
    return -EINVAL;
}

static void add(const struct acpi_ioapic *a)
{
    struct ioapic *io = &ioapics[count];
    u32 version;

    io->registers = platform_memory.map_device(ROUND_DOWN(a->base, PAGE_SIZE), PAGE_SIZE);
    if (!io->registers)
        return;
    io->registers += a->base & (PAGE_SIZE - 1);
    version = read_register(io, IOAPIC_VERSION);
    io->base = a->base;
    io->gsi_base = a->gsi_base;
    io->pins = (version >> 16 & 0xff) + 1;
    if (version == ~0u || version == 0 || a->gsi_base + io->pins > MAX_IRQS) {
        pr_warning("IO-APIC at %#lx does not answer (version %#x), ignored\n", a->base, version);
        platform_memory.unmap((void *)ROUND_DOWN((u64)io->registers, PAGE_SIZE), PAGE_SIZE);
        return;
    }
    for (unsigned pin = 0; pin < io->pins; pin++) {
        route_low[io->gsi_base + pin] = RTE_MASKED;
        write_register(io, IOAPIC_TABLE + 2 * pin, RTE_MASKED);
    }
    gsi_count = MAX(gsi_count, io->gsi_base + io->pins);
    count++;
    pr_info("IO-APIC %u at %#lx: GSIs %u-%u\n", a->id, a->base, io->gsi_base, io->gsi_base + io->pins - 1);
}

void ioapic_init(void)
{
    if (!platform_options.ioapic) {
        pr_info("IO-APICs are not used (noapic)\n");
        return;
    }
    for (unsigned i = 0; i < acpi.madt.ioapic_count; i++)
        add(&acpi.madt.ioapics[i]);
}
