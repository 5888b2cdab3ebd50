/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: what the control domain does with other domains
 * (xen/domctl.h, interface 0x15). The topics are in domctl_*.c.
 */
#include "control/hypercall.h"
#include "domain/domain.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"

#include <xen/domctl.h>

long do_domctl(vaddr_t arg)
{
    struct xen_domctl op;

    if (!current_domain()->privileged)
        return -EPERM;
    if (read_guest_struct(&op, arg))
        return -EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -EACCES;
    return -ENOSYS;
}
