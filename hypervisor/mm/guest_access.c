/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The checks around machine/uaccess: a guest may name only addresses outside
 * the hypervisor's part of the address space. Called by all hypercalls, with
 * the page tables of the running guest loaded. Takes no locks; may be called with any held.
 */
#include "mm/guest_access.h"

#include "errno.h"
#include "machine/layout.h"
#include "machine/uaccess.h"

int guest_read(void *dst, vaddr_t src, size_t len)
{
    if (unlikely(!guest_range_ok(src, len)) || unlikely(uaccess_read(dst, src, len)))
        return -EFAULT;
    return 0;
}

int guest_write(vaddr_t dst, const void *src, size_t len)
{
    if (unlikely(!guest_range_ok(dst, len)) || unlikely(uaccess_write(dst, src, len)))
        return -EFAULT;
    return 0;
}

int guest_clear(vaddr_t dst, size_t len)
{
    static const u8 zeroes[256];

    if (!guest_range_ok(dst, len))
        return -EFAULT;
    while (len) {
        size_t n = MIN(len, sizeof(zeroes));

        if (uaccess_write(dst, zeroes, n))
            return -EFAULT;
        dst += n;
        len -= n;
    }
    return 0;
}

vaddr_t guest_element(vaddr_t base, u64 index, size_t size)
{
    u64 offset;
    vaddr_t va;

    if (__builtin_mul_overflow(index, (u64)size, &offset) || __builtin_add_overflow(base, offset, &va))
        return ~0UL;
    return va;
}
