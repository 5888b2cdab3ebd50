/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC of each CPU, in xAPIC (memory-mapped) or x2APIC (MSR) mode,
 * always with physical destinations. SDM Vol 3 chapter 10.
 */
#ifndef HV_MACHINE_APIC_H
#define HV_MACHINE_APIC_H

#include "types.h"

void apic_init(void);      /* boot CPU: chooses the mode, maps the registers, then apic_cpu_init() */
void apic_cpu_init(void);  /* the CPU we run on */
bool apic_is_x2(void);
u32 apic_own_id(void);
void apic_eoi(void);

/* True when @apic_id can be addressed in the mode that is used. */
bool apic_can_address(u32 apic_id);

void apic_send(u32 apic_id, u8 vector);
void apic_send_nmi(u32 apic_id);
void apic_send_init(u32 apic_id);
void apic_send_startup(u32 apic_id, u8 page); /* real-mode start at page << 12 */

/* One-shot timer that counts down @count at the APIC's clock (0: off), or a TSC deadline (0: off). */
void apic_timer_oneshot(u32 count);
void apic_timer_deadline(u64 tsc);
u32 apic_timer_current(void); /* what is left of the count */
void apic_timer_mode(bool deadline);

/* Lets the 8259's interrupts through to this CPU (virtual wire), when there is no IO-APIC. */
void apic_enable_extint(void);

/* Machine-check and error state for the log: error status bits seen since start. */
u32 apic_error_bits(void);

#endif
