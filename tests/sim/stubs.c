/* SPDX-License-Identifier: GPL-2.0-only */
/* The rest of what the linked floors call: the hypercalls whose implementation knows the hardware. */
#include "sim.h"

#include "control/hypercall.h"
#include "control/machine_info.h"
#include "errno.h"
#include "pv/callbacks.h"
#include "pv/segments.h"

struct machine_info machine_info;

#define NOT_HERE(type, name, ...) \
    type name(__VA_ARGS__)        \
    {                             \
        return -ENOSYS;           \
    }

NOT_HERE(long, do_set_trap_table, vaddr_t traps)
NOT_HERE(long, do_set_callbacks, u64 event, u64 failsafe, u64 syscall)
NOT_HERE(long, do_callback_op, u64 cmd, vaddr_t arg)
NOT_HERE(long, do_nmi_op, u64 cmd, vaddr_t arg)
NOT_HERE(long, do_iret, void)
NOT_HERE(long, do_stack_switch, u64 ss, u64 sp)
NOT_HERE(long, do_fpu_taskswitch, u64 set)
NOT_HERE(long, do_set_debugreg, u64 reg, u64 value)
NOT_HERE(u64, do_get_debugreg, u64 reg)
NOT_HERE(long, do_set_gdt, vaddr_t frames, u32 entries)
NOT_HERE(long, do_update_descriptor, u64 ma, u64 desc)
NOT_HERE(long, do_set_segment_base, u32 which, u64 base)
NOT_HERE(long, do_platform_op, vaddr_t arg)
NOT_HERE(long, do_physdev_op, u64 cmd, vaddr_t arg)
NOT_HERE(long, do_physdev_op_compat, vaddr_t arg)
NOT_HERE(long, do_sysctl, vaddr_t arg)
NOT_HERE(long, do_domctl, vaddr_t arg)
NOT_HERE(long, do_console_io, u64 cmd, u64 count, vaddr_t buffer)

const u8 build_id_note[1], build_id_note_end[1]; /* none */
