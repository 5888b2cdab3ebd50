/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts that come when sim_irq_fire() says so, extended state that is nothing, a console without input. */
#include "shared/host.h"

#include <string.h>

#include "errno.h"
#include "machine/console.h"
#include "machine/fpu.h"
#include "machine/irq.h"
#include "machine/panic.h"

struct panic_hooks panic_hooks;
void (*console_input_handler)(void);

/* ---- interrupts ---- */

static struct {
    irq_handler handler;
    void *data;
} irqs[MAX_IRQS];

unsigned irq_gsi_count(void)
{
    return 24;
}

int irq_bind(unsigned irq, irq_handler handler, void *data)
{
    if (irqs[irq].handler)
        return -EBUSY;
    irqs[irq].handler = handler;
    irqs[irq].data = data;
    return 0;
}

void irq_unbind(unsigned irq)
{
    irqs[irq].handler = NULL;
}

void sim_irq_fire(unsigned irq)
{
    bool was = irq_save();

    if (irqs[irq].handler)
        irqs[irq].handler(irq, irqs[irq].data);
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
