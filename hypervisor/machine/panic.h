/* SPDX-License-Identifier: GPL-2.0-only */
/* panic() with the registers of an exception; machine/panic.c. */
#ifndef HV_MACHINE_PANIC_H
#define HV_MACHINE_PANIC_H

#include "machine/regs.h"

void panic_regs(const struct regs *regs, const char *fmt, ...) __printf(2, 3) __noreturn;

/*
 * Stops the machine because of something that the administrator can mend (a missing module, not
 * enough memory):
 * the message alone, no registers, then the same countdown.
 */
void panic_configuration(const char *fmt, ...) __printf(1, 2) __noreturn;

bool panic_in_progress(void); /* on any CPU */

/*
 * What a panic needs from parts that may themselves panic; set by boot/main.c as they become
 * usable.
 */
struct panic_hooks {
    void (*stop_others)(void);  /* the other CPUs */
    void (*restart)(void);      /* the machine */
    void (*delay)(unsigned us); /* busy wait */
    /* prints who the running guest is and where it stands; must not lock */
    void (*guest_state)(void);
};
extern struct panic_hooks panic_hooks;

/* Installs the handler of bug() (lib/bug.c). */
void panic_init(void);

#endif
