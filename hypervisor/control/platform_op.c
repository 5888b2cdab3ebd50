/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform_op: Domain 0 asks about and controls the physical machine. Time,
 * firmware, CPUs and sleep states are answered; what Domain 0 only reports to
 * us (processor power data) is accepted; hot-plug of CPUs and memory,
 * microcode through this call and core parking are refused with the error of a
 * Xen that lacks them. ABI: xen/platform.h, interface 0x03000000. Locks: none.
 */
#include "control/firmware.h"
#include "control/hypercall.h"
#include "domain/domain.h"
#include "domain/privilege.h"
#include "domain/vcpu_time.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/acpi.h"
#include "machine/cpu_features.h"
#include "machine/mtrr.h"
#include "machine/reset.h"
#include "machine/smp.h"
#include "machine/symbols.h"
#include "machine/time.h"
#include "mm/guest_access.h"

#include <xen/platform.h>

static long set_time(u64 sec, u64 nsec, u64 system)
{
    if (nsec >= 1000000000)
        return -EINVAL;
    wallclock_set(sec, nsec, system);
    domains_update_wallclock();
    return 0;
}

static long get_cpuinfo(struct xenpf_pcpuinfo *info)
{
    u32 cpu = info->xen_cpuid;

    info->max_present = cpu_count - 1;
    if (cpu >= cpu_count) {
        info->flags = XEN_PCPU_FLAGS_INVALID;
        return 0;
    }
    info->flags = cpumask_test(&cpu_online_mask, cpu) ? XEN_PCPU_FLAGS_ONLINE : 0;
    info->apic_id = cpu_apic_id(cpu);
    info->acpi_id = cpu_acpi_id(cpu);
    return 0;
}

static long get_cpu_version(struct xenpf_pcpu_version *ver)
{
    static const char *const vendors[] = {
        [CPU_INTEL] = "GenuineIntel", [CPU_AMD] = "AuthenticAMD", [CPU_HYGON] = "HygonGenuine",
        [CPU_CENTAUR] = "CentaurHauls", [CPU_ZHAOXIN] = "  Shanghai  ", [CPU_OTHER] = "            ",
    };

    ver->max_present = cpu_count - 1;
    memset(ver->vendor_id, 0, sizeof(ver->vendor_id));
    ver->family = ver->model = ver->stepping = 0;
    if (ver->xen_cpuid < cpu_count && cpumask_test(&cpu_online_mask, ver->xen_cpuid)) {
        memcpy(ver->vendor_id, vendors[boot_cpu.vendor], sizeof(ver->vendor_id));
        ver->family = boot_cpu.family;
        ver->model = boot_cpu.model;
        ver->stepping = boot_cpu.stepping;
    }
    return 0;
}

/*
 * The next symbol of the hypervisor. Backtraces are ours to print; Domain 0
 * sees an empty table, which is what a Xen without symbols tells.
 */
static long get_symbol(struct xenpf_symdata *sym)
{
    sym->namelen = 0;
    sym->address = 0;
    sym->type = '?';
    return 0;
}

/* Data that Linux collects from ACPI for our use: the CPUs' own interfaces (HWP, C1 by HLT) are enough for us. */
static long accept_power_data(const struct xenpf_set_processor_pminfo *info)
{
    switch (info->type) {
    case XEN_PM_CX:
    case XEN_PM_PX:
        return 0;
    default:
        return -EINVAL;
    }
}

/* New kernels choose cache types for their devices by it (Linux from 6.5 on). -EINVAL: no such register */
static long read_memtype(struct xenpf_read_memtype *m)
{
    struct mtrr_range range;

    if (m->reg >= mtrr_count())
        return -EINVAL;
    mtrr_read(m->reg, &range);
    m->mfn = range.first;
    m->nr_mfns = range.count;
    m->type = range.type;
    return 0;
}

static long cpu_state(const struct xenpf_cpu_ol *ol, bool online)
{
    if (ol->cpuid >= cpu_count)
        return -EINVAL;
    if (cpumask_test(&cpu_online_mask, ol->cpuid) == online)
        return online ? 0 : -EINVAL;
    return -EOPNOTSUPP;
}

static long set_time64(const struct xenpf_settime64 *t)
{
    return t->mbz ? -EINVAL : set_time(t->secs, t->nsecs, t->system_time);
}

static long enter_sleep(const struct xenpf_enter_acpi_sleep *s)
{
    if (s->flags & ~XENPF_ACPI_SLEEP_EXTENDED)
        return -EINVAL;
    return machine_enter_sleep(s->sleep_state, s->val_a, s->val_b, s->flags & XENPF_ACPI_SLEEP_EXTENDED);
}

/* A command with its structure, our copy. Result as the hypercall's. */
#define OP(name, call)                                \
    static long op_##name(struct xen_platform_op *op) \
    {                                                 \
        return (call);                                \
    }

OP(settime32, set_time(op->u.settime32.secs, op->u.settime32.nsecs, op->u.settime32.system_time))
OP(settime64, set_time64(&op->u.settime64))
OP(firmware_info, firmware_info(&op->u.firmware_info))
OP(enter_sleep, enter_sleep(&op->u.enter_acpi_sleep))
OP(cpuinfo, get_cpuinfo(&op->u.pcpu_info))
OP(cpu_version, get_cpu_version(&op->u.pcpu_version))
OP(symbol, get_symbol(&op->u.symdata))
OP(power_data, accept_power_data(&op->u.set_pminfo))
OP(cpu_online, cpu_state(&op->u.cpu_ol, true))
OP(cpu_offline, cpu_state(&op->u.cpu_ol, false))
OP(quirk, op->u.platform_quirk.quirk_id == QUIRK_NOIRQBALANCING ? 0 : -EINVAL)
OP(read_memtype, read_memtype(&op->u.read_memtype))
OP(not_offered, -EOPNOTSUPP)

/* Who may; nothing said is PRIV_CONTROL, Domain 0 alone: as on Xen 4.17 all of them. No row: -ENOSYS, and for others -EPERM. */
static const struct {
    long (*fn)(struct xen_platform_op *op);
    u8 who;      /* enum privilege */
    bool answer; /* the structure goes back */
} ops[] = {
    [XENPF_settime32] = { op_settime32 },
    [XENPF_settime64] = { op_settime64 },
    [XENPF_firmware_info] = { op_firmware_info, .answer = true },
    [XENPF_enter_acpi_sleep] = { op_enter_sleep },
    [XENPF_get_cpuinfo] = { op_cpuinfo, .answer = true },
    [XENPF_get_cpu_version] = { op_cpu_version, .answer = true },
    [XENPF_get_symbol] = { op_symbol, .answer = true },
    [XENPF_set_processor_pminfo] = { op_power_data },
    [XENPF_cpu_online] = { op_cpu_online },
    [XENPF_cpu_offline] = { op_cpu_offline },
    [XENPF_platform_quirk] = { op_quirk },
    [XENPF_read_memtype] = { op_read_memtype, .answer = true },
    [XENPF_add_memtype] = { op_not_offered }, /* PAT is how guests choose cache types */
    [XENPF_del_memtype] = { op_not_offered },
    [XENPF_efi_runtime_call] = { op_not_offered },
    [XENPF_microcode_update] = { op_not_offered },
    [XENPF_cpu_hotadd] = { op_not_offered },
    [XENPF_mem_hotadd] = { op_not_offered },
    [XENPF_core_parking] = { op_not_offered },
    [XENPF_change_freq] = { op_not_offered },
    [XENPF_resource_op] = { op_not_offered },
};

/* @arg: address of a struct xen_platform_op. @return 0; -EPERM, -EFAULT, -EACCES (other interface version), and as above */
long do_platform_op(vaddr_t arg)
{
    struct xen_platform_op op;
    bool known;
    long rc;

    if (read_guest_struct(&op, arg))
        return -EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -EACCES;
    known = op.cmd < ARRAY_SIZE(ops) && ops[op.cmd].fn;
    if (!domain_may(known ? (enum privilege)ops[op.cmd].who : PRIV_CONTROL, NULL))
        return -EPERM;
    rc = known ? ops[op.cmd].fn(&op) : -ENOSYS;
    return !rc && known && ops[op.cmd].answer ? write_guest_struct(arg, &op) : rc;
}
