/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PV domains and vCPUs as domain/ sees them (struct domain_kind): their state
 * is made and freed here, loaded and saved at a context switch, and set or read
 * as a whole (struct vcpu_guest_context). Contexts are set while the vCPU does
 * not run and under the domain's lock.
 */
#include "pv/domain.h"

#include "errno.h"
#include "lib/string.h"
#include "machine/fpu.h"
#include "machine/tables.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "mm/heap.h"
#include "pv/asm.h"
#include "pv/callbacks.h"
#include "pv/mmu.h"
#include "pv/mmu_shadow.h"
#include "pv/segments.h"
#include "pv/traps.h"
#include "pv/xpti.h"

static int pv_domain_create(struct domain *d)
{
    d->pv = heap_new(struct pv_domain);
    if (!d->pv)
        return -ENOMEM;
    spin_lock_init(&d->pv->mmu_lock, LOCK_PAGETABLE);
    return 0;
}

static void pv_domain_destroy(struct domain *d)
{
    heap_free(d->pv->e820);
    heap_free(d->pv);
    d->pv = NULL;
}

/* The state in which a vCPU is made; it holds nothing. */
static void set_defaults(const struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    memset(p, 0, sizeof(*p));
    p->kernel_mode = true;
    p->msrs.control_domain = v->domain->privileged;
    p->msrs.boot_vcpu = v->id == 0;
    pv_debug_reset(p);
    for (unsigned i = 0; i < GDT_GUEST_FRAMES; i++)
        p->gdt_frames[i] = INVALID_MFN;
}

static int pv_vcpu_create(struct vcpu *v)
{
    v->pv = heap_new(struct pv_vcpu);
    if (!v->pv)
        return -ENOMEM;
    set_defaults(v);
    return 0;
}

static void pv_vcpu_destroy(struct vcpu *v)
{
    heap_free(v->pv);
    v->pv = NULL;
}

static void pv_context_save(struct vcpu *v)
{
    pv_segments_save(v);
    pv_debug_save(v);
}

static void pv_context_load(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    pv_windows_load(v);
    pv_load_root(v);
    pv_segments_load(v);
    pv_debug_load(v);
    pv_load_cr4(v);
    guest_msrs_load(&p->msrs);
    if (p->ctrlreg0 & CR0_TS)
        stts();
    else
        clts();
}

/* What is left to do of a root that is dropped becomes stale: progress is kept, so that it may be called again after -ERESTART. */
static int pv_reset_vcpu(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;
    int rc;

    if (!p)
        return 0;
    v->initialised = false;
    pv_drop_gdt(v);
    pv_drop_ldt(v);
    rc = pv_hold_root(v->domain, &p->user_cr3, MFN(0));
    if (!rc)
        rc = pv_hold_root(v->domain, &p->kernel_cr3, MFN(0));
    if (!rc)
        set_defaults(v);
    return rc;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
    const struct cpu_user_regs *u = &c->user_regs;
    struct pv_vcpu *p = v->pv;
    struct regs *r = &v->regs;

    *r = (struct regs){
        .r15 = u->r15, .r14 = u->r14, .r13 = u->r13, .r12 = u->r12, .rbp = u->rbp, .rbx = u->rbx,
        .r11 = u->r11, .r10 = u->r10, .r9 = u->r9, .r8 = u->r8, .rax = u->rax, .rcx = u->rcx,
        .rdx = u->rdx, .rsi = u->rsi, .rdi = u->rdi, .rip = u->rip, .rsp = u->rsp,
        .cs = u->cs | 3, .ss = u->ss | 3,
        .rflags = (u->rflags & ~(u64)(RFLAGS_IOPL | RFLAGS_VM | RFLAGS_NT)) | RFLAGS_IF | RFLAGS_FIXED,
    };
    p->ds = u->ds;
    p->es = u->es;
    p->fs = u->fs;
    p->gs = u->gs;
    p->kernel_mode = c->flags & VGCF_in_kernel;
    p->iopl = u->rflags >> RFLAGS_IOPL_SHIFT & 3; /* ours alone: the hardware's stays 0 */
    p->kernel_ss = c->kernel_ss | 3;
    p->kernel_sp = c->kernel_sp;
    p->fs_base = c->fs_base;
    p->gs_base_kernel = c->gs_base_kernel;
    p->gs_base_user = c->gs_base_user;
    p->ctrlreg0 = c->ctrlreg[0] & CR0_TS;
    pv_set_cr4(v, c->ctrlreg[4]);
    p->event_callback = c->event_callback_eip;
    p->failsafe_callback = c->failsafe_callback_eip;
    p->syscall_callback = c->syscall_callback_eip;
    p->failsafe_masks_events = c->flags & VGCF_failsafe_disables_events;
    p->syscall_masks_events = c->flags & VGCF_syscall_disables_events;
    pv_debug_reset(p);
    for (unsigned i = 0; i < ARRAY_SIZE(c->debugreg); i++)
        if (i != 4 && i != 5)
            (void)pv_set_debugreg(v, i, c->debugreg[i]); /* as on Xen, what it may not have is left out */
}

static mfn_t kernel_root(const struct vcpu_guest_context *c)
{
    return MFN(xen_cr3_to_pfn(c->ctrlreg[3]));
}

static mfn_t user_root(const struct vcpu_guest_context *c) /* 0: none */
{
    return MFN(xen_cr3_to_pfn(c->ctrlreg[1]));
}

/* In user mode it must have page tables for that, in kernel mode it may. */
static bool roots_ok(const struct vcpu_guest_context *c)
{
    mfn_t kernel = kernel_root(c), user = user_root(c);

    return kernel.n && mfn_valid(kernel) && (user.n ? mfn_valid(user) : (c->flags & VGCF_in_kernel) != 0);
}

/* Does a context name the tables that @v has? They cannot be set a second time. */
static bool same_tables(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    const struct pv_vcpu *p = v->pv;
    unsigned frames = DIV_ROUND_UP(p->gdt_entries, DESCRIPTORS_PER_FRAME);

    if (p->kernel_cr3 >> PAGE_SHIFT != kernel_root(c).n || p->user_cr3 >> PAGE_SHIFT != user_root(c).n || !roots_ok(c))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(c->gdt_frames); i++)
        if (c->gdt_frames[i] != (i < frames ? p->gdt_frames[i].n : 0))
            return false;
    return p->gdt_entries == c->gdt_ents && p->ldt_base == c->ldt_base && p->ldt_entries == c->ldt_ents;
}

/* Checks all that a context says but what its frames contain, before anything changes. */
static int check_context(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct pv_trap trap;

    if (!pv_entry_ok(c->event_callback_eip) || !pv_entry_ok(c->failsafe_callback_eip) ||
        !pv_entry_ok(c->syscall_callback_eip) || !pv_entry_ok(c->user_regs.rip) || !pv_entry_ok(c->fs_base) ||
        !pv_entry_ok(c->gs_base_kernel) || !pv_entry_ok(c->gs_base_user))
        return -EINVAL;
    for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        if (!pv_trap_from_info(&trap, &c->trap_ctxt[i]))
            return -EINVAL;
    if (!pv_ldt_ok(c->ldt_base, c->ldt_ents))
        return -EINVAL;
    if (v->initialised)
        return same_tables(v, c) ? 0 : -EOPNOTSUPP;
    return roots_ok(c) && c->gdt_ents <= FIRST_RESERVED_GDT_ENTRY ? 0 : -EINVAL;
}

/*
 * Takes the tables of a vCPU's first context: those that are done at once, then the roots, whose validation may be preempted.
 * @return 0; -ERESTART: to be called again, what has been taken stays; other errors: pv_reset_vcpu() gives back what was taken.
 */
static int take_tables(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct pv_vcpu *p = v->pv;
    int rc = pv_set_gdt(v, (const u64 *)c->gdt_frames, (unsigned)c->gdt_ents);

    if (rc)
        return rc;
    pv_set_ldt(v, c->ldt_base, (unsigned)c->ldt_ents);
    rc = pv_hold_root(v->domain, &p->kernel_cr3, kernel_root(c));
    return rc ? rc : pv_hold_root(v->domain, &p->user_cr3, user_root(c));
}

/*
 * The same, and on an error nothing is left. That may take a while: meanwhile the error waits for the call that is continued,
 * or for whichever comes next.
 */
static int first_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct pv_vcpu *p = v->pv;
    int rc = p->context_error ? p->context_error : take_tables(v, c);

    if (!rc || rc == -ERESTART)
        return rc;
    p->context_error = rc;
    return pv_reset_vcpu(v) ? -ERESTART : rc; /* forgets the error too */
}

static int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = check_context(v, c);

    if (!rc && !v->initialised)
        rc = first_context(v, c);
    if (rc)
        return rc;
    set_registers(v, c);
    for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        pv_trap_from_info(&v->pv->traps[i], &c->trap_ctxt[i]);
    if (c->flags & VGCF_I387_VALID)
        fpu_area_import(v->fpu, &c->fpu_ctxt);
    if (!v->initialised && v->id == 0)
        v->domain->vm_assist |= c->vm_assist & PV_VM_ASSISTS;
    v->initialised = true;
    return 0;
}

static void get_registers(struct vcpu *v, struct vcpu_guest_context *c)
{
    const struct pv_vcpu *p = v->pv;
    const struct regs *r = &v->regs;
    struct cpu_user_regs *u = &c->user_regs;

    u->r15 = r->r15, u->r14 = r->r14, u->r13 = r->r13, u->r12 = r->r12, u->rbp = r->rbp, u->rbx = r->rbx;
    u->r11 = r->r11, u->r10 = r->r10, u->r9 = r->r9, u->r8 = r->r8, u->rax = r->rax, u->rcx = r->rcx;
    u->rdx = r->rdx, u->rsi = r->rsi, u->rdi = r->rdi, u->rip = r->rip, u->rsp = r->rsp;
    u->cs = r->cs, u->ss = r->ss, u->ds = p->ds, u->es = p->es, u->fs = p->fs, u->gs = p->gs;
    u->rflags = (r->rflags & ~(u64)RFLAGS_IOPL) | p->iopl << RFLAGS_IOPL_SHIFT;
}

static void pv_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
    const struct pv_vcpu *p = v->pv;
    unsigned frames = DIV_ROUND_UP(p->gdt_entries, DESCRIPTORS_PER_FRAME);

    memset(c, 0, sizeof(*c));
    memcpy(&c->fpu_ctxt, v->fpu, sizeof(c->fpu_ctxt));
    get_registers(v, c);
    c->flags = VGCF_I387_VALID | (p->kernel_mode ? VGCF_in_kernel : 0) | (v->down ? 0 : VGCF_online) |
               (p->failsafe_masks_events ? VGCF_failsafe_disables_events : 0) |
               (p->syscall_masks_events ? VGCF_syscall_disables_events : 0);
    for (unsigned i = 0; i < ARRAY_SIZE(p->traps); i++) {
        const struct pv_trap *t = &p->traps[i];

        if (t->address)
            c->trap_ctxt[i] = (struct trap_info){ .vector = i, .flags = t->flags, .cs = t->cs, .address = t->address };
    }
    c->ldt_base = p->ldt_base;
    c->ldt_ents = p->ldt_entries;
    c->gdt_ents = p->gdt_entries;
    for (unsigned i = 0; i < frames; i++)
        c->gdt_frames[i] = p->gdt_frames[i].n;
    c->kernel_ss = p->kernel_ss;
    c->kernel_sp = p->kernel_sp;
    c->ctrlreg[0] = CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | p->ctrlreg0;
    c->ctrlreg[1] = p->user_cr3 ? xen_pfn_to_cr3(p->user_cr3 >> PAGE_SHIFT) : 0;
    c->ctrlreg[3] = xen_pfn_to_cr3(p->kernel_cr3 >> PAGE_SHIFT);
    c->ctrlreg[4] = pv_guest_cr4(p);
    memcpy(c->debugreg, p->debugreg, sizeof(c->debugreg));
    c->event_callback_eip = p->event_callback;
    c->failsafe_callback_eip = p->failsafe_callback;
    c->syscall_callback_eip = p->syscall_callback;
    c->vm_assist = v->domain->vm_assist;
    c->fs_base = p->fs_base;
    c->gs_base_kernel = p->gs_base_kernel;
    c->gs_base_user = p->gs_base_user;
}

static bool pv_upcall_masked(const struct vcpu *v)
{
    return READ_ONCE(v->info->evtchn_upcall_mask);
}

const struct domain_kind pv_kind = {
    .name = "PV",
    .domain_create = pv_domain_create,
    .domain_relinquish = pv_relinquish_memory,
    .domain_destroy = pv_domain_destroy,
    .vcpu_create = pv_vcpu_create,
    .vcpu_destroy = pv_vcpu_destroy,
    .context_save = pv_context_save,
    .context_load = pv_context_load,
    .context_unload = pv_windows_clear,
    .set_context = pv_set_context,
    .get_context = pv_get_context,
    .reset_vcpu = pv_reset_vcpu,
    .enter = pv_enter,
    .upcall_masked = pv_upcall_masked,
    .grant_map = pv_grant_map,
    .grant_unmap = pv_grant_unmap,
};

void pv_init(void)
{
    domain_register_kind(&pv_kind, false);
    guest_trap_handler = pv_trap;
    guest_return = pv_return_to_guest;
    host_fault_handler = pv_host_fault;
    idt_set_gate(0x80, pv_int80_entry, 3, 0);
    pv_mmu_init();
    pv_shadow_traps = pv_log_traps;
    xpti_init();
}
