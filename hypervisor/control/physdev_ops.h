/* SPDX-License-Identifier: GPL-2.0-only */
/* Between physdev.c and physdev_pirq.c. */
#ifndef HV_CONTROL_PHYSDEV_OPS_H
#define HV_CONTROL_PHYSDEV_OPS_H

#include "types.h"

/* PHYSDEVOP_map_pirq, _unmap_pirq: @arg as the guest passed it. Results as the hypercall's. */
long physdev_map_pirq(vaddr_t arg);
long physdev_unmap_pirq(vaddr_t arg);

#endif
