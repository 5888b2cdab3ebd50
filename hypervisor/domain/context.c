/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Switching the CPU from one vCPU to another. Everything of the old one is
 * saved at once, so that it may run elsewhere as soon as this returns; the FPU of
 * the new one is not loaded again when this CPU still has it. An idle CPU runs on
 * the hypervisor's own page tables and shows nothing of a guest's, so a dying domain is loaded nowhere.
 * Called by sched/ in SOFTIRQ_SCHEDULE with interrupts disabled. No locks.
 */
#include "domain/domain.h"
#include "domain/vcpu_time.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/perfc.h"
#include "machine/tlb.h"
#include "mm/paging.h"

static DEFINE_PERCPU(struct vcpu *,
                     fpu_owner); /* whose FPU state this CPU holds, if its dirty_cpu says so too */

static void save(struct vcpu *v)
{
    vcpu_update_runstate(v); /* while its page tables are loaded */
    vcpu_periodic_leave(v);
    v->regs = *guest_regs();
    v->domain->kind->context_save(v);
    fpu_save(v->fpu, v->xcr0);
}

static void load(struct vcpu *v, unsigned cpu)
{
    if (this_cpu(fpu_owner) != v || v->dirty_cpu != cpu) {
        fpu_load(v->fpu, v->xcr0);
        this_cpu(fpu_owner) = v;
        v->dirty_cpu = cpu;
    } else {
        fpu_resume(v->xcr0); /* fpu_save() had it all enabled */
    }
    cpumask_set(&v->domain->dirty_cpus, cpu);
    *guest_regs() = v->regs;
    v->domain->kind->context_load(v);
    vcpu_update_time(v);
    vcpu_update_runstate(v);
    vcpu_periodic_enter(v);
}

void vcpu_context_switch(struct vcpu *prev, struct vcpu *next)
{
    unsigned cpu = cpu_id();

    perfc_incr(PERFC_CONTEXT_SWITCHES);
    if (!vcpu_is_idle(prev))
        save(prev);
    current = next;
    if (!vcpu_is_idle(prev) && prev->domain->kind != next->domain->kind) /* the idle vCPUs are of none */
        prev->domain->kind->context_unload();
    if (vcpu_is_idle(next))
        load_cr3(mfn_to_paddr(virt_to_mfn(host_l4)));
    else
        load(next, cpu);
    if (!vcpu_is_idle(prev) && prev->domain != next->domain)
        cpumask_clear(&prev->domain->dirty_cpus, cpu);
}
