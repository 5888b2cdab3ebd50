/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctl: questions and orders of the control domain about the whole machine
 * (xen/sysctl.h, interface 0x15). The topics are in sysctl_*.c.
 */
#include "control/hypercall.h"
#include "domain/domain.h"
#include "errno.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"

#include <xen/sysctl.h>

long do_sysctl(vaddr_t arg)
{
    struct xen_sysctl op;

    if (!current_domain()->privileged)
        return -EPERM;
    if (read_guest_struct(&op, arg))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    return -ENOSYS;
}
