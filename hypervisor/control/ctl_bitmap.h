/* SPDX-License-Identifier: GPL-2.0-only */
/* Bitmaps that the toolstack passes (struct xenctl_bitmap): bytes on its side, words on ours. */
#ifndef HV_CONTROL_CTL_BITMAP_H
#define HV_CONTROL_CTL_BITMAP_H

#include "machine/cpumask.h"
#include <xen/xen.h>

/* Writes the @bits bits of @map, cut or filled with zeros to the guest's size. @return 0, -EFAULT */
int ctl_bitmap_put(const struct xenctl_bitmap *to, const unsigned long *map, unsigned bits);
/* Reads into @map of @bits bits; what the guest gives beyond is ignored. @return 0, -EFAULT, -EINVAL (absurd size) */
int ctl_bitmap_get(unsigned long *map, unsigned bits, const struct xenctl_bitmap *from);

#endif
