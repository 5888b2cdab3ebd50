/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The little of Linux' environment that its decompressors need when they are
 * built for "pre-boot" use, expressed in the hypervisor's own library.
 */
#ifndef HV_DECOMPRESS_SHIM_H
#define HV_DECOMPRESS_SHIM_H

#include "lib/decompress/unpack.h"
#include "lib/string.h"
#include "types.h"
#ifndef INT_MAX
#define INT_MAX __INT_MAX__
#define UINT_MAX (INT_MAX * 2U + 1)
#endif

typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef u16 __le16;
typedef u32 __le32;
typedef u64 __le64;
typedef long ssize_t;

#define __init
#define INIT
#define EXPORT_SYMBOL(s)
#define EXPORT_SYMBOL_GPL(s)
#define MODULE_LICENSE(s)
#define MODULE_DESCRIPTION(s)
#define MODULE_AUTHOR(s)
#define MODULE_VERSION(s)
#define noinline __attribute__((noinline))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __maybe_unused __attribute__((unused))
#define __attribute_const__ __attribute__((const))
#define fallthrough __attribute__((fallthrough))
#define __cold
#define min(a, b) MIN(a, b)
#define max(a, b) MAX(a, b)
#define min_t(t, a, b) MIN((t)(a), (t)(b))
#define round_down(n, a) ROUND_DOWN(n, a)
#define IS_ENABLED(option) (option)
#define CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS 1
#define GFP_KERNEL 0
#define ENOMEM 12
#define EINVAL 22

#define malloc(n) unpack_alloc(n)
#define free(p) ((void)(p))
#define large_malloc(n) unpack_alloc(n)
#define large_free(p) ((void)(p))
#define kmalloc(n, flags) unpack_alloc(n)
#define kfree(p) ((void)(p))
#define vmalloc(n) unpack_alloc(n)
#define vfree(p) ((void)(p))

#define SHIM_UNALIGNED(bits)                                                                       \
    static inline u##bits get_unaligned_le##bits(const void *p)                                    \
    {                                                                                              \
        u##bits v;                                                                                 \
        __builtin_memcpy(&v, p, sizeof(v));                                                        \
        return v;                                                                                  \
    }                                                                                              \
    static inline void put_unaligned_le##bits(u##bits v, void *p)                                  \
    {                                                                                              \
        __builtin_memcpy(p, &v, sizeof(v));                                                        \
    }                                                                                              \
    static inline u##bits le##bits##_to_cpup(const void *p)                                        \
    {                                                                                              \
        return get_unaligned_le##bits(p);                                                          \
    }
SHIM_UNALIGNED(16)
SHIM_UNALIGNED(32)
SHIM_UNALIGNED(64)

#define get_unaligned(p)                                                                           \
    ({                                                                                             \
        const struct {                                                                             \
            __typeof__(*(p)) v;                                                                    \
        } __packed *p_ = (const void *)(p);                                                        \
        p_->v;                                                                                     \
    })
#define put_unaligned(val, p)                                                                      \
    ({                                                                                             \
        struct {                                                                                   \
            __typeof__(*(p)) v;                                                                    \
        } __packed *p_ = (void *)(p);                                                              \
        p_->v = (val);                                                                             \
    })
#define le16_to_cpu(v) ((u16)(v))
#define le32_to_cpu(v) ((u32)(v))
#define cpu_to_le16(v) ((u16)(v))
#define cpu_to_le32(v) ((u32)(v))
#define swab32(v) __builtin_bswap32(v)
#define swab64(v) __builtin_bswap64(v)
#define div_u64(a, b) ((u64)(a) / (u32)(b))
#define __LITTLE_ENDIAN 1234
#define pr_debug(...) ((void)0)
#define WARN_ON(x) ((void)(x))
#define BUILD_BUG_ON(x) _Static_assert(!(x), #x)

#endif
