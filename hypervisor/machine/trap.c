/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C side of machine/entry.S. Exceptions of guests go to the handler that
 * the PV floor registered; exceptions of the hypervisor itself are fixed up or
 * end in a panic; NMI, #MC, #DF and the hypervisor's #DB run on their own
 * stacks and never reschedule. Hardware interrupts go to machine/interrupt.c.
 */
#include "machine/trap.h"

#include "machine/console.h"
#include "machine/cpu.h"
#include "machine/interrupt.h"
#include "machine/machine_check.h"
#include "machine/panic.h"
#include "machine/smp.h"
#include "machine/spinlock_debug.h"
#include "machine/tables.h"
#include "machine/x86.h"

#define FIRST_INTERRUPT 32

static void no_guest_trap_handler(struct regs *regs, u64 cr2)
{
    panic_regs(regs, "exception from a guest, but no kind of guest is registered");
}

static void no_guest_return(void)
{
    panic("return to a guest, but no kind of guest is registered");
}

void (*guest_trap_handler)(struct regs *regs, u64 cr2) = no_guest_trap_handler;
void (*guest_return)(void) = no_guest_return;
bool (*host_fault_handler)(struct regs *regs, u64 cr2);
bool (*nmi_handler)(struct regs *regs);

static void interrupt(struct regs *regs)
{
    unsigned held = spin_debug_enter_irq();

    interrupt_dispatch(regs);
    spin_debug_leave_irq(held);
}

void trap_from_guest(struct regs *regs)
{
    u64 cr2;

    if (regs->vector >= FIRST_INTERRUPT) {
        interrupt(regs);
        return;
    }
    cr2 = regs->vector == TRAP_PF ? read_cr2() : 0;
    irq_enable();
    guest_trap_handler(regs, cr2);
}

static void panic_exception(struct regs *regs, u64 cr2)
{
    if (regs->vector == TRAP_PF)
        panic_regs(regs, "page fault at %#lx in the hypervisor (%s, %s)", cr2,
                   regs->error_code & PF_FETCH ? "execute" : regs->error_code & PF_WRITE ? "write" : "read",
                   regs->error_code & PF_PRESENT ? "not allowed" : "not mapped");
    panic_regs(regs, "%s (vector %u, error code %#x) in the hypervisor", trap_name(regs->vector),
               regs->vector,
               regs->error_code);
}

void trap_from_host(struct regs *regs)
{
    u64 cr2, fixup;

    if (regs->vector >= FIRST_INTERRUPT) {
        interrupt(regs);
        return;
    }
    cr2 = regs->vector == TRAP_PF ? read_cr2() : 0;
    if (host_fault_handler && host_fault_handler(regs, cr2))
        return;
    fixup = extable_fixup(regs->rip);
    if (!fixup)
        panic_exception(regs, cr2);
    regs->rip = fixup;
}

static void handle_nmi(struct regs *regs)
{
    if (!smp_handle_nmi() && !(nmi_handler && nmi_handler(regs)))
        board_nmi(regs);
}

/* A stack that runs into the hole below it cannot take the frame of the page fault either. */
static void double_fault(struct regs *regs, u64 cr2)
{
    u64 offset = cr2 - (u64)cpu_stack[cpu_id()];

    if (offset < STACK_SIZE && !stack_page_used(offset / PAGE_SIZE))
        panic_regs(regs, "stack overflow on CPU %u, at %#lx", cpu_id(), cr2);
    panic_exception(regs, cr2);
}

void trap_on_own_stack(struct regs *regs)
{
    switch (regs->vector) {
    case TRAP_NMI:
        handle_nmi(regs);
        break;
    case TRAP_MC:
        machine_check_exception(regs);
        break;
    case TRAP_DB: /* a breakpoint of a guest that hit our code: none of our business */
        write_dr6(DR6_DEFAULT);
        regs->rflags &= ~(u64)RFLAGS_TF;
        break;
    default:
        double_fault(regs, read_cr2());
    }
}
