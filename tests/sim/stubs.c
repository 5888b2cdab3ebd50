/* SPDX-License-Identifier: GPL-2.0-only */
/* The rest of what the linked floors call: the hypercalls whose implementation knows the hardware. */
#include "sim.h"

#include "control/hypercall.h"
#include "control/machine_info.h"
#include "errno.h"

struct machine_info machine_info;

#define NOT_HERE(type, name, ...) \
    type name(__VA_ARGS__)        \
    {                             \
        return -ENOSYS;           \
    }

NOT_HERE(long, do_platform_op, vaddr_t arg)
NOT_HERE(long, do_physdev_op, u64 cmd, vaddr_t arg)
NOT_HERE(long, do_physdev_op_compat, vaddr_t arg)
NOT_HERE(long, do_sysctl, vaddr_t arg)
NOT_HERE(long, do_domctl, vaddr_t arg)
NOT_HERE(long, do_console_io, u64 cmd, u64 count, vaddr_t buffer)

const u8 build_id_note[1], build_id_note_end[1]; /* none */
