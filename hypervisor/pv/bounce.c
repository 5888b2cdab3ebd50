/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivery to a PV guest kernel: what hardware does for an interrupt gate,
 * done in software. A frame is pushed on the guest kernel's stack and the
 * saved registers are changed so that the return enters the handler.
 *
 * The 64-bit frame, lowest address first (the guest's entry code pops rcx and
 * r11 and then sees a hardware frame):
 *
 *     rcx r11 [ds es fs gs (failsafe)] [error code] rip cs+mask rflags rsp ss
 *
 * Bits 0-1 of the pushed CS tell kernel (0) from user (3); bits 32.. hold the
 * event mask at the time; IF of the pushed rflags is its inverse. Locks: none.
 */
#include "pv/bounce.h"

#include "domain/event_channel.h"
#include "machine/console.h"
#include "machine/trap.h"
#include "machine/uaccess.h"
#include "machine/x86.h"
#include "pv/mmu.h"
#include "pv/segment_regs.h"

#define TRAP_VECTORS_WITH_ERROR                                                              \
    (BIT(TRAP_DF) | BIT(TRAP_TS) | BIT(TRAP_NP) | BIT(TRAP_SS) | BIT(TRAP_GP) | BIT(TRAP_PF) | \
     BIT(TRAP_AC) | BIT(TRAP_CP))

#define TI_PRIVILEGE 3 /* pv_trap.flags */
#define TI_MASK_EVENTS 4

void pv_toggle_mode(struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    p->kernel_mode = !p->kernel_mode;
    pv_swapgs();
    pv_load_root(v);
    if (unlikely(v->areas_pending) && p->kernel_mode)
        vcpu_update_areas(v); /* its kernel's page tables are loaded now */
}

/*
 * Inline, since the system call is worth a copy of its own, of which constant flags leave little.
 * Pushes the frame and redirects @regs to @handler (an address of the guest kernel).
 */
static inline __attribute__((always_inline)) void push_frame(struct regs *regs, struct vcpu *v, u64 handler,
                                                             unsigned flags, u32 error_code)
{
    struct pv_vcpu *p = v->pv;
    bool from_kernel = p->kernel_mode;
    u8 *mask = &v->info->evtchn_upcall_mask;
    u8 masked = READ_ONCE(*mask);
    u64 frame[12], *f = frame + ARRAY_SIZE(frame);
    u64 sp;
    size_t len;

    *--f = regs->ss;
    *--f = regs->rsp;
    *--f = (regs->rflags & ~(u64)(RFLAGS_IF | RFLAGS_IOPL)) | (masked ? 0 : RFLAGS_IF) |
           p->iopl << RFLAGS_IOPL_SHIFT;
    *--f = (from_kernel ? regs->cs & ~3u : regs->cs) | (u64)masked << 32;
    *--f = regs->rip;
    if (flags & BOUNCE_ERROR_CODE)
        *--f = error_code;
    if (flags & BOUNCE_SEGMENTS) {
        u16 sel[4];

        pv_read_segments(sel);
        for (unsigned i = 4; i-- > 0;)
            *--f = sel[i];
    }
    *--f = regs->r11;
    *--f = regs->rcx;

    if (from_kernel) {
        sp = regs->rsp;
    } else {
        pv_toggle_mode(v);
        sp = p->kernel_sp;
        regs->ss = p->kernel_ss | 3;
    }
    len = (char *)(frame + ARRAY_SIZE(frame)) - (char *)f;
    sp = (sp & ~15UL) - len;
    if (unlikely(!guest_range_ok(sp, len) || uaccess_write(sp, f, len))) {
        domain_crash(v->domain, "its kernel stack at %#lx is not writable", sp);
        return;
    }
    if (flags & BOUNCE_MASK_EVENTS)
        WRITE_ONCE(*mask, 1);
    regs->vector |= TRAP_SYSCALL; /* the handler pops rcx and r11: SYSRET may be used */
    regs->rflags &= ~(u64)(RFLAGS_TF | RFLAGS_RF | RFLAGS_NT | RFLAGS_VM | RFLAGS_AC);
    regs->rsp = sp;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->rip = handler;
}

static __attribute__((noinline)) void bounce(struct regs *regs, struct vcpu *v, u64 handler, unsigned flags,
                                             u32 error_code)
{
    push_frame(regs, v, handler, flags, error_code);
}

static void deliver(struct regs *regs, const struct pv_trap *trap, unsigned vector, unsigned flags,
                    u32 error_code)
{
    struct vcpu *v = current;

    if (unlikely(trap->address == 0)) {
        domain_crash(v->domain, "it has no handler for exception %u (error code %#x)", vector, error_code);
        return;
    }
    if (trap->flags & TI_MASK_EVENTS)
        flags |= BOUNCE_MASK_EVENTS;
    bounce(regs, v, trap->address, flags, error_code);
}

void pv_deliver_trap(struct regs *regs, unsigned vector, u32 error_code)
{
    bool has_error = vector < 32 && (TRAP_VECTORS_WITH_ERROR & BIT(vector));

    deliver(regs, &current->pv->traps[vector], vector, has_error ? BOUNCE_ERROR_CODE : 0, error_code);
}

void pv_deliver_page_fault(struct regs *regs, vaddr_t addr, u32 error_code)
{
    struct vcpu *v = current;

    v->info->arch.cr2 = addr;
    error_code &= ~PF_USER; /* guest kernel and user both run in ring 3 */
    if (!v->pv->kernel_mode)
        error_code |= PF_USER;
    deliver(regs, &v->pv->traps[TRAP_PF], TRAP_PF, BOUNCE_ERROR_CODE, error_code);
}

bool pv_deliver_soft_interrupt(struct regs *regs, unsigned vector, unsigned length)
{
    const struct vcpu *v = current;
    const struct pv_trap *trap = &v->pv->traps[vector];

    if (!v->pv->kernel_mode && (trap->flags & TI_PRIVILEGE) < 3)
        return false;
    regs->rip += length;
    deliver(regs, trap, vector, 0, 0);
    return true;
}

void pv_syscall_bounce(struct regs *regs, struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    push_frame(regs, v, p->syscall_callback, p->syscall_masks_events ? BOUNCE_MASK_EVENTS : 0, 0);
}

void pv_syscall32_bounce(struct regs *regs, struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    if (p->syscall32_callback == 0) { /* as on CPUs without it */
        regs->rip -= 2;
        pv_deliver_trap(regs, TRAP_UD, 0);
        return;
    }
    bounce(regs, v, p->syscall32_callback, p->syscall32_masks_events ? BOUNCE_MASK_EVENTS : 0, 0);
}

void pv_sysenter_bounce(struct regs *regs, struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    if (p->sysenter_callback == 0) {
        pv_deliver_trap(regs, TRAP_GP, 0);
        return;
    }
    regs->rflags &= ~(u64)RFLAGS_TF;
    bounce(regs, v, p->sysenter_callback, p->sysenter_masks_events ? BOUNCE_MASK_EVENTS : 0, 0);
}

void pv_int80_bounce(struct regs *regs, struct vcpu *v)
{
    const struct pv_trap *trap = &v->pv->traps[0x80];

    if (trap->address == 0 || (!v->pv->kernel_mode && (trap->flags & TI_PRIVILEGE) < 3)) {
        regs->rip -= 2;
        pv_deliver_trap(regs, TRAP_GP, 0x80 << 3 | 2); /* selector of the gate, IDT bit: SDM Vol 3 6.13 */
        return;
    }
    deliver(regs, trap, 0x80, 0, 0);
}

void pv_failsafe_bounce(struct regs *regs, struct vcpu *v)
{
    struct pv_vcpu *p = v->pv;

    if (p->failsafe_callback == 0) {
        domain_crash(v->domain, "it cannot be resumed at %04x:%#lx and has no failsafe callback", regs->cs,
                     regs->rip);
        return;
    }
    bounce(regs, v, p->failsafe_callback,
           BOUNCE_SEGMENTS | (p->failsafe_masks_events ? BOUNCE_MASK_EVENTS : 0), 0);
}

void pv_event_bounce(struct regs *regs, struct vcpu *v)
{
    if (unlikely(v->pv->event_callback == 0)) {
        domain_crash(v->domain, "an event is pending and it has no event callback");
        return;
    }
    bounce(regs, v, v->pv->event_callback, BOUNCE_MASK_EVENTS, 0);
}

void pv_nmi_bounce(struct regs *regs, struct vcpu *v)
{
    v->nmi_pending = false;
    if (v->pv->traps[TRAP_NMI].address != 0)
        deliver(regs, &v->pv->traps[TRAP_NMI], TRAP_NMI, BOUNCE_MASK_EVENTS, 0);
}
