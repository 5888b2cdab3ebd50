/* SPDX-License-Identifier: GPL-2.0-only */
/* Caps of domains, for credit2.c; the struct scheduler callbacks on groups. */
#ifndef HV_SCHED_CREDIT2_CAP_H
#define HV_SCHED_CREDIT2_CAP_H

#include "sched/sched.h"

int c2_group_init(struct sched_group *group); /* -ENOMEM */
void c2_group_destroy(struct sched_group *group);
int c2_adjust(struct sched_group *group, unsigned weight, unsigned cap);

bool c2_out_of_budget(const struct sched_unit *u);
s64 c2_budget(const struct sched_group *group);      /* nanoseconds left, of a group with a cap */
void c2_charge_group(struct sched_group *group, nsec_t delta);
void c2_start_period(struct sched_group *group, nsec_t now);
void c2_note_queue(struct sched_group *group, unsigned index); /* a unit of it has been put into that queue; lock held */

/* Set by credit2.c: @g may run again; its units that wait are in @queues, by number. No locks are held. */
extern void (*c2_budget_filled)(const struct sched_group *g, const struct cpumask *queues);

#endif
