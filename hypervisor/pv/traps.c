/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions of PV guests: the few that we serve ourselves (privileged
 * instructions, writes to page tables, LDT pages not mapped yet, lazy FPU of
 * the guest), and all others handed to the guest kernel. Called from
 * machine/trap.c with interrupts enabled. Locks: none here.
 */
#include "pv/traps.h"

#include "machine/console.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "pv/bounce.h"
#include "pv/emulate.h"
#include "pv/mmu_shadow.h"
#include "pv/mmu.h"
#include "pv/segments.h"

#define ERROR_CODE_IDT 2u /* SDM Vol 3 6.13: the selector refers to an IDT gate */

/*
 * A fault at @addr in our LDT window is one in the guest's LDT: the page is
 * mapped there, or the guest gets the fault that its own address gives.
 */
static bool ldt_fault(struct regs *regs, vaddr_t addr)
{
    struct vcpu *v = current;
    unsigned offset;

    if (!pv_in_ldt_window(addr, &offset))
        return false;
    if (pv_map_ldt_page(v, offset))
        return true;
    if (offset / 8 >= v->pv->ldt_entries)
        pv_deliver_trap(regs, TRAP_GP, (offset & ~7u) | 4);
    else
        pv_deliver_page_fault(regs, v->pv->ldt_base + offset, regs->error_code);
    return true;
}

static void page_fault(struct regs *regs, vaddr_t addr)
{
    struct vcpu *v = current;
    u32 ec = regs->error_code;

    if (unlikely(!guest_address_ok(addr)) && ldt_fault(regs, addr))
        return;
    if ((ec & (PF_PRESENT | PF_WRITE | PF_RESERVED)) == (PF_PRESENT | PF_WRITE) && v->pv->kernel_mode &&
        (v->domain->vm_assist & BIT(VMASST_TYPE_writable_pagetables)) && pv_emulate_pt_write(regs, addr))
        return;
    if (unlikely(ec & PF_RESERVED))
        guest_printk(LOG_WARNING, "d%dv%u: page-table entry of %#lx has reserved bits set\n", v->domain->id, v->id,
                     addr);
    pv_deliver_page_fault(regs, addr, ec);
}

static void general_protection(struct regs *regs)
{
    u32 ec = regs->error_code;

    /* INT n: our gates are closed to ring 3, the error code names the vector. */
    if ((ec & 7) == ERROR_CODE_IDT && ec >> 3 < 256 && pv_deliver_soft_interrupt(regs, ec >> 3, 2))
        return;
    if ((ec & 0xffff) == 0 && pv_emulate_privileged(regs))
        return;
    pv_deliver_trap(regs, TRAP_GP, ec);
}

static void debug_trap(struct regs *regs)
{
    struct pv_vcpu *p = current->pv;
    u64 dr6 = read_dr6();

    write_dr6(DR6_DEFAULT);
    p->debugreg[6] = dr6;
    if (!p->kernel_mode || !domain_stop_for_debugger(current_domain()))
        pv_deliver_trap(regs, TRAP_DB, 0);
}

static void breakpoint(struct regs *regs)
{
    if (!current->pv->kernel_mode || !domain_stop_for_debugger(current_domain()))
        pv_deliver_trap(regs, TRAP_BP, 0);
}

static void device_not_available(struct regs *regs)
{
    struct pv_vcpu *p = current->pv;

    clts();
    if (!(p->ctrlreg0 & CR0_TS))
        return;
    p->ctrlreg0 &= ~(u64)CR0_TS; /* the guest's handler runs with TS clear: documented for fpu_taskswitch */
    pv_deliver_trap(regs, TRAP_NM, 0);
}

/*
 * The domain is in log-dirty mode: a page fault may mean no more than that the CPU's tables lack something that the guest's
 * have. @return true: they have it now
 */
static bool shadow_fault(struct regs *regs, u64 cr2)
{
    u32 ec = regs->error_code;

    if ((regs->vector & 0xff) != TRAP_PF || !guest_address_ok(cr2) || (ec & PF_RESERVED) ||
        (ec & (PF_PRESENT | PF_WRITE | PF_FETCH)) == PF_PRESENT)
        return false;
    switch (pv_shadow_fill(current, cr2, ec & PF_WRITE, ec & PF_FETCH)) {
    case SHADOW_FILLED:
        return true;
    case SHADOW_ABSENT:
        regs->error_code = ec & ~(u32)PF_PRESENT;
        break;
    case SHADOW_DENIED: /* to the CPU it may have looked absent */
        regs->error_code = ec | PF_PRESENT;
        break;
    }
    return false;
}

static void logged_trap(struct regs *regs, u64 cr2)
{
    if (!current->domain->pv->log_dirty || !shadow_fault(regs, cr2))
        pv_trap(regs, cr2);
}

static bool logged_host_fault(struct regs *regs, u64 cr2)
{
    struct vcpu *v = current;

    return (!vcpu_is_idle(v) && v->domain->pv->log_dirty && shadow_fault(regs, cr2)) || pv_host_fault(regs, cr2);
}

void pv_log_traps(bool on)
{
    WRITE_ONCE(guest_trap_handler, on ? logged_trap : pv_trap);
    WRITE_ONCE(host_fault_handler, on ? logged_host_fault : pv_host_fault);
}

void pv_trap(struct regs *regs, u64 cr2)
{
    switch (regs->vector & 0xff) {
    case TRAP_PF:
        page_fault(regs, cr2);
        return;
    case TRAP_GP:
        general_protection(regs);
        return;
    case TRAP_UD:
        if (!pv_emulate_forced(regs))
            pv_deliver_trap(regs, TRAP_UD, 0);
        return;
    case TRAP_DB:
        debug_trap(regs);
        return;
    case TRAP_BP:
        breakpoint(regs);
        return;
    case TRAP_NM:
        device_not_available(regs);
        return;
    default:
        pv_deliver_trap(regs, regs->vector & 0xff, regs->error_code);
    }
}
