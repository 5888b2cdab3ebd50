/* SPDX-License-Identifier: GPL-2.0-only */
/* System time (nanoseconds since start, the same on all CPUs), wall-clock time and the per-CPU timer interrupt. */
#ifndef HV_MACHINE_TIME_H
#define HV_MACHINE_TIME_H

#include "types.h"

/* ns = ((tsc - tsc_stamp) << shift) * mul >> 32 + system_stamp: the arithmetic of struct vcpu_time_info (xen/xen.h). */
struct time_scale {
    u64 tsc_stamp;
    nsec_t system_stamp;
    u32 mul;
    s8 shift; /* negative: shift right */
};

void time_scale_set_frequency(struct time_scale *s, u64 hz); /* @hz > 0; stamps unchanged; time_scale.c */

nsec_t system_time(void);
const struct time_scale *time_scale(void); /* of this CPU */
u64 tsc_khz(void);
nsec_t tsc_to_system(u64 tsc); /* converts a TSC reading of this CPU */

/* Seconds and nanoseconds since 1970 (UTC) at system time 0. */
void wallclock_base(u64 *sec, u32 *nsec);
void wallclock_set(u64 sec, u32 nsec, nsec_t system_time); /* XENPF_settime: time at system_time */

/*
 * clock_event_handler is called on this CPU when @deadline has passed (system time; in the past: at once; ~0UL: never),
 * instead of at the one set before. clock_event_idle(): before this CPU waits for an interrupt. Interrupts disabled.
 */
void clock_event_set(nsec_t deadline);
void clock_event_idle(void);
/* For the debug key: what is wanted of @cpu's clock and what its hardware was set for, ~0UL: nothing. */
void clock_event_state(unsigned cpu, nsec_t *deadline, nsec_t *programmed);
extern void (*clock_event_handler)(void); /* set by sched/timer.c, called in interrupt context */

void udelay(unsigned us); /* busy wait */

/*
 * Boot CPU, after interrupts_init(): calibrates (about a millisecond) and starts the clock at 0.
 * time_refine() does it again over all the time since then, just before Domain 0 is built or started.
 */
void time_init(void);
void time_refine(void);

#endif
