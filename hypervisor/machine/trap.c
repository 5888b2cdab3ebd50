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
#include "machine/panic.h"
#include "machine/smp.h"
#include "machine/spinlock_debug.h"
#include "machine/x86.h"

#define FIRST_INTERRUPT 32
#define NMI_REASON_PORT 0x61 /* system control port B: bit 7 memory parity, bit 6 I/O check */
#define MC_BANK_STATUS(i) (MSR_MC0_CTL + 4 * (i) + 1)
#define MC_BANK_ADDR(i) (MSR_MC0_CTL + 4 * (i) + 2)
#define MC_STATUS_VALID BIT(63)

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

/* Port 0x61 tells the two classic reasons; anything else is unknown and ignored, as on every PC. */
static void handle_nmi(struct regs *regs)
{
    u8 reason;

    if (smp_handle_nmi() || (nmi_handler && nmi_handler(regs)))
        return;
    reason = inb(NMI_REASON_PORT);
    if (reason & 0x80)
        panic_regs(regs, "NMI: memory parity error reported by the board. Test or replace the memory");
    if (reason & 0x40)
        panic_regs(regs, "NMI: I/O check: an expansion card reported an error");
}

static void handle_machine_check(struct regs *regs)
{
    u64 banks = rdmsr(MSR_MCG_CAP) & 0xff;

    for (unsigned i = 0; i < banks; i++) {
        u64 status = rdmsr(MC_BANK_STATUS(i));

        if (status & MC_STATUS_VALID)
            printk(LOG_ERROR, "machine check bank %u: status %#lx address %#lx\n", i, status,
                   status & BIT(58) ? rdmsr(MC_BANK_ADDR(i)) : 0);
    }
    panic_regs(regs, "machine check: the processor or memory reported a hardware error");
}

void trap_on_own_stack(struct regs *regs)
{
    switch (regs->vector) {
    case TRAP_NMI:
        handle_nmi(regs);
        break;
    case TRAP_MC:
        handle_machine_check(regs);
        break;
    case TRAP_DB: /* a breakpoint of a guest that hit our code: none of our business */
        write_dr6(DR6_DEFAULT);
        regs->rflags &= ~(u64)RFLAGS_TF;
        break;
    default:
        panic_exception(regs, read_cr2());
    }
}
