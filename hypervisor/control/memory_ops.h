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

/* One call, as its row in memory_op.c prepared it. */
struct memory_call {
    u64 op, start;    /* XENMEM_*, and the extent to go on at */
    vaddr_t arg;
    struct domain *d; /* the one that the arguments name, to which the caller may do this; NULL: the row asks for none */
    union {           /* copied in once, as much of it as the row says */
        domid_t domid;
        struct xen_memory_reservation reservation;
        struct xen_memory_exchange exchange;
        struct xen_machphys_mfn_list mfn_list;
        struct xen_add_to_physmap add;
        struct xen_add_to_physmap_batch add_batch;
        struct xen_remove_from_physmap remove;
        struct xen_memory_map map;
        struct xen_foreign_memory_map foreign_map;
        struct xen_pod_target pod_target;
        struct xen_reserved_device_memory_map rdm;
        struct xen_mem_acquire_resource resource;
        struct xen_vnuma_topology_info vnuma;
    } u;
};

/* Every check of the arguments alone, before a domain is looked for. 0 or the error */
int memory_reservation_check(const struct memory_call *c);
int memory_exchange_check(const struct memory_call *c);
int memory_resource_check(const struct memory_call *c);
int memory_map_check(const struct memory_call *c);

long memory_reservation(struct memory_call *c); /* increase, decrease, populate: number of extents done */
long memory_exchange(struct memory_call *c);
long memory_acquire_resource(struct memory_call *c);
long memory_map_get(struct memory_call *c);
long memory_map_set(struct memory_call *c);
long memory_map_machine(struct memory_call *c);

#endif
