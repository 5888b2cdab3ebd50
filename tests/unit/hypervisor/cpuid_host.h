/* SPDX-License-Identifier: GPL-2.0-only */
/* What machine/cpuid_policy.c asks of the machine, made up: state of x87, SSE and AVX, and a TSC of 2.4 GHz. */
#ifndef TEST_CPUID_HOST_H
#define TEST_CPUID_HOST_H

#include "machine/fpu.h"
#include "machine/time.h"

u64 fpu_xcr0_mask = 7;

size_t fpu_size_for(u64 xcr0)
{
    return xcr0 & 4 ? 832 : 576;
}

size_t fpu_compact_size_for(u64 xcr0)
{
    return fpu_size_for(xcr0);
}

u64 tsc_khz(void)
{
    return 2400000;
}

#endif
