/* SPDX-License-Identifier: GPL-2.0-only */
/* The canary of stack frames, see lib/canary.c. */
#ifndef HV_CANARY_H
#define HV_CANARY_H

#include "types.h"

extern unsigned long __stack_chk_guard;
void __stack_chk_fail(void) __noreturn;

#endif
