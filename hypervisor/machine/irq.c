/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device interrupts: one descriptor for each GSI and each MSI vector, see irq.h.
 *
 * A level-triggered line is masked when it fires and acknowledged at once, so
 * that a guest which never answers blocks its own line only; irq_eoi() opens it
 * again. When an irq moves to another CPU the old vector stays valid until the
 * first interrupt has come in at the new place, or for MOVE_GRACE_NS when none
 * comes: an interrupt may still be under way to the old CPU.
 *
 * Locks: one per descriptor (LOCK_IRQ); handlers run without it.
 */
#include "machine/irq.h"

#include "errno.h"
#include "machine/acpi.h"
#include "machine/apic.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/ioapic.h"
#include "machine/irq_internal.h"
#include "machine/pic.h"
#include "machine/smp.h"
#include "machine/spinlock.h"
#include "machine/time.h"

#define PIC_INPUTS 16
#define MOVE_GRACE_NS 10000000UL
#define MSI_ADDRESS 0xfee00000UL /* SDM Vol 3 10.11.1: fixed delivery, physical destination */
#define MSI_DEST_SHIFT 12
#define NO_VECTOR 0
#define APIC_ID_BROADCAST 255 /* messages without remapping have 8 bits for the destination, SDM Vol 3 10.11.1 */

enum irq_kind { IRQ_UNUSED, IRQ_IOAPIC, IRQ_PIC, IRQ_MSI };

struct irq_desc {
    struct spinlock lock;
    irq_handler handler;
    void *data;
    u16 cpu, old_cpu;       /* where it is delivered */
    u8 vector, old_vector;  /* NO_VECTOR: none */
    u8 kind;
    bool level, active_low;
    bool masked;            /* by irq_mask() */
    bool held;              /* level: fired and not yet irq_eoi()ed */
    u32 running;            /* CPUs in its handler */
    nsec_t moved;           /* when it left old_cpu */
};

static struct irq_desc irqs[MAX_IRQS];
static unsigned gsi_count;
const struct irq_msi_ops *irq_msi_ops;

unsigned irq_gsi_count(void)
{
    return gsi_count;
}

unsigned irq_isa_to_gsi(unsigned isa, bool *level, bool *active_low)
{
    const struct acpi_isa_irq *o = &acpi.madt.isa[isa % ISA_IRQS];

    *level = o->level;
    *active_low = o->active_low;
    return o->gsi;
}

/* Makes the hardware's mask what the descriptor says. */
static void update_mask(unsigned irq, const struct irq_desc *d)
{
    bool masked = d->masked || d->held;

    if (d->kind == IRQ_IOAPIC)
        ioapic_set_mask(irq, masked);
    else if (d->kind == IRQ_PIC)
        pic_set_mask(irq, masked);
    else if (d->kind == IRQ_MSI && irq_msi_ops)
        irq_msi_ops->set_mask(irq, masked);
}

/* Tells the hardware vector and target CPU. */
static void write_route(unsigned irq, const struct irq_desc *d)
{
    struct ioapic_route r = {
        .vector = d->vector,
        .level = d->level,
        .active_low = d->active_low,
        .masked = d->masked || d->held,
        .apic_id = cpu_apic_id(d->cpu),
    };

    if (d->kind == IRQ_IOAPIC)
        ioapic_write_route(irq, &r);
    else if (d->kind == IRQ_MSI && irq_msi_ops)
        irq_msi_ops->rewrite(irq);
}

/* Gives the vector of the place that the irq has left back. */
static void forget_old_place(unsigned irq, struct irq_desc *d)
{
    if (d->old_vector == NO_VECTOR)
        return;
    vector_free(d->old_cpu, d->old_vector, irq);
    d->old_vector = NO_VECTOR;
}

/* Of those that an interrupt can be sent to the one with the fewest vectors in use. */
static unsigned roomiest_cpu(void)
{
    unsigned best = 0, cpu;

    for_each_online_cpu(cpu)
        if (cpu_apic_id(cpu) < APIC_ID_BROADCAST && vectors_used(cpu) < vectors_used(best))
            best = cpu;
    return best;
}

static int setup(struct irq_desc *d, unsigned gsi, bool level, bool active_low)
{
    int vector;

    if (d->kind != IRQ_UNUSED && d->level == level && d->active_low == active_low)
        return 0;
    if (d->handler)
        return -EBUSY;
    if (d->kind == IRQ_UNUSED && ioapic_gsi_count()) {
        unsigned cpu = roomiest_cpu();

        vector = vector_alloc(cpu, gsi);
        if (vector < 0)
            return vector;
        d->vector = (u8)vector;
        d->cpu = (u16)cpu;
    }
    d->kind = ioapic_gsi_count() ? IRQ_IOAPIC : IRQ_PIC;
    d->level = level;
    d->active_low = active_low;
    d->masked = true;
    d->held = false;
    write_route(gsi, d);
    return 0;
}

int irq_setup_gsi(unsigned gsi, bool level, bool active_low)
{
    struct irq_desc *d = &irqs[gsi % MAX_IRQS];
    bool was;
    int rc;

    if (gsi >= gsi_count || (ioapic_gsi_count() && !ioapic_has_gsi(gsi)))
        return -EINVAL;
    was = spin_lock_irqsave(&d->lock);
    rc = setup(d, gsi, level, active_low);
    spin_unlock_irqrestore(&d->lock, was);
    return rc;
}

/* Takes the descriptor for an MSI vector if it is free. */
static bool claim_msi(unsigned irq)
{
    struct irq_desc *d = &irqs[irq];
    bool was = spin_lock_irqsave(&d->lock);
    unsigned cpu = roomiest_cpu();
    int vector = -1;

    if (d->kind == IRQ_UNUSED && (vector = vector_alloc(cpu, irq)) >= 0) {
        d->kind = IRQ_MSI;
        d->vector = (u8)vector;
        d->cpu = (u16)cpu;
        d->level = d->active_low = d->held = false;
        d->masked = true;
    }
    spin_unlock_irqrestore(&d->lock, was);
    return vector >= 0;
}

int irq_alloc_msi(void)
{
    for (unsigned irq = gsi_count; irq < MAX_IRQS; irq++)
        if (claim_msi(irq))
            return (int)irq;
    return -ENOSPC;
}

void irq_free_msi(unsigned irq)
{
    struct irq_desc *d = &irqs[irq % MAX_IRQS];
    bool was;

    irq_unbind(irq);
    was = spin_lock_irqsave(&d->lock);
    if (d->kind == IRQ_MSI) {
        forget_old_place(irq, d);
        vector_free(d->cpu, d->vector, irq);
        d->vector = NO_VECTOR;
        d->kind = IRQ_UNUSED;
    }
    spin_unlock_irqrestore(&d->lock, was);
}

void irq_rewrite_msi(unsigned irq)
{
    struct irq_desc *d = &irqs[irq % MAX_IRQS];
    bool was = spin_lock_irqsave(&d->lock);

    if (d->kind == IRQ_MSI) {
        update_mask(irq, d);
        write_route(irq, d);
    }
    spin_unlock_irqrestore(&d->lock, was);
}

void irq_release(unsigned irq)
{
    if (irq < MAX_IRQS && READ_ONCE(irqs[irq].kind) == IRQ_MSI && irq_msi_ops)
        irq_msi_ops->release(irq);
}

void irq_compose_msi(unsigned irq, u64 *address, u32 *data)
{
    const struct irq_desc *d = &irqs[irq % MAX_IRQS];

    *address = MSI_ADDRESS | (u64)cpu_apic_id(d->cpu) << MSI_DEST_SHIFT;
    *data = d->vector;
}

int irq_bind(unsigned irq, irq_handler handler, void *data)
{
    struct irq_desc *d = &irqs[irq % MAX_IRQS];
    bool was;
    int rc = 0;

    if (irq >= MAX_IRQS)
        return -EINVAL;
    was = spin_lock_irqsave(&d->lock);
    if (d->kind == IRQ_UNUSED)
        rc = -EINVAL;
    else if (d->handler)
        rc = -EBUSY;
    if (!rc) {
        d->handler = handler;
        d->data = data;
    }
    spin_unlock_irqrestore(&d->lock, was);
    return rc;
}

void irq_unbind(unsigned irq)
{
    struct irq_desc *d = &irqs[irq % MAX_IRQS];
    bool was = spin_lock_irqsave(&d->lock);

    d->handler = NULL;
    d->data = NULL;
    d->masked = true;
    d->held = false;
    update_mask(irq, d);
    spin_unlock_irqrestore(&d->lock, was);
    while (atomic_load(&d->running))
        smp_wait();
}

static void change_mask(unsigned irq, bool masked)
{
    struct irq_desc *d = &irqs[irq % MAX_IRQS];
    bool was = spin_lock_irqsave(&d->lock);

    d->masked = masked;
    update_mask(irq, d);
    spin_unlock_irqrestore(&d->lock, was);
}

void irq_unmask(unsigned irq)
{
    change_mask(irq, false);
}

void irq_mask(unsigned irq)
{
    change_mask(irq, true);
}

void irq_eoi(unsigned irq)
{
    struct irq_desc *d = &irqs[irq % MAX_IRQS];
    bool was = spin_lock_irqsave(&d->lock);

    if (d->held) {
        d->held = false;
        update_mask(irq, d);
    }
    spin_unlock_irqrestore(&d->lock, was);
}

bool irq_is_level(unsigned irq)
{
    return irqs[irq % MAX_IRQS].level;
}

/* Moves to @cpu; nothing happens when a former move is not finished: affinity is a wish, and will be asked for again. */
static void move(unsigned irq, struct irq_desc *d, unsigned cpu)
{
    int vector;

    if (d->old_vector != NO_VECTOR && system_time() - d->moved < MOVE_GRACE_NS)
        return;
    forget_old_place(irq, d);
    vector = vector_alloc(cpu, irq);
    if (vector < 0)
        return;
    d->old_vector = d->vector;
    d->old_cpu = d->cpu;
    d->moved = system_time();
    d->vector = (u8)vector;
    d->cpu = (u16)cpu;
    write_route(irq, d);
}

void irq_set_affinity(unsigned irq, unsigned cpu)
{
    struct irq_desc *d = &irqs[irq % MAX_IRQS];
    bool was = spin_lock_irqsave(&d->lock);

    if ((d->kind == IRQ_IOAPIC || d->kind == IRQ_MSI) && d->cpu != cpu && cpu_apic_id(cpu) < APIC_ID_BROADCAST)
        move(irq, d, cpu);
    spin_unlock_irqrestore(&d->lock, was);
}

/* One interrupt of @d: acknowledges it at the hardware and calls the handler. */
static void handle(unsigned irq, struct irq_desc *d)
{
    irq_handler handler;
    void *data;

    spin_lock(&d->lock);
    if (d->level)
        d->held = true;
    handler = d->handler;
    data = d->data;
    if (!handler)
        d->masked = true;
    if (d->level || !handler)
        update_mask(irq, d);
    if (d->old_vector != NO_VECTOR && cpu_id() == d->cpu)
        forget_old_place(irq, d);
    atomic_add_return(&d->running, 1);
    spin_unlock(&d->lock);

    if (d->kind == IRQ_PIC)
        pic_eoi(irq);
    else
        apic_eoi();
    if (handler)
        handler(irq, data);
    atomic_sub_return(&d->running, 1);
}

void irq_dispatch(unsigned vector)
{
    int irq = vector_irq_of(vector);

    if (irq < 0)
        apic_eoi(); /* came late: its irq has moved or is gone */
    else
        handle((unsigned)irq, &irqs[irq]);
}

void irq_dispatch_pic(unsigned input)
{
    if (pic_is_spurious(input))
        return;
    if (irqs[input].kind == IRQ_PIC)
        handle(input, &irqs[input]);
    else
        pic_eoi(input);
}

void irq_init(void)
{
    gsi_count = ioapic_gsi_count();
    for (unsigned i = 0; i < MAX_IRQS; i++)
        spin_lock_init(&irqs[i].lock, LOCK_IRQ);
    if (gsi_count)
        return;
    gsi_count = PIC_INPUTS;
    for (unsigned i = 0; i < PIC_INPUTS; i++)
        acpi.madt.isa[i].level = pic_is_level(i);
    apic_enable_extint();
    pr_warning("No IO-APIC: interrupts go through the 8259 to the boot CPU\n");
}
