/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What both simulations (../sim.h, ../domain/world.h) put in place of the machine: CPUs that are structs of
 * the host program, locks that are checked, time as a variable, memory as an arena. In both of them one CPU runs at a
 * time (serial.c, locks.c); threads/ has them all run at once, with the hypervisor's own locks.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "machine/cpu.h"

/* ---- report.c ---- */
extern bool sim_verbose; /* the hypervisor's log is printed */
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ---- locks.c ---- */
void sim_check_waiting(void);  /* this CPU waits for others: no lock is held that is taken with interrupts disabled anywhere */
void sim_check_no_locks(void); /* between two steps: nothing is held, interrupts are enabled everywhere */

/* ---- cpus.c ---- */
extern nsec_t sim_now;
void sim_cpus_start(unsigned n); /* scheduler and timers, and an idle vCPU on each of @n CPUs */
void sim_serve(void);            /* this CPU: its clock's interrupt if that is due, and its softirqs */

/* ---- serial.c ---- */
void sim_run_cpu(unsigned cpu);  /* between two steps: its clock's interrupt if that is due, and its softirqs */

/* ---- memory.c ---- */
extern __thread bool sim_fail_allocations; /* now and then, on the heap */
extern __thread unsigned sim_fail_nth;     /* not 0: this one from now on, on the heap */
extern long sim_heap_objects;
/* Frame 0 is nobody's, frame 1 the root of our own page tables; which of the others are RAM is left to the caller. */
void sim_memory_init(u64 frames);

/* ---- devices.c ---- */
void sim_irq_fire(unsigned irq);
extern u64 sim_xcr0[SIM_CPUS]; /* what is loaded */

/* ---- of each simulation ---- */
unsigned sim_rnd(unsigned n);               /* 0..n-1 */
void sim_report_position(void);             /* prints where a failure is */
u8 *sim_guest_byte(vaddr_t va, bool write); /* as the current vCPU sees it; NULL: a page fault */

#endif
