/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: what the control domain does with other domains (xen/domctl.h,
 * interface 0x15). Here the dispatch and the short operations; the topics are
 * in domctl_*.c. Lock: domctl_lock (LOCK_DOMCTL), one operation at a time; who
 * does not get it tries again after looking for other work.
 */
#include "control/domain_info.h"
#include "control/domctl_ops.h"
#include "control/hypercall.h"
#include "domain/continuation.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"

#define ADDRESS_SIZE 64

static struct spinlock domctl_lock = SPINLOCK_INIT(LOCK_DOMCTL);

/* Operations by which a domain would pull the rug out from under itself. */
static bool not_on_oneself(u32 cmd)
{
    switch (cmd) {
    case XEN_DOMCTL_destroydomain:
    case XEN_DOMCTL_pausedomain:
    case XEN_DOMCTL_unpausedomain:
    case XEN_DOMCTL_resumedomain:
    case XEN_DOMCTL_setvcpucontext:
    case XEN_DOMCTL_getvcpucontext:
    case XEN_DOMCTL_set_ext_vcpucontext:
    case XEN_DOMCTL_setvcpuextstate:
    case XEN_DOMCTL_getvcpuextstate:
    case XEN_DOMCTL_setdebugging:
    case XEN_DOMCTL_settscinfo:
    case XEN_DOMCTL_gettscinfo:
    case XEN_DOMCTL_set_cpu_policy:
    case XEN_DOMCTL_shadow_op:
        return true;
    }
    return false;
}

static long info(struct domain *d, struct xen_domctl *op)
{
    domain_info_fill(d, &op->u.getdomaininfo);
    op->domain = d->id;
    return 0;
}

static long set_handle(struct domain *d, const struct xen_domctl_setdomainhandle *h)
{
    memcpy(d->uuid, h->handle, sizeof(d->uuid));
    return 0;
}

static long set_time_offset(struct domain *d, const struct xen_domctl_settimeoffset *t)
{
    d->time_offset_seconds = t->time_offset_seconds;
    domain_update_wallclock(d);
    return 0;
}

static long set_address_size(const struct xen_domctl_address_size *a)
{
    return a->size == ADDRESS_SIZE ? 0 : a->size == 32 ? -EOPNOTSUPP : -EINVAL;
}

static long get_node_affinity(const struct xen_domctl_nodeaffinity *n)
{
    u8 first = 1;

    if (!n->nodemap.nr_bits)
        return 0;
    if (guest_clear((vaddr_t)n->nodemap.bitmap.p, DIV_ROUND_UP(n->nodemap.nr_bits, 8u)))
        return -EFAULT;
    return guest_write((vaddr_t)n->nodemap.bitmap.p, &first, 1);
}

/* From now on breakpoints of its kernel stop the domain and raise VIRQ_DEBUGGER. */
static long set_debugging(struct domain *d, const struct xen_domctl_setdebugging *s)
{
    WRITE_ONCE(d->debugger, s->enable != 0);
    return 0;
}

/* The life of a domain. */
static long life_op(struct domain *d, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_destroydomain:
        return domain_kill(d);
    case XEN_DOMCTL_pausedomain:
        return domain_pause_by_controller(d);
    case XEN_DOMCTL_unpausedomain:
        return domain_unpause_by_controller(d);
    case XEN_DOMCTL_resumedomain:
        domain_resume(d);
        return 0;
    case XEN_DOMCTL_getdomaininfo:
        return info(d, op);
    case XEN_DOMCTL_max_mem:
        return domctl_max_mem(d, &op->u.max_mem);
    case XEN_DOMCTL_max_vcpus:
        return domctl_max_vcpus(d, &op->u.max_vcpus);
    case XEN_DOMCTL_setdomainhandle:
        return set_handle(d, &op->u.setdomainhandle);
    case XEN_DOMCTL_settimeoffset:
        return set_time_offset(d, &op->u.settimeoffset);
    case XEN_DOMCTL_subscribe:
        domain_subscribe_suspend(d, op->u.subscribe.port);
        return 0;
    case XEN_DOMCTL_set_target:
        return domctl_set_target(d, &op->u.set_target);
    case XEN_DOMCTL_setdebugging:
        return set_debugging(d, &op->u.setdebugging);
    }
    return -ENOSYS;
}

/* Its vCPUs. */
static long vcpu_op(struct domain *d, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_setvcpucontext:
        return domctl_set_context(d, &op->u.vcpucontext);
    case XEN_DOMCTL_getvcpucontext:
        return domctl_get_context(d, &op->u.vcpucontext);
    case XEN_DOMCTL_getvcpuinfo:
        return domctl_vcpu_info(d, &op->u.getvcpuinfo);
    case XEN_DOMCTL_setvcpuaffinity:
    case XEN_DOMCTL_getvcpuaffinity:
        return domctl_affinity(d, &op->u.vcpuaffinity, op->cmd == XEN_DOMCTL_setvcpuaffinity);
    case XEN_DOMCTL_scheduler_op:
        return domctl_scheduler(d, &op->u.scheduler_op);
    case XEN_DOMCTL_sendtrigger:
        return domctl_trigger(d, &op->u.sendtrigger);
    case XEN_DOMCTL_set_ext_vcpucontext:
    case XEN_DOMCTL_get_ext_vcpucontext:
        return domctl_ext_context(d, &op->u.ext_vcpucontext, op->cmd == XEN_DOMCTL_set_ext_vcpucontext);
    case XEN_DOMCTL_setvcpuextstate:
        return domctl_set_ext_state(d, &op->u.vcpuextstate);
    case XEN_DOMCTL_getvcpuextstate:
        return domctl_get_ext_state(d, &op->u.vcpuextstate);
    case XEN_DOMCTL_get_vcpu_msrs:
    case XEN_DOMCTL_set_vcpu_msrs:
        return domctl_msrs(d, &op->u.vcpu_msrs, op->cmd == XEN_DOMCTL_set_vcpu_msrs);
    }
    return -ENOSYS;
}

/* What its machine is like, and its rights. */
static long platform_op(struct domain *d, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_irq_permission:
    case XEN_DOMCTL_iomem_permission:
    case XEN_DOMCTL_ioport_permission:
        return domctl_permission(d, op);
    case XEN_DOMCTL_getpageframeinfo3:
        return domctl_page_info(d, &op->u.getpageframeinfo3);
    case XEN_DOMCTL_shadow_op:
        return domctl_shadow(d, &op->u.shadow_op);
    case XEN_DOMCTL_hypercall_init:
        return domctl_hypercall_page(d, &op->u.hypercall_init);
    case XEN_DOMCTL_set_address_size:
        return set_address_size(&op->u.address_size);
    case XEN_DOMCTL_get_address_size:
        op->u.address_size.size = ADDRESS_SIZE;
        return 0;
    case XEN_DOMCTL_gettscinfo:
        return domctl_get_tsc(d, &op->u.tsc_info);
    case XEN_DOMCTL_settscinfo:
        return domctl_set_tsc(d, &op->u.tsc_info);
    case XEN_DOMCTL_get_cpu_policy:
        return domctl_get_policy(d, &op->u.cpu_policy);
    case XEN_DOMCTL_set_cpu_policy:
        return domctl_set_policy(d, &op->u.cpu_policy);
    case XEN_DOMCTL_setnodeaffinity: /* one node: any choice is the same */
    case XEN_DOMCTL_memory_mapping:  /* for guests with a physmap; PV guests map by themselves */
        return 0;
    case XEN_DOMCTL_getnodeaffinity:
        return get_node_affinity(&op->u.nodeaffinity);
    case XEN_DOMCTL_assign_device: /* no device assignment, no introspection, no virtual NUMA */
    case XEN_DOMCTL_deassign_device:
    case XEN_DOMCTL_test_assign_device:
    case XEN_DOMCTL_get_device_group:
    case XEN_DOMCTL_bind_pt_irq:
    case XEN_DOMCTL_unbind_pt_irq:
    case XEN_DOMCTL_vm_event_op:
    case XEN_DOMCTL_monitor_op:
    case XEN_DOMCTL_setvnumainfo:
    case XEN_DOMCTL_soft_reset:
    case XEN_DOMCTL_set_virq_handler:
    case XEN_DOMCTL_get_paging_mempool_size:
    case XEN_DOMCTL_set_paging_mempool_size:
    case XEN_DOMCTL_vmtrace_op:
        return -EOPNOTSUPP;
    case XEN_DOMCTL_gethvmcontext: /* HVM guests only */
    case XEN_DOMCTL_sethvmcontext:
    case XEN_DOMCTL_gethvmcontext_partial:
    case XEN_DOMCTL_ioport_mapping:
    case XEN_DOMCTL_debug_op:
        return -EINVAL;
    case XEN_DOMCTL_psr_cmt_op:
    case XEN_DOMCTL_psr_alloc:
        return -ENODEV;
    }
    return -ENOSYS;
}

static long execute(struct domain *d, struct xen_domctl *op)
{
    long rc;

    if (d == current_domain() && not_on_oneself(op->cmd))
        return -EINVAL;
    rc = life_op(d, op);
    if (rc == -ENOSYS)
        rc = vcpu_op(d, op);
    return rc == -ENOSYS ? platform_op(d, op) : rc;
}

/* The domain with a reference. getdomaininfo lists: it means the first one from the given number on. */
static struct domain *lookup(const struct xen_domctl *op)
{
    if (op->cmd == XEN_DOMCTL_getdomaininfo && op->domain < DOMID_FIRST_RESERVED)
        return domain_next(op->domain);
    return domain_find(op->domain);
}

/* Finds the domain, takes the lock. */
static long locked(struct xen_domctl *op)
{
    struct domain *d = NULL;
    long rc;

    if (op->cmd == XEN_DOMCTL_getdomaininfo && op->domain >= DOMID_FIRST_RESERVED)
        return -EINVAL;
    if (op->cmd == XEN_DOMCTL_test_assign_device && op->domain == DOMID_INVALID)
        return current_domain()->privileged ? -EOPNOTSUPP : -EPERM; /* in general, of no domain */
    if (op->cmd != XEN_DOMCTL_createdomain) {
        d = lookup(op);
        if (!d)
            return -ESRCH;
    }
    if (d && !domain_controls(d)) {
        rc = -EPERM;
    } else if (!spin_trylock(&domctl_lock)) {
        rc = -ERESTART;
    } else {
        rc = d ? execute(d, op) : domctl_create(op);
        spin_unlock(&domctl_lock);
    }
    if (d)
        domain_put(d);
    return rc;
}

/* @arg: struct xen_domctl. @return 0, -EPERM, -EFAULT, -EACCES (other interface version), -ESRCH, by operation */
long do_domctl(vaddr_t arg)
{
    struct xen_domctl op;
    long rc;

    if (read_guest_struct(&op, arg))
        return -EFAULT;
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return -EACCES;
    if (op.cmd == XEN_DOMCTL_createdomain && !current_domain()->privileged)
        return -EPERM;
    rc = locked(&op);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_domctl, arg, 0, 0, 0, 0);
    if (rc == -EINVAL && op.cmd == XEN_DOMCTL_set_cpu_policy && write_guest_struct(arg, &op)) /* which leaf it was */
        return -EFAULT;
    return rc ? rc : write_guest_struct(arg, &op);
}
