/* SPDX-License-Identifier: GPL-2.0-only */
/* Data segment registers of the guest that is loaded, pv/segment_regs.S. */
#ifndef HV_PV_SEGMENT_REGS_H
#define HV_PV_SEGMENT_REGS_H

#include "types.h"

/* Load a data segment register. @return 0, or -1 and the null selector when the descriptor does not allow it. */
int pv_load_ds(u16 sel);
int pv_load_es(u16 sel);
int pv_load_fs(u16 sel);
int pv_load_gs(u16 sel);
void pv_read_segments(u16 sel[4]); /* ds, es, fs, gs */
void pv_swapgs(void);

#endif
