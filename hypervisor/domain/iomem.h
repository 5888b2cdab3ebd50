/* SPDX-License-Identifier: GPL-2.0-only */
/* What a domain may reach of the machine's I/O: ranges of MMIO frames, GSIs. I/O ports: ioports.h */
#ifndef HV_DOMAIN_IOMEM_H
#define HV_DOMAIN_IOMEM_H

#include "types.h"

struct domain;

/* A sorted list of disjoint ranges of numbers, both ends included. NULL is the empty list. */
struct range_list;
int range_list_add(struct range_list **l, u64 first, u64 last);    /* -ENOMEM, -EINVAL: first > last */
int range_list_remove(struct range_list **l, u64 first, u64 last); /* -ENOMEM (a range is split), -EINVAL */
bool range_list_contains(const struct range_list *l, u64 first, u64 last);
bool range_list_overlaps(const struct range_list *l, u64 first, u64 last);
void range_list_free(struct range_list *l);

/* XEN_DOMCTL_iomem_permission and the dom0 builder; frames. */
int domain_iomem_permit(struct domain *d, mfn_t first, u64 frames, bool allow);
bool domain_iomem_allowed(struct domain *d, mfn_t first, u64 frames);

/* XEN_DOMCTL_irq_permission, by GSI. -EINVAL, -ENOMEM */
int domain_irq_permit(struct domain *d, unsigned gsi, bool allow);
bool domain_irq_allowed(const struct domain *d, unsigned gsi);

#endif
