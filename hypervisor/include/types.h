/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The types that everything shares: fixed-width integers, frame numbers that
 * cannot be mixed up, and the few macros that C lacks. Floor 0: includes
 * nothing of the hypervisor but config.h.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 paddr_t; /* machine (host physical) address in bytes */
typedef u64 vaddr_t; /* linear address, of the hypervisor or of a guest */
typedef u64 nsec_t;  /* system time or a duration in nanoseconds */

/*
 * Frame numbers. Machine frame (what the hardware sees), guest frame (what a
 * guest calls one: the mfn for PV, guest-physical for HVM), pseudo-physical
 * frame of a PV guest (known to its builder only).
 */
typedef struct {
    u64 n;
} mfn_t;
typedef struct {
    u64 n;
} gfn_t;
typedef struct {
    u64 n;
} pfn_t;

#define MFN(x) ((mfn_t){ (x) })
#define GFN(x) ((gfn_t){ (x) })
#define PFN(x) ((pfn_t){ (x) })
#define INVALID_MFN MFN(~0UL)

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.n == b.n;
}

static inline mfn_t mfn_add(mfn_t a, u64 frames)
{
    return MFN(a.n + frames);
}

static inline paddr_t mfn_to_paddr(mfn_t mfn)
{
    return mfn.n << PAGE_SHIFT;
}

static inline mfn_t paddr_to_mfn(paddr_t pa)
{
    return MFN(pa >> PAGE_SHIFT);
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ROUND_UP(n, a) (((n) + (a) - 1) & ~((__typeof__(n))(a) - 1))
#define ROUND_DOWN(n, a) ((n) & ~((__typeof__(n))(a) - 1))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define BIT(n) (1UL << (n))
#define KB(n) ((u64)(n) << 10)
#define MB(n) ((u64)(n) << 20)
#define GB(n) ((u64)(n) << 30)

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* One load or store that the compiler may neither repeat nor tear. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __noreturn __attribute__((noreturn))
#define __must_check __attribute__((warn_unused_result))
#define __section(s) __attribute__((section(s)))
#define __printf(f, a) __attribute__((format(printf, f, a)))

#endif
