/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of domain/ only. */
#ifndef HV_DOMAIN_INTERNAL_H
#define HV_DOMAIN_INTERNAL_H

#include "domain/domain.h"

/* A domain that cannot go away meanwhile (one of its frames is in hand): no reference taken. NULL: none */
struct domain *domain_lookup(domid_t id);
void domain_pages_init(void);

void vcpu_destroy(struct vcpu *v);
bool vcpu_info_is_dummy(const struct vcpu *v);
void vcpu_unregister_info(struct vcpu *v); /* drops the frame that VCPUOP_register_vcpu_info named */
int vcpu_register_info(struct vcpu *v, u64 gfn, u32 offset);

/* Holds one more reason not to run / drops it; false when it did (not) hold it already. */
bool vcpu_hold(struct vcpu *v, u32 flag);
bool vcpu_release(struct vcpu *v, u32 flag);

#endif
