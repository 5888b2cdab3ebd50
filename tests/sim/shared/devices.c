/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts that come when sim_irq_fire() says so, extended state that is nothing, a console without input. */
#include "shared/host.h"

#include <string.h>

#include "atomic.h"
#include "errno.h"
#include "machine/console.h"
#include "machine/fpu.h"
#include "machine/irq.h"
#include "machine/panic.h"
#include "machine/spinlock.h"

struct panic_hooks panic_hooks;
void (*console_input_handler)(void);

/* ---- interrupts ---- */

static struct {
    irq_handler handler;
    void *data;
    unsigned running;
} irqs[MAX_IRQS];
static struct spinlock irq_lock = SPINLOCK_INIT(LOCK_IRQ);

unsigned irq_gsi_count(void)
{
    return 24;
}

int irq_bind(unsigned irq, irq_handler handler, void *data)
{
    bool was = spin_lock_irqsave(&irq_lock), taken = irqs[irq].handler;

    if (!taken) {
        irqs[irq].data = data;
        irqs[irq].handler = handler;
    }
    spin_unlock_irqrestore(&irq_lock, was);
    return taken ? -EBUSY : 0;
}

/* The handler runs nowhere any more afterwards. */
void irq_unbind(unsigned irq)
{
    bool was = spin_lock_irqsave(&irq_lock);

    irqs[irq].handler = NULL;
    spin_unlock_irqrestore(&irq_lock, was);
    while (atomic_load(&irqs[irq].running))
        cpu_relax();
}

void sim_irq_fire(unsigned irq)
{
    bool was = spin_lock_irqsave(&irq_lock);
    irq_handler handler = irqs[irq].handler;
    void *data = irqs[irq].data;

    atomic_add_return(&irqs[irq].running, 1);
    spin_unlock(&irq_lock);
    if (handler)
        handler(irq, data);
    atomic_sub_return(&irqs[irq].running, 1);
    irq_restore(was);
}

void irq_release(unsigned irq)
{
}

void irq_unmask(unsigned irq)
{
}

void irq_eoi(unsigned irq)
{
}

bool irq_is_level(unsigned irq)
{
    return irq & 1;
}

void irq_set_affinity(unsigned irq, unsigned cpu)
{
}

/* ---- FPU ---- */

u64 fpu_xcr0_mask = 7;
u64 sim_xcr0[SIM_CPUS];

size_t fpu_area_size(void)
{
    return 512;
}

void fpu_area_init(void *area)
{
    memset(area, 0, 512);
}

void fpu_area_import(void *area, const void *fxsave)
{
    memcpy(area, fxsave, 512);
}

int fpu_set_xcr0(u64 xcr0)
{
    sim_xcr0[cpu_id()] = xcr0;
    return 0;
}

void fpu_save(void *area, u64 xcr0)
{
    fpu_set_xcr0(fpu_xcr0_mask);
}

void fpu_load(const void *area, u64 xcr0)
{
    fpu_set_xcr0(xcr0);
}

void fpu_resume(u64 xcr0)
{
    fpu_set_xcr0(xcr0);
}
