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
void fpu_resume(u64 xcr0);      /* instead, where the registers still hold what fpu_save() saved: sets XCR0 */

void fpu_init(void);            /* boot CPU, after cpu_features_init() */
void fpu_cpu_init(void);        /* each further CPU */

/* Sets XCR0 of this CPU now: the running guest executed XSETBV. @return 0, -EINVAL: not a legal combination */
int fpu_set_xcr0(u64 xcr0);
bool fpu_xcr0_valid(u64 xcr0);

/*
 * Checks the image of a save area that came from outside (domctl, restore):
 * a standard-format XSAVE area whose header names only components of @xcr0.
 */
bool fpu_area_valid(const void *area, size_t size, u64 xcr0);

/* Takes x87 and SSE state from the 512 bytes of an FXSAVE image; bits of MXCSR that do not exist are dropped. */
void fpu_area_import(void *area, const void *fxsave);

/* Bytes of a standard (compacted) area for the components @xcr0, SDM Vol 1 13.4. */
size_t fpu_size_for(u64 xcr0);
size_t fpu_compact_size_for(u64 xcr0);

#endif
