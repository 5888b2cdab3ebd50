/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_CONTROL_KEYHANDLER_H
#define HV_CONTROL_KEYHANDLER_H

/*
 * Registers the handler of keys that are meant for the hypervisor (machine/console.h). Once, after
 * tasklets_start().
 */
void keyhandler_init(void);

#endif
