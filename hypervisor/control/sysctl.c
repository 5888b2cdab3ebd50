/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctl: questions and orders of the control domain about the whole machine
 * (xen/sysctl.h, interface 0x15). Here the dispatch; the topics are in
 * sysctl_*.c. What is not offered answers like a Xen without it. Locks: those
 * of the functions called.
 */
#include "control/hypercall.h"
#include "control/sysctl_ops.h"
#include "domain/privilege.h"
#include "errno.h"
#include "machine/smp.h"
#include "mm/guest_access.h"
#include "sched/sched.h"

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

static long pm_stat(const struct xen_sysctl_get_pmstat *p)
{
    return cpu_online(p->cpuid) ? -ENODEV : -EINVAL;
}

static long psr_alloc(const struct xen_sysctl_psr_alloc *p)
{
    return p->cmd <= XEN_SYSCTL_PSR_get_mba_info ? -ENODEV : -EOPNOTSUPP;
}

/* A command with its structure. Result as the hypercall's. */
#define OP(name, call)                       \
    static long op_##name(struct xen_sysctl *op) \
    {                                        \
        return (call);                       \
    }

OP(readconsole, sysctl_readconsole(&op->u.readconsole))
OP(perfc, sysctl_perfc(&op->u.perfc_op))
OP(physinfo, sysctl_physinfo(&op->u.physinfo))
OP(sched_id, (op->u.sched_id.sched_id = sched_current()->id, 0))
OP(domain_list, sysctl_getdomaininfolist(&op->u.getdomaininfolist))
OP(debug_keys, sysctl_debug_keys(&op->u.debug_keys))
OP(cpuinfo, sysctl_getcpuinfo(&op->u.getcpuinfo))
OP(availheap, sysctl_availheap(&op->u.availheap))
OP(cputopoinfo, sysctl_cputopoinfo(&op->u.cputopoinfo))
OP(numainfo, sysctl_numainfo(&op->u.numainfo))
OP(pcitopoinfo, sysctl_pcitopoinfo(&op->u.pcitopoinfo))
OP(cpupool, sysctl_cpupool(&op->u.cpupool_op))
OP(scheduler, sysctl_scheduler(&op->u.scheduler_op))
OP(levelling_caps, (op->u.cpu_levelling_caps.caps = 0, 0))
OP(featureset, sysctl_featureset(&op->u.cpu_featureset))
OP(cpu_policy, sysctl_cpu_policy(&op->u.cpu_policy))
OP(pmstat, pm_stat(&op->u.get_pmstat)) /* no frequency or idle-state driver */
OP(pm, pm_op(&op->u.pm_op))
OP(psr_cmt, -ENODEV)
OP(psr_alloc, psr_alloc(&op->u.psr_alloc))
OP(cpu_hotplug, cpu_hotplug(&op->u.cpu_hotplug))
OP(not_offered, -EOPNOTSUPP)

/* Who may; nothing said is PRIV_CONTROL, Domain 0 alone: as on Xen 4.17 all of them. No row: -ENOSYS, and for others -EPERM. */
static const struct {
    long (*fn)(struct xen_sysctl *op);
    u8 who; /* enum privilege */
} ops[] = {
    [XEN_SYSCTL_readconsole] = { op_readconsole },
    [XEN_SYSCTL_perfc_op] = { op_perfc },
    [XEN_SYSCTL_physinfo] = { op_physinfo },
    [XEN_SYSCTL_sched_id] = { op_sched_id },
    [XEN_SYSCTL_getdomaininfolist] = { op_domain_list },
    [XEN_SYSCTL_debug_keys] = { op_debug_keys },
    [XEN_SYSCTL_getcpuinfo] = { op_cpuinfo },
    [XEN_SYSCTL_availheap] = { op_availheap },
    [XEN_SYSCTL_cputopoinfo] = { op_cputopoinfo },
    [XEN_SYSCTL_numainfo] = { op_numainfo },
    [XEN_SYSCTL_pcitopoinfo] = { op_pcitopoinfo },
    [XEN_SYSCTL_cpupool_op] = { op_cpupool },
    [XEN_SYSCTL_scheduler_op] = { op_scheduler },
    [XEN_SYSCTL_get_cpu_levelling_caps] = { op_levelling_caps },
    [XEN_SYSCTL_get_cpu_featureset] = { op_featureset },
    [XEN_SYSCTL_get_cpu_policy] = { op_cpu_policy },
    [XEN_SYSCTL_get_pmstat] = { op_pmstat },
    [XEN_SYSCTL_pm_op] = { op_pm },
    [XEN_SYSCTL_psr_cmt_op] = { op_psr_cmt },
    [XEN_SYSCTL_psr_alloc] = { op_psr_alloc },
    [XEN_SYSCTL_cpu_hotplug] = { op_cpu_hotplug },
    [XEN_SYSCTL_page_offline_op] = { op_not_offered },
    [XEN_SYSCTL_coverage_op] = { op_not_offered },
};

/* @arg: struct xen_sysctl. @return 0, -EPERM, -EFAULT, -EACCES (other interface version), by operation */
long do_sysctl(vaddr_t arg)
{
    struct xen_sysctl op;
    bool known;
    long rc;

    if (read_guest_struct(&op, arg))
        return -EFAULT;
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return -EACCES;
    known = op.cmd < ARRAY_SIZE(ops) && ops[op.cmd].fn;
    if (!domain_may(known ? (enum privilege)ops[op.cmd].who : PRIV_CONTROL, NULL))
        return -EPERM;
    rc = known ? ops[op.cmd].fn(&op) : -ENOSYS;
    return rc ? rc : write_guest_struct(arg, &op);
}
