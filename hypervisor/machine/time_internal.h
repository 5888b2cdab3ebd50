/* SPDX-License-Identifier: GPL-2.0-only */
/* Between time.c, calibrate.c, time_scale.c, time_source.c, clock_event.c, rtc.c and smpboot.c; machine/ only. */
#ifndef HV_MACHINE_TIME_INTERNAL_H
#define HV_MACHINE_TIME_INTERNAL_H

#include "machine/time.h"

/* Pure arithmetic, time_scale.c. */
u64 time_scale_delta(u64 ticks, u32 mul, s8 shift);          /* ticks -> nanoseconds */
nsec_t time_scale_at(const struct time_scale *s, u64 tsc);   /* before the stamp too */
u64 time_scale_ticks(u64 ns, u64 hz);                        /* nanoseconds -> ticks, rounded up, ~0UL at most */
/* Ticks of a reference counter of @mask + 1 values between two readings, about @expected apart in truth. */
u64 time_unwrap(u64 from, u64 to, u64 mask, u64 expected);
/* Seconds since 1970 of a date and time in UTC; 0 when a field is out of range. */
u64 time_of_date(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second);

/* A counter of known rate to calibrate against, time_source.c. */
struct time_source {
    const char *name;
    u64 hz, mask;
    u64 (*read)(void);
};
/* HPET, ACPI PM timer or PIT, the one that clocksource= names first; NULL: none of them counts. */
const struct time_source *time_source_find(void);

/* Clock events, clock_event.c. */
void clock_event_init(u64 apic_hz); /* boot CPU */
void clock_event_cpu_init(void);

/* Reads the CMOS clock, rtc.c. @return seconds since 1970, 0: it makes no sense */
u64 rtc_read(void);

/* On this CPU, @s in terms of the boot CPU's TSC; and the rate for everybody. time.c */
void time_adopt_scale(const struct time_scale *s);
void time_set_frequency(u64 hz);

/* A further CPU while it starts: its distance to the boot CPU's TSC and its copy of the scale. */
void time_cpu_init(void);
/* The boot CPU meanwhile: answers the other's questions until *@state >= @until. */
void time_sync_serve(const u32 *state, u32 until);

#endif
