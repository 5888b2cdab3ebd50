/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: what the control domain does with other domains (xen/domctl.h,
 * interface 0x15). Here the dispatch and the short operations; the topics are
 * in domctl_*.c. Lock: domctl_lock (LOCK_DOMCTL), one operation at a time; who
 * does not get it tries again after looking for other work.
 */
#include "control/ctl_bitmap.h"
#include "control/domain_info.h"
#include "control/domctl_ops.h"
#include "control/hypercall.h"
#include "domain/continuation.h"
#include "domain/privilege.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "mm/guest_access.h"

#define ADDRESS_SIZE 64

static struct spinlock domctl_lock = SPINLOCK_INIT(LOCK_DOMCTL);

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
    const unsigned long first = 1;

    return ctl_bitmap_put(&n->nodemap, &first, 1);
}

/* From now on breakpoints of its kernel stop the domain and raise VIRQ_DEBUGGER. */
static long set_debugging(struct domain *d, const struct xen_domctl_setdebugging *s)
{
    WRITE_ONCE(d->debugger, s->enable != 0);
    return 0;
}

/* A command: the domain it is about (NULL where the row says so), its structure. Result as the hypercall's. */
#define OP(name, call)                                              \
    static long op_##name(struct domain *d, struct xen_domctl *op)  \
    {                                                               \
        return (call);                                              \
    }

/* Its life. */
OP(create, domctl_create(op))
OP(destroy, domain_kill(d))
OP(pause, domain_pause_by_controller(d))
OP(unpause, domain_unpause_by_controller(d))
OP(resume, (domain_resume(d), 0))
OP(max_mem, domctl_max_mem(d, &op->u.max_mem))
OP(max_vcpus, domctl_max_vcpus(d, &op->u.max_vcpus))
OP(set_handle, set_handle(d, &op->u.setdomainhandle))
OP(set_time_offset, set_time_offset(d, &op->u.settimeoffset))
OP(subscribe, (domain_subscribe_suspend(d, op->u.subscribe.port), 0))
OP(set_target, domctl_set_target(d, &op->u.set_target))
OP(set_debugging, set_debugging(d, &op->u.setdebugging))

/* Its vCPUs. */
OP(set_context, domctl_set_context(d, &op->u.vcpucontext))
OP(get_context, domctl_get_context(d, &op->u.vcpucontext))
OP(vcpu_info, domctl_vcpu_info(d, &op->u.getvcpuinfo))
OP(set_affinity, domctl_affinity(d, &op->u.vcpuaffinity, true))
OP(get_affinity, domctl_affinity(d, &op->u.vcpuaffinity, false))
OP(scheduler, domctl_scheduler(d, &op->u.scheduler_op))
OP(trigger, domctl_trigger(d, &op->u.sendtrigger))
OP(set_ext_context, domctl_ext_context(d, &op->u.ext_vcpucontext, true))
OP(get_ext_context, domctl_ext_context(d, &op->u.ext_vcpucontext, false))
OP(set_ext_state, domctl_set_ext_state(d, &op->u.vcpuextstate))
OP(get_ext_state, domctl_get_ext_state(d, &op->u.vcpuextstate))
OP(set_msrs, domctl_msrs(d, &op->u.vcpu_msrs, true))
OP(get_msrs, domctl_msrs(d, &op->u.vcpu_msrs, false))

/* What its machine is like, and its rights. */
OP(permission, domctl_permission(d, op))
OP(page_info, domctl_page_info(d, &op->u.getpageframeinfo3))
OP(shadow, domctl_shadow(d, &op->u.shadow_op))
OP(hypercall_page, domctl_hypercall_page(d, &op->u.hypercall_init))
OP(set_address_size, set_address_size(&op->u.address_size))
OP(get_address_size, (op->u.address_size.size = ADDRESS_SIZE, 0))
OP(get_tsc, domctl_get_tsc(d, &op->u.tsc_info))
OP(set_tsc, domctl_set_tsc(d, &op->u.tsc_info))
OP(get_policy, domctl_get_policy(d, &op->u.cpu_policy))
OP(set_policy, domctl_set_policy(d, &op->u.cpu_policy))
OP(get_node_affinity, get_node_affinity(&op->u.nodeaffinity))

OP(nothing_to_do, 0)
OP(not_offered, -EOPNOTSUPP)
OP(hvm_only, -EINVAL)
OP(no_hardware, -ENODEV)

enum {
    NOT_SELF = 1,   /* by which a domain would pull the rug out from under itself: -EINVAL */
    NO_DOMAIN = 2,  /* about none that exists */
    MAYBE_NONE = 4, /* DOMID_INVALID asks in general */
    LISTS = 8,      /* means the first domain from the given number on */
};

/* Who may, as Xen 4.17 has it; nothing said is PRIV_CONTROL, Domain 0 alone. No row: -ENOSYS, and for others -EPERM. */
static const struct {
    long (*fn)(struct domain *d, struct xen_domctl *op);
    u8 who; /* enum privilege */
    u8 flags;
} ops[] = {
    [XEN_DOMCTL_createdomain] = { op_create, .flags = NO_DOMAIN },
    [XEN_DOMCTL_destroydomain] = { op_destroy, .flags = NOT_SELF },
    [XEN_DOMCTL_pausedomain] = { op_pause, .flags = NOT_SELF },
    [XEN_DOMCTL_unpausedomain] = { op_unpause, .flags = NOT_SELF },
    [XEN_DOMCTL_resumedomain] = { op_resume, .flags = NOT_SELF },
    [XEN_DOMCTL_getdomaininfo] = { info, PRIV_STORE, LISTS },
    [XEN_DOMCTL_max_mem] = { op_max_mem },
    [XEN_DOMCTL_max_vcpus] = { op_max_vcpus },
    [XEN_DOMCTL_setdomainhandle] = { op_set_handle },
    [XEN_DOMCTL_settimeoffset] = { op_set_time_offset },
    [XEN_DOMCTL_subscribe] = { op_subscribe },
    [XEN_DOMCTL_set_target] = { op_set_target },
    [XEN_DOMCTL_setdebugging] = { op_set_debugging, .flags = NOT_SELF },

    [XEN_DOMCTL_setvcpucontext] = { op_set_context, .flags = NOT_SELF },
    [XEN_DOMCTL_getvcpucontext] = { op_get_context, .flags = NOT_SELF },
    [XEN_DOMCTL_getvcpuinfo] = { op_vcpu_info },
    [XEN_DOMCTL_setvcpuaffinity] = { op_set_affinity },
    [XEN_DOMCTL_getvcpuaffinity] = { op_get_affinity },
    [XEN_DOMCTL_scheduler_op] = { op_scheduler },
    [XEN_DOMCTL_sendtrigger] = { op_trigger },
    [XEN_DOMCTL_set_ext_vcpucontext] = { op_set_ext_context, .flags = NOT_SELF },
    [XEN_DOMCTL_get_ext_vcpucontext] = { op_get_ext_context },
    [XEN_DOMCTL_setvcpuextstate] = { op_set_ext_state, .flags = NOT_SELF },
    [XEN_DOMCTL_getvcpuextstate] = { op_get_ext_state, .flags = NOT_SELF },
    [XEN_DOMCTL_set_vcpu_msrs] = { op_set_msrs },
    [XEN_DOMCTL_get_vcpu_msrs] = { op_get_msrs },

    [XEN_DOMCTL_irq_permission] = { op_permission },
    [XEN_DOMCTL_iomem_permission] = { op_permission },
    [XEN_DOMCTL_ioport_permission] = { op_permission },
    [XEN_DOMCTL_getpageframeinfo3] = { op_page_info },
    [XEN_DOMCTL_shadow_op] = { op_shadow, .flags = NOT_SELF },
    [XEN_DOMCTL_hypercall_init] = { op_hypercall_page },
    [XEN_DOMCTL_set_address_size] = { op_set_address_size },
    [XEN_DOMCTL_get_address_size] = { op_get_address_size },
    [XEN_DOMCTL_gettscinfo] = { op_get_tsc, .flags = NOT_SELF },
    [XEN_DOMCTL_settscinfo] = { op_set_tsc, .flags = NOT_SELF },
    [XEN_DOMCTL_get_cpu_policy] = { op_get_policy },
    [XEN_DOMCTL_set_cpu_policy] = { op_set_policy, .flags = NOT_SELF },
    [XEN_DOMCTL_setnodeaffinity] = { op_nothing_to_do }, /* one node: any choice is the same */
    [XEN_DOMCTL_getnodeaffinity] = { op_get_node_affinity },

    /* What a device model does for its guest. PV guests map by themselves; no device is assigned. */
    [XEN_DOMCTL_memory_mapping] = { op_nothing_to_do, PRIV_DEVICE_MODEL },
    [XEN_DOMCTL_ioport_mapping] = { op_hvm_only, PRIV_DEVICE_MODEL },
    [XEN_DOMCTL_bind_pt_irq] = { op_not_offered, PRIV_DEVICE_MODEL },
    [XEN_DOMCTL_unbind_pt_irq] = { op_not_offered, PRIV_DEVICE_MODEL },

    /* No device assignment, no introspection, no virtual NUMA, no memory pool for shadow tables. */
    [XEN_DOMCTL_assign_device] = { op_not_offered },
    [XEN_DOMCTL_deassign_device] = { op_not_offered },
    [XEN_DOMCTL_test_assign_device] = { op_not_offered, .flags = MAYBE_NONE },
    [XEN_DOMCTL_get_device_group] = { op_not_offered },
    [XEN_DOMCTL_vm_event_op] = { op_not_offered },
    [XEN_DOMCTL_monitor_op] = { op_not_offered },
    [XEN_DOMCTL_setvnumainfo] = { op_not_offered },
    [XEN_DOMCTL_soft_reset] = { op_not_offered },
    [XEN_DOMCTL_set_virq_handler] = { op_not_offered },
    [XEN_DOMCTL_get_paging_mempool_size] = { op_not_offered },
    [XEN_DOMCTL_set_paging_mempool_size] = { op_not_offered },
    [XEN_DOMCTL_vmtrace_op] = { op_not_offered },
    [XEN_DOMCTL_gethvmcontext] = { op_hvm_only },
    [XEN_DOMCTL_sethvmcontext] = { op_hvm_only },
    [XEN_DOMCTL_gethvmcontext_partial] = { op_hvm_only },
    [XEN_DOMCTL_debug_op] = { op_hvm_only },
    [XEN_DOMCTL_psr_cmt_op] = { op_no_hardware },
    [XEN_DOMCTL_psr_alloc] = { op_no_hardware },
};

static bool known(u32 cmd)
{
    return cmd < ARRAY_SIZE(ops) && ops[cmd].fn;
}

/* The domain that is meant, with a reference. @return 0, -ESRCH, -EINVAL */
static int lookup(const struct xen_domctl *op, u8 flags, struct domain **d)
{
    *d = NULL;
    if (flags & NO_DOMAIN || (flags & MAYBE_NONE && op->domain == DOMID_INVALID))
        return 0;
    if (flags & LISTS && op->domain >= DOMID_FIRST_RESERVED)
        return -EINVAL;
    *d = flags & LISTS ? domain_next(op->domain) : domain_find(op->domain);
    return *d ? 0 : -ESRCH;
}

/* The caller may: it happens, one at a time. */
static long execute(struct domain *d, struct xen_domctl *op)
{
    long rc;

    if (!known(op->cmd))
        return -ENOSYS;
    if (d == current_domain() && ops[op->cmd].flags & NOT_SELF)
        return -EINVAL;
    if (!spin_trylock(&domctl_lock))
        return -ERESTART;
    rc = ops[op->cmd].fn(d, op);
    spin_unlock(&domctl_lock);
    return rc;
}

static long run(struct xen_domctl *op)
{
    enum privilege who = known(op->cmd) ? (enum privilege)ops[op->cmd].who : PRIV_CONTROL;
    struct domain *d;
    long rc = lookup(op, known(op->cmd) ? ops[op->cmd].flags : 0, &d);

    if (rc)
        return rc;
    rc = domain_may(who, d) ? execute(d, op) : -EPERM;
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
    rc = run(&op);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_domctl, arg, 0, 0, 0, 0);
    if (rc == -EINVAL && op.cmd == XEN_DOMCTL_set_cpu_policy && write_guest_struct(arg, &op)) /* which leaf it was */
        return -EFAULT;
    return rc ? rc : write_guest_struct(arg, &op);
}
