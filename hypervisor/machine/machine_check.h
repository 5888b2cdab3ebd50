/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hardware errors: machine checks (SDM Vol 3 chapter 16, APM Vol 2 chapter 9) and the board's error lines that come as NMIs
 * (system control port B). What the machine cannot go on with ends in a panic; everything else is noted, since no lock may be
 * taken where it is found, and said aloud by hardware_errors_report() (control/hardware_errors.c calls it).
 */
#ifndef HV_MACHINE_MACHINE_CHECK_H
#define HV_MACHINE_MACHINE_CHECK_H

#include "machine/regs.h"

/* What an error of one bank means for the machine. */
enum machine_check_grade { MC_NOTHING, MC_NOTE, MC_FATAL };

/*
 * Pure, from MCi_STATUS and MCG_CAP: corrected and deferred errors, and uncorrected ones that nobody has used yet, are noted; what
 * a CPU is about to use, or has lost its state with, is fatal.
 */
enum machine_check_grade machine_check_grade(u64 status, u64 capabilities);

/* Each CPU while it starts: says what is left from before the start, empties the banks and switches reporting on. */
void machine_check_cpu_init(void);

/* #MC, on its own stack. Returns when the CPU can go on. */
void machine_check_exception(struct regs *regs);

/* True when a line of the board that raises NMIs is active. */
bool board_error_line(void);

/* An NMI that nobody else claims: the board's error lines, by nmi=fatal, dom0 (default) or ignore. */
void board_nmi(struct regs *regs);

/*
 * Says what was noted since the last time. Interrupts enabled, one caller at a time.
 * @return with nmi=dom0 the reasons of NMIs that came meanwhile, bits of XEN_NMIREASON_ (xen/nmi.h): Domain 0 has to be told
 */
u32 hardware_errors_report(void);

#endif
