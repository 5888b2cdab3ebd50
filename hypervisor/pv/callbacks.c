/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls of a PV kernel about where it is entered: trap table, event,
 * failsafe, system-call and NMI callbacks; and the way back, iret. All act on
 * the current vCPU only and take no locks. ABI: xen/arch-x86/xen.h, callback.h,
 * nmi.h, and Debian's xen-doc pv-traps.
 */
#include "pv/callbacks.h"

#include "errno.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "mm/guest_access.h"
#include "pv/bounce.h"
#include "sched/softirq.h"
#include <xen/callback.h>
#include <xen/nmi.h>

bool pv_entry_ok(u64 addr)
{
    return (u64)((s64)(addr << 16) >> 16) == addr;
}

bool pv_trap_from_info(struct pv_trap *trap, const struct trap_info *info)
{
    if (!pv_entry_ok(info->address))
        return false;
    trap->address = info->address;
    trap->cs = info->cs | 3;
    trap->flags = info->flags & 7;
    return true;
}

/*
 * The table ends with an all-zero address; a NULL handle clears all entries.
 * Vectors are bytes, so 256 entries are all that make sense; more are -EINVAL.
 */
long do_set_trap_table(vaddr_t traps)
{
    struct pv_vcpu *p = current->pv;
    struct trap_info info;

    if (traps == 0) {
        for (unsigned i = 0; i < ARRAY_SIZE(p->traps); i++)
            p->traps[i] = (struct pv_trap){ 0 };
        return 0;
    }
    for (unsigned i = 0; i <= ARRAY_SIZE(p->traps); i++) {
        if (guest_read(&info, guest_element(traps, i, sizeof(info)), sizeof(info)))
            return -EFAULT;
        if (info.address == 0)
            return 0;
        if (!pv_trap_from_info(&p->traps[info.vector], &info))
            return -EINVAL;
    }
    return -EINVAL;
}

static long register_callback(u16 type, u16 flags, u64 address)
{
    struct pv_vcpu *p = current->pv;
    bool mask = flags & CALLBACKF_mask_events;

    if (!pv_entry_ok(address))
        return -EINVAL;
    switch (type) {
    case CALLBACKTYPE_event:
        p->event_callback = address;
        return 0;
    case CALLBACKTYPE_failsafe:
        p->failsafe_callback = address;
        p->failsafe_masks_events = mask;
        return 0;
    case CALLBACKTYPE_syscall:
        p->syscall_callback = address;
        p->syscall_masks_events = mask;
        return 0;
    case CALLBACKTYPE_syscall32:
        p->syscall32_callback = address;
        p->syscall32_masks_events = mask;
        return 0;
    case CALLBACKTYPE_sysenter:
        p->sysenter_callback = address;
        p->sysenter_masks_events = mask;
        return 0;
    case CALLBACKTYPE_nmi:
        p->traps[TRAP_NMI] = (struct pv_trap){ .address = address, .cs = FLAT_KERNEL_CS };
        return 0;
    default:
        return -ENOSYS;
    }
}

static long unregister_callback(u16 type)
{
    switch (type) {
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall:
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter:
        return -EINVAL; /* a kernel cannot live without */
    case CALLBACKTYPE_nmi:
        current->pv->traps[TRAP_NMI].address = 0;
        return 0;
    default:
        return -ENOSYS;
    }
}

long do_callback_op(u64 cmd, vaddr_t arg)
{
    struct callback_register reg;
    struct callback_unregister unreg;

    switch (cmd) {
    case CALLBACKOP_register:
        if (read_guest_struct(&reg, arg))
            return -EFAULT;
        return register_callback(reg.type, reg.flags, reg.address);
    case CALLBACKOP_unregister:
        if (read_guest_struct(&unreg, arg))
            return -EFAULT;
        return unregister_callback(unreg.type);
    default:
        return -ENOSYS;
    }
}

long do_set_callbacks(u64 event, u64 failsafe, u64 syscall)
{
    /* As on real Xen an address that none may have leaves the old callback, and is no error here. */
    register_callback(CALLBACKTYPE_event, 0, event);
    register_callback(CALLBACKTYPE_failsafe, 0, failsafe);
    register_callback(CALLBACKTYPE_syscall, 0, syscall);
    return 0;
}

long do_nmi_op(u64 cmd, vaddr_t arg)
{
    struct xennmi_callback cb;

    switch (cmd) {
    case XENNMI_register_callback:
        if (read_guest_struct(&cb, arg))
            return -EFAULT;
        return register_callback(CALLBACKTYPE_nmi, 0, cb.handler_address);
    case XENNMI_unregister_callback:
        return unregister_callback(CALLBACKTYPE_nmi);
    default:
        return -ENOSYS;
    }
}

/*
 * Returns from an interrupt frame on the guest kernel's stack (struct
 * iret_context), to kernel or user, restoring the event mask from IF.
 */
long do_iret(void)
{
    struct regs *regs = guest_regs();
    struct vcpu *v = current;
    struct pv_vcpu *p = v->pv;
    struct iret_context c;

    if (unlikely(read_guest_struct(&c, regs->rsp))) {
        domain_crash(v->domain, "its iret frame at %#lx is not readable", regs->rsp);
        return 0;
    }
    if ((c.cs & 3) == 3) {
        if (unlikely(p->user_cr3 == 0)) {
            domain_crash(v->domain, "it returns to user mode without user page tables");
            return 0;
        }
        pv_toggle_mode(v);
    }
    regs->rip = c.rip;
    regs->cs = c.cs | 3;
    regs->rflags = (c.rflags & ~(u64)(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF;
    regs->rsp = c.rsp;
    regs->ss = c.ss | 3;
    if (!(c.flags & VGCF_in_syscall)) {
        regs->vector &= ~TRAP_SYSCALL;
        regs->r11 = c.r11;
        regs->rcx = c.rcx;
    }
    WRITE_ONCE(v->info->evtchn_upcall_mask, !(c.rflags & RFLAGS_IF));
    return c.rax;
}
