/* SPDX-License-Identifier: GPL-2.0-only */
/* vm_assist: what a PV kernel wants done for it (VMASST_TYPE_* in xen/xen.h). Bits of d->vm_assist change atomically. */
#include "atomic.h"
#include "control/hypercall.h"
#include "domain/domain.h"
#include "errno.h"
#include "machine/cpu.h"
#include "pv/pv.h"

#include <xen/xen.h>

/* @cmd: VMASST_CMD_enable, VMASST_CMD_disable. @return 0, -EINVAL (unknown type), -ENOSYS (unknown command) */
long do_vm_assist(u64 cmd, u64 type)
{
    struct domain *d = current_domain();

    if (type >= 64 || !(PV_VM_ASSISTS & BIT(type)))
        return -EINVAL;
    switch (cmd) {
    case VMASST_CMD_enable:
        atomic_or(&d->vm_assist, BIT(type));
        return 0;
    case VMASST_CMD_disable:
        atomic_and(&d->vm_assist, ~BIT(type));
        return 0;
    }
    return -ENOSYS;
}
