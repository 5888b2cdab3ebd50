/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and interrupts. machine/entry.S saves the registers and calls
 * trap_from_guest() or trap_from_host(). What a guest's exception means is
 * not known on this floor: the PV floor registers guest_trap_handler.
 */
#ifndef HV_MACHINE_TRAP_H
#define HV_MACHINE_TRAP_H

#include "machine/regs.h"

enum trap_vector {
    TRAP_DE = 0, TRAP_DB, TRAP_NMI, TRAP_BP, TRAP_OF, TRAP_BR, TRAP_UD, TRAP_NM, TRAP_DF,
    TRAP_TS = 10, TRAP_NP, TRAP_SS, TRAP_GP, TRAP_PF, TRAP_MF = 16, TRAP_AC, TRAP_MC, TRAP_XM,
        TRAP_VE, TRAP_CP,
};

/* Page-fault error code bits, SDM Vol 3 4.7 */
#define PF_PRESENT BIT(0)
#define PF_WRITE BIT(1)
#define PF_USER BIT(2)
#define PF_RESERVED BIT(3)
#define PF_FETCH BIT(4)

/*
 * An exception that the running guest caused; regs is guest_regs(), interrupts
 * are enabled, CR2 was read into @cr2. NMI and machine checks are not passed here.
 */
extern void (*guest_trap_handler)(struct regs *regs, u64 cr2);

/*
 * Where entry.S jumps, with rsp = guest_regs() and interrupts in any state, when an exception or
 * interrupt that
 * came from a guest has been handled: looks for pending work, then goes on with the (perhaps
 * another) current vCPU.
 * Registered by the PV floor (pv/entry.S).
 */
extern void (*guest_return)(void);

/*
 * Looks up the fix-up address of a faulting hypervisor instruction; sections
 * .ex_table (pairs of 32-bit self-relative offsets: instruction, fix-up). @return 0: none.
 */
u64 extable_fixup(u64 rip);

/*
 * Looked at before the fix-up table when an instruction of the hypervisor faults (interrupts off):
 * the PV floor
 * maps LDT pages and the like. @return true: dealt with, go on at regs->rip. NULL: none.
 */
extern bool (*host_fault_handler)(struct regs *regs, u64 cr2);

/*
 * Looked at first on an NMI, on the NMI stack: may not sleep, lock or fault. @return true: it was
 * ours. NULL: none.
 */
extern bool (*nmi_handler)(struct regs *regs);

const char *trap_name(unsigned vector);

/* Called by entry.S. */
void trap_from_guest(struct regs *regs);
void trap_from_host(struct regs *regs);
void trap_on_own_stack(struct regs *regs);

/* Prints registers and a symbolised backtrace. */
void regs_print(const struct regs *regs);
void backtrace_print(const struct regs *regs);

#endif
