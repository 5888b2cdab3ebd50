/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctl: questions and orders of the control domain about the whole machine
 * (xen/sysctl.h, interface 0x15). Here the dispatch; the topics are in
 * sysctl_*.c. What is not offered answers like a Xen without it. Locks: those
 * of the functions called.
 */
#include "control/hypercall.h"
#include "control/sysctl_ops.h"
#include "domain/domain.h"
#include "errno.h"
#include "machine/cpu.h"
#include "machine/smp.h"
#include "mm/guest_access.h"

static bool cpu_online(u32 cpu)
{
    return cpu < cpu_count && cpumask_test(&cpu_online_mask, cpu);
}

/* There is neither frequency driver nor deep idle state. */
static long pm_op(const struct xen_sysctl_pm_op *p)
{
    if (!cpu_online(p->cpuid))
        return -EINVAL;
    if ((p->cmd & PM_PARA_CATEGORY_MASK) == CPUFREQ_PARA)
        return -ENODEV;
    return p->cmd >= XEN_SYSCTL_pm_op_set_sched_opt_smt && p->cmd <= XEN_SYSCTL_pm_op_disable_turbo ? -ENODEV : -ENOSYS;
}

/* CPUs stay as they are. */
static long cpu_hotplug(const struct xen_sysctl_cpu_hotplug *h)
{
    if (h->op == XEN_SYSCTL_CPU_HOTPLUG_ONLINE || h->op == XEN_SYSCTL_CPU_HOTPLUG_OFFLINE) {
        if (h->cpu >= cpu_count)
            return -EINVAL;
        if (h->op == XEN_SYSCTL_CPU_HOTPLUG_ONLINE && cpu_online(h->cpu))
            return -EEXIST;
    }
    return -EOPNOTSUPP;
}

static long execute(struct xen_sysctl *op)
{
    switch (op->cmd) {
    case XEN_SYSCTL_readconsole:
        return sysctl_readconsole(&op->u.readconsole);
    case XEN_SYSCTL_perfc_op:
        return sysctl_perfc(&op->u.perfc_op);
    case XEN_SYSCTL_physinfo:
        return sysctl_physinfo(&op->u.physinfo);
    case XEN_SYSCTL_sched_id:
        op->u.sched_id.sched_id = sched_current()->id;
        return 0;
    case XEN_SYSCTL_getdomaininfolist:
        return sysctl_getdomaininfolist(&op->u.getdomaininfolist);
    case XEN_SYSCTL_debug_keys:
        return sysctl_debug_keys(&op->u.debug_keys);
    case XEN_SYSCTL_getcpuinfo:
        return sysctl_getcpuinfo(&op->u.getcpuinfo);
    case XEN_SYSCTL_availheap:
        return sysctl_availheap(&op->u.availheap);
    case XEN_SYSCTL_cputopoinfo:
        return sysctl_cputopoinfo(&op->u.cputopoinfo);
    case XEN_SYSCTL_numainfo:
        return sysctl_numainfo(&op->u.numainfo);
    case XEN_SYSCTL_pcitopoinfo:
        return sysctl_pcitopoinfo(&op->u.pcitopoinfo);
    case XEN_SYSCTL_cpupool_op:
        return sysctl_cpupool(&op->u.cpupool_op);
    case XEN_SYSCTL_scheduler_op:
        return sysctl_scheduler(&op->u.scheduler_op);
    case XEN_SYSCTL_get_cpu_levelling_caps:
        op->u.cpu_levelling_caps.caps = 0;
        return 0;
    case XEN_SYSCTL_get_cpu_featureset:
        return sysctl_featureset(&op->u.cpu_featureset);
    case XEN_SYSCTL_get_cpu_policy:
        return sysctl_cpu_policy(&op->u.cpu_policy);
    case XEN_SYSCTL_get_pmstat: /* no frequency or idle-state driver */
        return cpu_online(op->u.get_pmstat.cpuid) ? -ENODEV : -EINVAL;
    case XEN_SYSCTL_pm_op:
        return pm_op(&op->u.pm_op);
    case XEN_SYSCTL_psr_cmt_op:
        return -ENODEV;
    case XEN_SYSCTL_psr_alloc:
        return op->u.psr_alloc.cmd <= XEN_SYSCTL_PSR_get_mba_info ? -ENODEV : -EOPNOTSUPP;
    case XEN_SYSCTL_cpu_hotplug:
        return cpu_hotplug(&op->u.cpu_hotplug);
    case XEN_SYSCTL_page_offline_op:
    case XEN_SYSCTL_coverage_op:
        return -EOPNOTSUPP;
    }
    return -ENOSYS;
}

/* @arg: struct xen_sysctl. @return 0, -EPERM, -EFAULT, -EACCES (other interface version), by operation */
long do_sysctl(vaddr_t arg)
{
    struct xen_sysctl op;
    long rc;

    if (read_guest_struct(&op, arg))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    if (!current_domain()->privileged)
        return -EPERM;
    rc = execute(&op);
    if (!rc)
        rc = write_guest_struct(arg, &op);
    return rc;
}
