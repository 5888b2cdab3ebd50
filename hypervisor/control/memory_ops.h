/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of memory_op only (memory_op.c calls the others). Results as the hypercall's. */
#ifndef HV_CONTROL_MEMORY_OPS_H
#define HV_CONTROL_MEMORY_OPS_H

#include "domain/domain.h"
#include "types.h"

#include <xen/memory.h>

/* The command number is in the low bits, the extent to go on at above (ABI: hypercall continuation of Xen). */
#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK ((1u << MEMOP_EXTENT_SHIFT) - 1)

/* @cmd with the extent to go on at in its upper bits, to continue the call. */
static inline u64 memop_at(u64 op, u64 extent)
{
    return op | extent << MEMOP_EXTENT_SHIFT;
}

/* Largest order that a domain may ask for: a guest's own memory, or anything for the builder. */
unsigned memory_max_order(const struct domain *d);
/* Address width of mem_flags as buddy_alloc wants it. @return -EINVAL: so narrow that nothing fits */
int memory_address_bits(u32 mem_flags);

/* increase_reservation, decrease_reservation, populate_physmap: number of extents done; -EFAULT */
long memory_reservation(u64 op, u64 start, vaddr_t arg);
long memory_exchange(vaddr_t arg);
long memory_acquire_resource(u64 start, vaddr_t arg);
long memory_map_get(vaddr_t arg);
long memory_map_set(vaddr_t arg);
long memory_map_machine(vaddr_t arg);

#endif
