/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor tables, modes and contexts of vCPUs: what a guest does with its own, VCPUOP_initialise, and what Domain 0 does
 * with another domain's. A vCPU that may run has page tables for the mode it is in; each CPU has the extended state of its vCPU.
 */
#include "sim.h"

#include <string.h>

#include "control/domctl_ops.h"
#include "errno.h"
#include "machine/fpu.h"
#include "mm/guest_access.h"
#include "mm/paging.h"
#include "pv/bounce.h"
#include "pv/segment_regs.h"
#include "pv/segments.h"

u64 sim_contexts_set, sim_contexts_refused;

void sim_check_contexts(void)
{
    for (unsigned i = 0; i < SIM_DOMAINS; i++) {
        struct domain *d = sim_domain(i);
        struct vcpu *v;

        if (!d)
            continue;
        for_each_vcpu(d, v) {
            if (v->initialised && (!v->pv->kernel_cr3 || !pv_current_cr3(v->pv)))
                sim_fail("d%uv%u has a context and no page tables for its mode: kernel %d, roots %#lx and %#lx", i, v->id,
                         v->pv->kernel_mode, v->pv->kernel_cr3, v->pv->user_cr3);
            if (!v->initialised && (v->unit.running || (!d->dying && !(v->down && (v->pause_flags & VPF_DOWN)))))
                sim_fail("d%uv%u has no context and is not down", i, v->id);
        }
    }
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
        const struct vcpu *v = sim_vcpu_on(cpu);

        if (!vcpu_is_idle(v) && sim_xcr0[cpu] != v->xcr0)
            sim_fail("CPU %u has XCR0 %#lx, d%dv%u's is %#lx", cpu, sim_xcr0[cpu], v->domain->id, v->id, v->xcr0);
    }
}

/* ---- descriptor tables ---- */

/* A page of the linear map becomes one that may be a descriptor table. */
static vaddr_t descriptor_page(struct vcpu *v)
{
    vaddr_t va = SIM_LINEAR + ((u64)(4 + sim_rnd(60)) << PAGE_SHIFT);
    u64 desc[4] = { 0x00cff3000000ffff, 0x00affb000000ffff, sim_rnd(4) ? 0 : 0x0000ec000008e008, 0x00cf93000000ffff };

    if (guest_clear(va, PAGE_SIZE) || guest_write(va, desc, sizeof(desc)))
        return va;
    sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, mfn_to_paddr(pv_translate(v, va)) | PTE_P, UVMF_INVLPG, 0);
    return va;
}

static void set_ldt(struct vcpu *v, vaddr_t base, unsigned entries)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = base, .arg2.nr_ents = entries };

    memcpy(sim_window(), &op, sizeof(op));
    sim_hypercall(v, __HYPERVISOR_mmuext_op, SIM_WINDOW, 1, 0, DOMID_SELF);
}

static void set_gdt(struct vcpu *v)
{
    u64 frames[3];

    for (unsigned i = 0; i < ARRAY_SIZE(frames); i++)
        frames[i] = sim_rnd(3) ? pv_translate(v, descriptor_page(v)).n : sim_any_frame(v->domain).n;
    memcpy(sim_window(), frames, sizeof(frames));
    sim_hypercall(v, __HYPERVISOR_set_gdt, SIM_WINDOW, sim_rnd(6) ? sim_rnd(3 * 512 + 1) : sim_rnd(8000), 0, 0);
}

static void load_selectors(void)
{
    for (unsigned n = 1 + sim_rnd(4); n; n--) {
        unsigned index = sim_rnd(8) ? sim_rnd(3) * 512 + sim_rnd(4) : sim_rnd(3 * 512);
        u16 sel = (u16)(index << 3 | (sim_rnd(4) ? 4 : 0) | 3);

        switch (sim_rnd(4)) {
        case 0:
            pv_load_ds(sel);
            break;
        case 1:
            pv_load_es(sel);
            break;
        case 2:
            do_set_segment_base(SEGBASE_GS_USER_SEL, sel);
            break;
        default:
            pv_load_fs(sel);
        }
    }
}

/* Takes a page back: it may be written to as soon as that is allowed. */
static void writable_again(struct vcpu *v)
{
    vaddr_t va = SIM_LINEAR + ((u64)(4 + sim_rnd(60)) << PAGE_SHIFT);
    u64 gate = 0x0000ec000008e008;

    if (!sim_hypercall(v, __HYPERVISOR_update_va_mapping, va, mfn_to_paddr(pv_translate(v, va)) | PTE_P | PTE_RW, 0, 0))
        guest_write(va + 8 * sim_rnd(4), &gate, sizeof(gate));
}

void sim_descriptors(struct vcpu *v)
{
    switch (sim_rnd(8)) {
    case 0:
    case 1:
        set_ldt(v, descriptor_page(v), 1 + sim_rnd(3 * 512));
        load_selectors();
        break;
    case 2:
        set_ldt(v, 0, 0);
        break;
    case 3:
        set_gdt(v);
        break;
    case 4:
        writable_again(v);
        break;
    case 5:
        sim_hypercall(v, __HYPERVISOR_update_descriptor, mfn_to_paddr(sim_any_frame(v->domain)) + sim_rnd(512) * 8,
                      sim_rnd(2) ? 0x00cff3000000ffff : (u64)sim_rnd(1u << 30) << sim_rnd(34), 0, 0);
        break;
    default:
        load_selectors();
    }
}

/* ---- modes ---- */

bool sim_enter_kernel(struct vcpu *v)
{
    if (!v->pv->kernel_mode)
        pv_syscall_bounce(guest_regs(), v);
    return !v->domain->shutting_down;
}

void sim_modes(struct vcpu *v)
{
    struct iret_context frame = { .rip = SIM_LINEAR, .cs = sim_rnd(4) ? 0xe033 : 0xe030, .rflags = 0x202, .ss = 0xe02b };

    v->xcr0 = (2u << sim_rnd(3)) - 1;
    fpu_set_xcr0(v->xcr0);
    if (!v->pv->user_cr3 && sim_rnd(20)) /* without, it crashes */
        return;
    memcpy(sim_window(), &frame, sizeof(frame));
    guest_regs()->rsp = SIM_WINDOW;
    sim_hypercall(v, __HYPERVISOR_iret, 0, 0, 0, 0);
}

/* ---- contexts ---- */

static u64 any_root(const struct domain *d)
{
    struct vcpu *v = d->vcpus[sim_rnd(SIM_VCPUS)];

    switch (sim_rnd(8)) {
    case 0:
        return 0;
    case 1:
        return sim_any_frame(d).n;
    case 2:
        return v->pv->user_cr3 >> PAGE_SHIFT;
    case 3:
        return (u64)sim_rnd(0x10000) << sim_rnd(40);
    default:
        return v->pv->kernel_cr3 ? v->pv->kernel_cr3 >> PAGE_SHIFT : sim_first_frame(d->id, 0).n;
    }
}

static void any_context(struct vcpu_guest_context *c, struct vcpu *v)
{
    memset(c, 0, sizeof(*c));
    if (v->initialised && sim_rnd(2)) {
        v->domain->kind->get_context(v, c);
        if (sim_rnd(2))
            c->user_regs.rax++;
    } else {
        c->ctrlreg[3] = xen_pfn_to_cr3(any_root(v->domain));
        c->ctrlreg[1] = sim_rnd(2) ? xen_pfn_to_cr3(any_root(v->domain)) : 0;
        c->kernel_sp = SIM_WINDOW + SIM_WINDOW_SIZE - 0x800;
        c->gdt_ents = sim_rnd(3) ? 0 : sim_rnd(8) ? sim_rnd(1200) : sim_rnd(8000);
        for (unsigned i = 0; i < 3; i++)
            c->gdt_frames[i] = sim_any_frame(v->domain).n;
        c->ldt_ents = sim_rnd(3) ? 0 : sim_rnd(9000);
        c->ldt_base = sim_rnd(3) ? 0 : sim_any_va();
    }
    c->flags = sim_rnd(8) ? c->flags : sim_rnd(64);
    if (sim_rnd(4))
        c->flags |= VGCF_in_kernel;
}

static void count(long rc)
{
    sim_contexts_set += rc == 0;
    sim_contexts_refused += rc != 0;
}

/* Domain 0's: a context for a vCPU of another domain, or none. */
static void control(struct domain *d, struct vcpu *v)
{
    struct xen_domctl_vcpucontext c = { .vcpu = v->id };

    if (sim_rnd(2)) {
        struct vcpu_guest_context context;

        any_context(&context, v);
        memcpy(sim_window(), &context, sizeof(context));
        c.ctxt.p = (void *)SIM_WINDOW;
    }
    sim_pending(v)->active = false;
    count(domctl_set_context(d, &c));
}

void sim_contexts(struct vcpu *v)
{
    struct domain *d = sim_domain(sim_rnd(SIM_DOMAINS));
    struct vcpu *other = v->domain->vcpus[sim_rnd(SIM_VCPUS)];
    struct vcpu_guest_context context;

    _Static_assert(sizeof(context) < SIM_WINDOW_SIZE - 0x1000, "it leaves room for a stack");
    if (v->domain == dom0 && d && d != dom0 && !sim_domains[d->id].killing && !d->dying) {
        control(d, d->vcpus[sim_rnd(SIM_VCPUS)]);
        return;
    }
    any_context(&context, other);
    memcpy(sim_window(), &context, sizeof(context));
    count(sim_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_initialise, other->id, SIM_WINDOW, 0));
    if (sim_rnd(2))
        sim_hypercall(v, __HYPERVISOR_vcpu_op, sim_rnd(6) ? VCPUOP_up : VCPUOP_down, other->id, 0, 0);
}
