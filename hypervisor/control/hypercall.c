/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of hypercalls (numbers: xen/xen.h). Each operation is implemented on
 * the floor where it belongs; the functions here only give the arguments their
 * types. What Xen 4.17 answers with -ENOSYS when it is built without the feature
 * has no entry. Called by pv/hypercall.c and multicall.c; no locks.
 */
#include "control/hypercall.h"

#include "domain/event_channel.h"
#include "domain/hypercalls.h"
#include "errno.h"
#include "pv/callbacks.h"
#include "pv/pv.h"
#include "pv/segments.h"

#include <xen/xen.h>

/* Defines a function of the table's type that calls @call with what it needs of a1..a5. */
#define HYPERCALL(name, call)                                            \
    static long hcall_##name(u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)     \
    {                                                                    \
        return (long)(call);                                             \
    }

HYPERCALL(set_trap_table, do_set_trap_table(a1))
HYPERCALL(mmu_update, do_mmu_update(a1, (u32)a2, a3, (u32)a4))
HYPERCALL(set_gdt, do_set_gdt(a1, (u32)a2))
HYPERCALL(stack_switch, do_stack_switch(a1, a2))
HYPERCALL(set_callbacks, do_set_callbacks(a1, a2, a3))
HYPERCALL(fpu_taskswitch, do_fpu_taskswitch((u32)a1))
HYPERCALL(sched_op_compat, do_sched_op_compat((u32)a1, a2))
HYPERCALL(platform_op, do_platform_op(a1))
HYPERCALL(set_debugreg, do_set_debugreg((u32)a1, a2))
HYPERCALL(get_debugreg, do_get_debugreg((u32)a1))
HYPERCALL(update_descriptor, do_update_descriptor(a1, a2))
HYPERCALL(memory_op, do_memory_op(a1, a2))
HYPERCALL(multicall, do_multicall(a1, a2, hypercall_dispatch))
HYPERCALL(update_va_mapping, do_update_va_mapping(a1, a2, a3))
HYPERCALL(set_timer_op, do_set_timer_op(a1))
HYPERCALL(xen_version, do_xen_version((u32)a1, a2))
HYPERCALL(console_io, do_console_io((u32)a1, (u32)a2, a3))
HYPERCALL(grant_table_op, do_grant_table_op((u32)a1, a2, (u32)a3))
HYPERCALL(vm_assist, do_vm_assist((u32)a1, (u32)a2))
HYPERCALL(update_va_mapping_otherdomain, do_update_va_mapping_otherdomain(a1, a2, a3, (domid_t)a4))
HYPERCALL(iret, do_iret())
HYPERCALL(vcpu_op, do_vcpu_op((u32)a1, (u32)a2, a3))
HYPERCALL(set_segment_base, do_set_segment_base((u32)a1, a2))
HYPERCALL(mmuext_op, do_mmuext_op(a1, (u32)a2, a3, (u32)a4))
HYPERCALL(nmi_op, do_nmi_op((u32)a1, a2))
HYPERCALL(sched_op, do_sched_op((u32)a1, a2))
HYPERCALL(callback_op, do_callback_op((u32)a1, a2))
HYPERCALL(event_channel_op_compat, do_event_channel_op_compat(a1))
HYPERCALL(physdev_op_compat, do_physdev_op_compat(a1))
HYPERCALL(event_channel_op, do_event_channel_op((u32)a1, a2))
HYPERCALL(physdev_op, do_physdev_op((u32)a1, a2))
HYPERCALL(sysctl, do_sysctl(a1))
HYPERCALL(domctl, do_domctl(a1))
HYPERCALL(xenpmu_op, -EOPNOTSUPP) /* as Xen without vpmu= */

#define ENTRY(name) [__HYPERVISOR_##name] = hcall_##name

const hypercall_fn hypercall_table[HYPERCALL_COUNT] = {
    ENTRY(set_trap_table),
    ENTRY(mmu_update),
    ENTRY(set_gdt),
    ENTRY(stack_switch),
    ENTRY(set_callbacks),
    ENTRY(fpu_taskswitch),
    ENTRY(sched_op_compat),
    ENTRY(platform_op),
    ENTRY(set_debugreg),
    ENTRY(get_debugreg),
    ENTRY(update_descriptor),
    ENTRY(memory_op),
    ENTRY(multicall),
    ENTRY(update_va_mapping),
    ENTRY(set_timer_op),
    ENTRY(xen_version),
    ENTRY(console_io),
    ENTRY(grant_table_op),
    ENTRY(vm_assist),
    ENTRY(update_va_mapping_otherdomain),
    ENTRY(iret),
    ENTRY(vcpu_op),
    ENTRY(set_segment_base),
    ENTRY(mmuext_op),
    ENTRY(nmi_op),
    ENTRY(sched_op),
    ENTRY(callback_op),
    ENTRY(event_channel_op_compat),
    ENTRY(physdev_op_compat),
    ENTRY(event_channel_op),
    ENTRY(physdev_op),
    ENTRY(sysctl),
    ENTRY(domctl),
    ENTRY(xenpmu_op),
};

long hypercall_dispatch(u64 nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    if (nr >= HYPERCALL_COUNT || !hypercall_table[nr])
        return -ENOSYS;
    return hypercall_table[nr](a1, a2, a3, a4, a5);
}
