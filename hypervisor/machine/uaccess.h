/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads and writes at linear addresses of the running PV guest, with its page
 * tables loaded. A fault ends the copy instead of the hypervisor (fix-up table,
 * machine/extable.c). The caller has checked guest_range_ok(); use
 * mm/guest_access.h, which does. The sim build walks the page tables instead.
 */
#ifndef HV_MACHINE_UACCESS_H
#define HV_MACHINE_UACCESS_H

#include "types.h"

/* @return number of bytes NOT copied; 0 is success. */
size_t uaccess_read(void *dst, vaddr_t src, size_t len);
size_t uaccess_write(vaddr_t dst, const void *src, size_t len);

/*
 * Atomic 64-bit exchange at a linear address (a PTE reached through a guest
 * mapping or the like). @return 0, -EFAULT, or -EAGAIN and *@old = what is there.
 */
int uaccess_cmpxchg64(vaddr_t addr, u64 *old, u64 new_value);

#endif
