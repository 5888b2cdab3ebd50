/* SPDX-License-Identifier: GPL-2.0-only */
/* The fixed sizes of the hypervisor. Usable from assembly. */
#ifndef HV_CONFIG_H
#define HV_CONFIG_H

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define MAX_CPUS 256    /* physical CPUs */
#define MAX_VCPUS 128   /* vCPUs of one domain */
#define STACK_ORDER 4   /* the stacks of a physical CPU: an area aligned to its size, half of it holes, see machine/tables.h */
#define STACK_SIZE (PAGE_SIZE << STACK_ORDER)

#define XEN_MAJOR 4
#define XEN_MINOR 17
#define XEN_EXTRA "-hospes"
#define HOSPES_VERSION "0.1"

#endif
