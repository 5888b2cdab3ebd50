/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls and interrupts between CPUs. One request is outstanding at a time,
 * guarded by LOCK_TLB; a CPU that waits for the lock or for the others serves
 * the request of whoever is ahead meanwhile, so two CPUs that call each other
 * with interrupts disabled do not wait for ever. Starting CPUs is in smpboot.c.
 */
#include "machine/smp.h"

#include "machine/acpi.h"
#include "machine/apic.h"
#include "machine/cpu.h"
#include "machine/interrupt.h"
#include "machine/smp_internal.h"
#include "machine/spinlock.h"

#define STOP_WAIT_ROUNDS 1000000

struct cpumask cpu_online_mask = { .bits = { 1 } };
unsigned cpu_count = 1;
static struct smp_id ids[MAX_CPUS];

static struct spinlock call_lock = SPINLOCK_INIT(LOCK_TLB);
static struct {
    struct cpumask pending;
    void (*fn)(void *);
    void *arg;
} request;

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

/* Does what the outstanding request wants of this CPU, if anything. Interrupts disabled. */
static void serve_request(void)
{
    unsigned cpu = cpu_id();

    if (!cpumask_test(&request.pending, cpu))
        return;
    request.fn(request.arg);
    cpumask_clear(&request.pending, cpu);
}

static void lock_calls(void)
{
    while (!spin_trylock(&call_lock)) {
        serve_request();
        cpu_relax();
    }
}

void smp_call(const struct cpumask *mask, void (*fn)(void *), void *arg)
{
    struct cpumask targets;
    bool was = irq_save();
    unsigned self = cpu_id(), cpu;

    cpumask_and(&targets, mask, &cpu_online_mask);
    if (cpumask_test(&targets, self)) {
        fn(arg);
        cpumask_clear(&targets, self);
    }
    if (!cpumask_empty(&targets)) {
        lock_calls();
        request.fn = fn;
        request.arg = arg;
        smp_wmb();
        for (unsigned i = 0; i < ARRAY_SIZE(targets.bits); i++)
            atomic_store(&request.pending.bits[i], targets.bits[i]);
        for_each_cpu(cpu, &targets)
            apic_send(ids[cpu].apic_id, VECTOR_CALL);
        while (!cpumask_empty(&request.pending))
            cpu_relax();
        spin_unlock(&call_lock);
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
    interrupt_set_handler(VECTOR_CALL, serve_request);
    interrupt_set_handler(VECTOR_STOP, stop_interrupt);
}
