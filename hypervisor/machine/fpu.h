/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extended state (x87, SSE, AVX, ...), saved and loaded eagerly when vCPUs
 * change: lazy switching leaks stale registers across domains on many CPUs
 * (CVE-2018-3665), and XSAVEOPT makes eager switching cheap.
 */
#ifndef HV_MACHINE_FPU_H
#define HV_MACHINE_FPU_H

#include "types.h"

extern u64 fpu_xcr0_mask;       /* XCR0 bits that guests may set, 0 without XSAVE */
size_t fpu_area_size(void);     /* bytes of a save area, for all of fpu_xcr0_mask; 64-byte aligned */
void fpu_area_init(void *area); /* the state after reset: FCW 0x37f, MXCSR 0x1f80 */
void fpu_save(void *area, u64 xcr0);
void fpu_load(const void *area, u64 xcr0); /* also sets XCR0 */

#endif
