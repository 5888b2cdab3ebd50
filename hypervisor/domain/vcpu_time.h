/* SPDX-License-Identifier: GPL-2.0-only */
/* Time of guests: timers of a vCPU and the hypercalls on them. The areas in guest memory are declared in domain.h. */
#ifndef HV_DOMAIN_VCPU_TIME_H
#define HV_DOMAIN_VCPU_TIME_H

#include "domain/domain.h"

void vcpu_timers_init(struct vcpu *v, unsigned cpu);
void vcpu_timers_kill(struct vcpu *v);

/* The vCPU starts / stops running: VIRQ_TIMER ticks only while it runs. */
void vcpu_periodic_enter(struct vcpu *v);
void vcpu_periodic_leave(struct vcpu *v);
void vcpu_set_periodic(struct vcpu *v, nsec_t period); /* 0: off */

/* Runstate with the time since the last change added (VCPUOP_get_runstate_info). */
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out);
/* Copy for the area that the guest registered: sums up to the last change. */
void vcpu_runstate_raw(const struct vcpu *v, struct vcpu_runstate_info *out);

#endif
