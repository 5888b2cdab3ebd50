/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies of the toolstack's bitmaps, see the header. Called by sysctl and domctl; no locks. */
#include "control/ctl_bitmap.h"

#include "errno.h"
#include "lib/string.h"
#include "mm/guest_access.h"

#define BITS_MAX 65536 /* no tool has a reason to pass more */

/* Clears the bits of the last byte beyond @bits. */
static void clear_tail(u8 *bytes, unsigned bits)
{
    if (bits % 8)
        bytes[bits / 8] &= (u8)((1u << bits % 8) - 1);
}

int ctl_bitmap_put(const struct xenctl_bitmap *to, const unsigned long *map, unsigned bits)
{
    unsigned n = MIN(bits, to->nr_bits), bytes = DIV_ROUND_UP(n, 8), room = DIV_ROUND_UP(to->nr_bits, 8u);
    vaddr_t dst = (vaddr_t)to->bitmap.p;
    unsigned long copy[BITS_TO_LONGS(MAX_CPUS)];

    if (bits > MAX_CPUS || to->nr_bits > BITS_MAX)
        return -EINVAL;
    memcpy(copy, map, BITS_TO_LONGS(bits) * sizeof(*copy));
    if (n)
        clear_tail((u8 *)copy, n);
    if (guest_write(dst, copy, bytes))
        return -EFAULT;
    return room > bytes ? guest_clear(dst + bytes, room - bytes) : 0;
}

int ctl_bitmap_get(unsigned long *map, unsigned bits, const struct xenctl_bitmap *from)
{
    unsigned n = MIN(bits, from->nr_bits);

    if (from->nr_bits > BITS_MAX)
        return -EINVAL;
    memset(map, 0, BITS_TO_LONGS(bits) * sizeof(*map));
    if (guest_read(map, (vaddr_t)from->bitmap.p, DIV_ROUND_UP(n, 8)))
        return -EFAULT;
    if (n)
        clear_tail((u8 *)map, n);
    return 0;
}
