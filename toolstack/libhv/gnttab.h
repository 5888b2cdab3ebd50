/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that a domain has granted to Domain 0, mapped through /dev/xen/gntdev (xen/sys/gntdev.h).
 *
 * The domain builder grants the console and the xenstore ring by reserved references
 * (xen/grant_table.h: GNTTAB_RESERVED_CONSOLE 0, GNTTAB_RESERVED_XENSTORE 1), so no foreign frame
 * number is needed for them. Called by xenstored and xenconsoled. No locks.
 */
#ifndef LIBHV_GNTTAB_H
#define LIBHV_GNTTAB_H

#include <stdint.h>

/* Opens the device, close-on-exec. Returns a descriptor or -errno. */
int hv_gnttab_open(void);

/*
 * Maps one granted page read-write to *page. Errors: the device's; -EINVAL when the domain or the
 * reference does not exist (the mapping itself may fail late, in mmap).
 */
int hv_gnttab_map(int fd, unsigned int domid, uint32_t ref, void **page);

/* Unmaps what hv_gnttab_map() gave and tells the device so. */
int hv_gnttab_unmap(int fd, void *page);

#endif
