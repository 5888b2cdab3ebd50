/* SPDX-License-Identifier: GPL-2.0-only */
/* The IO-APICs: one redirection entry for each GSI. Intel 82093AA data sheet. */
#ifndef HV_MACHINE_IOAPIC_H
#define HV_MACHINE_IOAPIC_H

#include "types.h"

void ioapic_init(void);        /* finds those of the MADT; all entries masked */
unsigned ioapic_gsi_count(void); /* 0: there is no IO-APIC */
bool ioapic_has_gsi(unsigned gsi);

struct ioapic_route {
    u8 vector;
    bool level, active_low, masked;
    u32 apic_id;
};
void ioapic_write_route(unsigned gsi, const struct ioapic_route *r);
void ioapic_set_mask(unsigned gsi, bool masked);
/* Edges of @gsi are NMIs of one CPU from now on, for good: what anybody else asks of it has no effect. At most one. */
void ioapic_route_nmi(unsigned gsi, u32 apic_id);

/*
 * Register @reg of the IO-APIC at machine address @base as Domain 0 reads it
 * (PHYSDEVOP_apic_read). @return 0, -EINVAL: no such IO-APIC or register
 */
int ioapic_guest_read(paddr_t base, u32 reg, u32 *value);

#endif
