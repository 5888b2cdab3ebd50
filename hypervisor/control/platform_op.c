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
#include "domain/vcpu_time.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/acpi.h"
#include "machine/cpu.h"
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

/* One operation; @op is our copy. @return result; *@answer: copy it back */
static long execute(struct xen_platform_op *op, bool *answer)
{
    switch (op->cmd) {
    case XENPF_settime32:
        return set_time(op->u.settime32.secs, op->u.settime32.nsecs, op->u.settime32.system_time);
    case XENPF_settime64:
        if (op->u.settime64.mbz)
            return -EINVAL;
        return set_time(op->u.settime64.secs, op->u.settime64.nsecs, op->u.settime64.system_time);
    case XENPF_firmware_info:
        *answer = true;
        return firmware_info(&op->u.firmware_info);
    case XENPF_enter_acpi_sleep:
        if (op->u.enter_acpi_sleep.flags & ~XENPF_ACPI_SLEEP_EXTENDED)
            return -EINVAL;
        return machine_enter_sleep(op->u.enter_acpi_sleep.sleep_state, op->u.enter_acpi_sleep.val_a,
                                   op->u.enter_acpi_sleep.val_b,
                                   op->u.enter_acpi_sleep.flags & XENPF_ACPI_SLEEP_EXTENDED);
    case XENPF_get_cpuinfo:
        *answer = true;
        return get_cpuinfo(&op->u.pcpu_info);
    case XENPF_get_cpu_version:
        *answer = true;
        return get_cpu_version(&op->u.pcpu_version);
    case XENPF_get_symbol:
        *answer = true;
        return get_symbol(&op->u.symdata);
    case XENPF_set_processor_pminfo:
        return accept_power_data(&op->u.set_pminfo);
    case XENPF_cpu_online:
        return cpu_state(&op->u.cpu_ol, true);
    case XENPF_cpu_offline:
        return cpu_state(&op->u.cpu_ol, false);
    case XENPF_platform_quirk:
        return op->u.platform_quirk.quirk_id == QUIRK_NOIRQBALANCING ? 0 : -EINVAL;
    case XENPF_read_memtype:
        *answer = true;
        return read_memtype(&op->u.read_memtype);
    case XENPF_add_memtype:
    case XENPF_del_memtype:
        return -EOPNOTSUPP; /* PAT is how guests choose cache types */
    case XENPF_efi_runtime_call:
    case XENPF_microcode_update:
    case XENPF_cpu_hotadd:
    case XENPF_mem_hotadd:
    case XENPF_core_parking:
    case XENPF_change_freq:
    case XENPF_resource_op:
        return -EOPNOTSUPP;
    default:
        return -ENOSYS;
    }
}

/* @arg: address of a struct xen_platform_op. @return 0; -EPERM, -EFAULT, -EACCES (other interface version), and as above */
long do_platform_op(vaddr_t arg)
{
    struct xen_platform_op op;
    bool answer = false;
    long rc;

    if (read_guest_struct(&op, arg))
        return -EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -EACCES;
    if (!current_domain()->privileged)
        return -EPERM;
    rc = execute(&op, &answer);
    if (rc == 0 && answer && write_guest_struct(arg, &op))
        rc = -EFAULT;
    return rc;
}
