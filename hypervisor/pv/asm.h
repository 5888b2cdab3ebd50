/* SPDX-License-Identifier: GPL-2.0-only */
/* What pv/entry.S offers to C. */
#ifndef HV_PV_ASM_H
#define HV_PV_ASM_H

#include "types.h"

void pv_syscall_entry(void);
void pv_syscall32_entry(void);
void pv_sysenter_entry(void);
void pv_int80_entry(void);
void pv_return_to_guest(void);
void pv_enter(void) __noreturn;

#endif
