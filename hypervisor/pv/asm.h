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

/* Load a data segment register. @return 0, or -1 and the null selector when the descriptor does not allow it. */
int pv_load_ds(u16 sel);
int pv_load_es(u16 sel);
int pv_load_fs(u16 sel);
int pv_load_gs(u16 sel);
void pv_read_segments(u16 sel[4]); /* ds, es, fs, gs */
void pv_swapgs(void);

#endif
