/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 8259 pair. With IO-APICs it only has to be moved away from the exception
 * vectors and be silent; without them it is what Domain 0's interrupts come
 * through. Called by interrupt.c and irq.c with the descriptor's lock held, on
 * any CPU; the mask is guarded by its own lock (LOCK_IOAPIC).
 */
#include "machine/pic.h"

#include "machine/interrupt.h"
#include "machine/spinlock.h"
#include "machine/x86.h"

#define PIC1 0x20
#define PIC2 0xa0
#define DATA 1
#define ELCR1 0x4d0
#define ICW1_INIT 0x11 /* edge, cascade, ICW4 follows */
#define ICW4_8086 0x01
#define OCW2_SPECIFIC_EOI 0x60
#define OCW3_READ_ISR 0x0b
#define CASCADE_INPUT 2

static struct spinlock lock = SPINLOCK_INIT(LOCK_IOAPIC);
static u16 mask = 0xffff;

static void write_mask(void)
{
    u16 m = mask == 0xffff || (mask & 0xff00) == 0xff00 ? mask : mask & (u16)~BIT(CASCADE_INPUT);

    outb(PIC1 + DATA, (u8)m);
    outb(PIC2 + DATA, (u8)(m >> 8));
}

static void init_one(u16 port, u8 vector, u8 cascade)
{
    outb(port, ICW1_INIT);
    outb(port + DATA, vector);
    outb(port + DATA, cascade);
    outb(port + DATA, ICW4_8086);
}

void pic_init(void)
{
    init_one(PIC1, VECTOR_PIC, 1 << CASCADE_INPUT);
    init_one(PIC2, VECTOR_PIC + 8, CASCADE_INPUT);
    write_mask();
}

void pic_set_mask(unsigned irq, bool masked)
{
    bool was = spin_lock_irqsave(&lock);

    if (masked)
        mask |= (u16)BIT(irq);
    else
        mask &= (u16)~BIT(irq);
    write_mask();
    spin_unlock_irqrestore(&lock, was);
}

void pic_eoi(unsigned irq)
{
    if (irq >= 8) {
        outb(PIC2, OCW2_SPECIFIC_EOI | (irq & 7));
        irq = CASCADE_INPUT;
    }
    outb(PIC1, (u8)(OCW2_SPECIFIC_EOI | irq));
}

bool pic_is_level(unsigned irq)
{
    return inb((u16)(ELCR1 + irq / 8)) >> (irq % 8) & 1;
}

bool pic_is_spurious(unsigned irq)
{
    u16 port = irq < 8 ? PIC1 : PIC2;

    if (irq % 8 != 7)
        return false;
    outb(port, OCW3_READ_ISR);
    if (inb(port) & 0x80)
        return false;
    if (irq == 15)
        pic_eoi(CASCADE_INPUT);
    return true;
}
