/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls and interrupts between CPUs. Each CPU has one call that others carry out, and a set of the CPUs whose calls
 * are for it; there is no lock and no order, so that a call waits for those it is for and for nobody else. Who waits
 * serves meanwhile: CPUs that wait for each other with interrupts disabled do not wait for ever. Starting CPUs is in
 * smpboot.c.
 */
#include "machine/smp.h"

#include "atomic.h"
#include "bug.h"
#include "machine/acpi.h"
#include "machine/apic.h"
#include "machine/cpu.h"
#include "machine/interrupt.h"
#include "machine/percpu.h"
#include "machine/smp_internal.h"
#include "machine/spinlock_debug.h"

#define STOP_WAIT_ROUNDS 1000000

struct cpumask cpu_online_mask = { .bits = { 1 } };
unsigned cpu_count = 1;
static struct smp_id ids[MAX_CPUS];

/* What a CPU wants others to do. It belongs to the caller while left is 0, then to those who are to do it. */
struct call {
    void (*fn)(void *);
    void *arg;
    u32 left; /* CPUs that have not done it yet */
};
static DEFINE_PERCPU(struct call, call);
static DEFINE_PERCPU(struct cpumask, callers); /* whose calls this CPU has to do */

static bool stopping;
static struct cpumask stopped;

u32 cpu_apic_id(unsigned cpu)
{
    return ids[cpu].apic_id;
}

u32 cpu_acpi_id(unsigned cpu)
{
    return ids[cpu].acpi_id;
}

void smp_set_id(unsigned cpu, struct smp_id id)
{
    ids[cpu] = id;
}

static void kick_interrupt(void)
{
    /* Nothing: on its way back the CPU looks for pending work. */
}

void smp_kick(unsigned cpu)
{
    if (cpu != cpu_id())
        apic_send(ids[cpu].apic_id, VECTOR_KICK);
}

void smp_serve(void)
{
    struct cpumask *mask = &this_cpu(callers);

    for (unsigned i = 0; i < ARRAY_SIZE(mask->bits); i++) {
        unsigned long bits = READ_ONCE(mask->bits[i]) ? atomic_xchg(&mask->bits[i], 0) : 0;

        for (; bits; bits &= bits - 1) {
            struct call *c = &per_cpu(call, i * BITS_PER_LONG + (unsigned)__builtin_ctzl(bits));

            c->fn(c->arg);
            atomic_sub_return(&c->left, 1);
        }
    }
}

void smp_wait(void)
{
    spin_debug_wait();
    if (!irq_enabled())
        smp_serve();
    cpu_relax();
}

static void call_others(const struct cpumask *targets, struct call *c)
{
    unsigned self = cpu_id(), cpu, n = 0;

    ASSERT(!c->left);
    for_each_cpu(cpu, targets)
        n++;
    atomic_store(&c->left, n);
    for_each_cpu(cpu, targets) {
        cpumask_set(&per_cpu(callers, cpu), self);
        apic_send(ids[cpu].apic_id, VECTOR_CALL);
    }
    while (atomic_load(&c->left))
        smp_wait();
}

void smp_call(const struct cpumask *mask, void (*fn)(void *), void *arg)
{
    struct cpumask targets;
    bool was = irq_save();
    unsigned self = cpu_id();
    struct call *c = &this_cpu(call);

    cpumask_and(&targets, mask, &cpu_online_mask);
    if (cpumask_test(&targets, self)) {
        fn(arg);
        cpumask_clear(&targets, self);
    }
    if (!cpumask_empty(&targets)) {
        c->fn = fn;
        c->arg = arg;
        call_others(&targets, c);
    }
    irq_restore(was);
}

static void __noreturn stop_this_cpu(void)
{
    cpumask_set(&stopped, cpu_id());
    for (;;)
        __asm__ __volatile__("cli; hlt");
}

bool smp_handle_nmi(void)
{
    if (!atomic_load(&stopping) || cpumask_test(&stopped, cpu_id()))
        return false;
    stop_this_cpu();
}

/* Waits a while for all online CPUs but this one to stop. @return true: they have */
static bool wait_for_stop(void)
{
    unsigned cpu, missing = 1;

    for (unsigned i = 0; i < STOP_WAIT_ROUNDS && missing; i++) {
        missing = 0;
        for_each_online_cpu(cpu)
            missing += cpu != cpu_id() && !cpumask_test(&stopped, cpu);
        cpu_relax();
    }
    return !missing;
}

void smp_stop_others(void)
{
    unsigned cpu, self;

    irq_disable();
    self = cpu_id();
    if (atomic_xchg(&stopping, true)) {
        if (cpumask_test(&stopped, self))
            return;
        stop_this_cpu(); /* somebody else is already stopping us */
    }
    cpumask_set(&stopped, self);
    for_each_online_cpu(cpu)
        if (cpu != self)
            apic_send(ids[cpu].apic_id, VECTOR_STOP);
    if (wait_for_stop())
        return;
    for_each_online_cpu(cpu)
        if (!cpumask_test(&stopped, cpu))
            apic_send_nmi(ids[cpu].apic_id);
    wait_for_stop();
}

static void stop_interrupt(void)
{
    stop_this_cpu();
}

/* The boot CPU's entry of the MADT, for its ACPI id. */
static void identify_boot_cpu(void)
{
    ids[0].apic_id = apic_own_id();
    for (unsigned i = 0; i < acpi.madt.cpu_count; i++)
        if (acpi.madt.cpus[i].apic_id == ids[0].apic_id)
            ids[0].acpi_id = acpi.madt.cpus[i].acpi_id;
}

void smp_init_handlers(void)
{
    identify_boot_cpu();
    interrupt_set_handler(VECTOR_KICK, kick_interrupt);
    interrupt_set_handler(VECTOR_CALL, smp_serve);
    interrupt_set_handler(VECTOR_STOP, stop_interrupt);
}
