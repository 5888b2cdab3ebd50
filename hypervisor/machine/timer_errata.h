/* SPDX-License-Identifier: GPL-2.0-only */
/* Processors whose timers cannot be relied on. Pure decisions; used by machine/clock_event.c. */
#ifndef HV_MACHINE_TIMER_ERRATA_H
#define HV_MACHINE_TIMER_ERRATA_H

#include "machine/cpu_features.h"

/*
 * The TSC-deadline timer may fire much too late or never after the TSC was written, on Intel's Haswell to Kaby Lake with microcode
 * older than the revision that mends it (Intel's specification updates, "TSC Deadline"; the revisions
 * are those that Linux 6.1 asks for).
 * @revision: of the microcode that runs. @return true: use the APIC's counter
 */
bool deadline_timer_unreliable(const struct cpu_features *f, u32 revision);

/*
 * AMD family 0Fh (from revision F on) to 11h enter C1E in HLT when firmware has asked for it, and in C1E the APIC's timer stands
 * still (revision guides: erratum 400). @return true: c1e_disable() has to be called before HLT
 */
bool apic_timer_stops_in_c1e(const struct cpu_features *f);

/* Takes C1E out again on this CPU: firmware may ask for it any time, when ACPI mode is entered for one. */
void c1e_disable(void);

#endif
