/* SPDX-License-Identifier: GPL-2.0-only */
/* Building and starting Domain 0; docs/dom0.md. Called once by boot/main.c, all CPUs being up. */
#ifndef HV_CONTROL_DOM0_H
#define HV_CONTROL_DOM0_H

#include "types.h"

struct dom0_boot {
    paddr_t kernel;           /* module: RAM with frame records that is not the buddy allocator's */
    u64 kernel_size;          /* bytes */
    paddr_t initrd;           /* the same; size 0: none */
    u64 initrd_size;
    const char *command_line; /* of the kernel */
};

/*
 * Makes Domain 0 with its vCPUs, memory and permissions, paused. The modules'
 * frames belong to Domain 0 or to the allocator afterwards. What cannot be
 * done ends in panic_configuration() with what to change.
 */
void dom0_build(const struct dom0_boot *boot);

/* Lets it run. */
void dom0_start(void);

#endif
