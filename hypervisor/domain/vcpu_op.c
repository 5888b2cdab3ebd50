/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HYPERVISOR_vcpu_op: a guest brings its vCPUs up and down, reads their state,
 * sets timers and names the areas that we keep up to date (xen/vcpu.h). Checks
 * and error codes are Xen 4.17's. Lock: d->lock while a context or vcpu_info is set.
 */
#include "domain/domain.h"
#include "domain/hypercalls.h"
#include "domain/internal.h"
#include "domain/vcpu_time.h"
#include "errno.h"
#include "machine/cpu.h"
#include "machine/layout.h"
#include "machine/smp.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include <xen/sched.h>

#define MIN_PERIOD 1000000UL   /* 1 ms */
#define MAX_PERIOD (1UL << 56) /* about two years */

static long initialise(struct vcpu *v, vaddr_t arg)
{
    struct domain *d = v->domain;
    struct vcpu_guest_context *c;
    long rc;

    if (vcpu_info_is_dummy(v))
        return -EINVAL;
    c = heap_new(struct vcpu_guest_context);
    if (!c)
        return -ENOMEM;
    if (read_guest_struct(c, arg)) {
        rc = -EFAULT;
    } else {
        spin_lock(&d->lock);
        rc = v->initialised ? -EEXIST : vcpu_set_context(v, c);
        spin_unlock(&d->lock);
    }
    heap_free(c);
    if (rc == -ERESTART)
        return hypercall_continue(__HYPERVISOR_vcpu_op, VCPUOP_initialise, v->id, arg, 0, 0);
    return rc;
}

/* The last vCPU that goes down takes the domain with it. */
static long down(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct vcpu *other;

    for_each_vcpu(d, other) {
        if (other != v && !READ_ONCE(other->down))
            return vcpu_down(v);
    }
    domain_shutdown(d, SHUTDOWN_poweroff);
    return 0;
}

static long get_runstate(struct vcpu *v, vaddr_t arg)
{
    struct vcpu_runstate_info r;

    vcpu_runstate_get(v, &r);
    return write_guest_struct(arg, &r);
}

static long register_runstate(struct vcpu *v, vaddr_t arg)
{
    struct vcpu_register_runstate_memory_area a;
    struct vcpu_runstate_info r;

    if (read_guest_struct(&a, arg))
        return -EFAULT;
    if (!guest_range_ok(a.addr.p, sizeof(r)))
        return -EFAULT;
    v->runstate_guest = a.addr.p;
    if (!a.addr.p)
        return 0;
    if (v == current)
        vcpu_runstate_raw(v, &r);
    else
        vcpu_runstate_get(v, &r);
    (void)guest_write(a.addr.p, &r,
                      sizeof(r)); /* as Xen: an area that is not mapped now may be later */
    return 0;
}

static long set_periodic(struct vcpu *v, vaddr_t arg)
{
    struct vcpu_set_periodic_timer p;

    if (read_guest_struct(&p, arg))
        return -EFAULT;
    if (p.period_ns < MIN_PERIOD || p.period_ns > MAX_PERIOD)
        return -EINVAL;
    vcpu_set_periodic(v, p.period_ns);
    return 0;
}

/*
 * VCPU_SSHOTTMR_future may be ignored (xen/vcpu.h), and Xen 4.17 does: a time in the past fires at
 * once.
 */
static long set_singleshot(struct vcpu *v, vaddr_t arg)
{
    struct vcpu_set_singleshot_timer s;

    if (v != current)
        return -EINVAL;
    if (read_guest_struct(&s, arg))
        return -EFAULT;
    timer_migrate(&v->singleshot_timer, cpu_id());
    timer_set(&v->singleshot_timer, s.timeout_abs_ns);
    return 0;
}

static long register_info(struct vcpu *v, vaddr_t arg)
{
    struct vcpu_register_vcpu_info i;
    struct domain *d = v->domain;
    long rc;

    if (read_guest_struct(&i, arg))
        return -EFAULT;
    spin_lock(&d->lock);
    rc = vcpu_register_info(v, i.mfn, i.offset);
    spin_unlock(&d->lock);
    if (!rc && v == current)
        vcpu_update_time(v);
    return rc;
}

static long get_physid(struct vcpu *v, vaddr_t arg)
{
    struct vcpu_get_physid p;
    unsigned cpu = v->unit.cpu, n = 0;

    for_each_online_cpu(cpu)
        n += cpumask_test(&v->unit.hard, cpu);
    if (!v->domain->privileged || n != 1)
        return -EINVAL; /* only a pinned vCPU of Domain 0 has one */
    cpu = v->unit.cpu;
    p.phys_id = (u64)cpu_apic_id(cpu) | (u64)cpu << 32;
    return write_guest_struct(arg, &p);
}

static long register_time(struct vcpu *v, vaddr_t arg)
{
    struct vcpu_register_time_memory_area a;

    if (read_guest_struct(&a, arg))
        return -EFAULT;
    if (!guest_range_ok(a.addr.p, sizeof(struct vcpu_time_info)))
        return -EFAULT;
    v->time_guest = a.addr.p;
    if (v == current && a.addr.p)
        vcpu_update_areas(v);
    return 0;
}

long do_vcpu_op(u64 cmd, u64 vcpuid, vaddr_t arg)
{
    struct vcpu *v = domain_vcpu(current_domain(), vcpuid);

    if (!v)
        return -ENOENT;
    switch (cmd) {
    case VCPUOP_initialise:
        return initialise(v, arg);
    case VCPUOP_up:
        return vcpu_up(v);
    case VCPUOP_down:
        return down(v);
    case VCPUOP_is_up:
        return !READ_ONCE(v->down);
    case VCPUOP_get_runstate_info:
        return get_runstate(v, arg);
    case VCPUOP_register_runstate_memory_area:
        return register_runstate(v, arg);
    case VCPUOP_set_periodic_timer:
        return set_periodic(v, arg);
    case VCPUOP_stop_periodic_timer:
        vcpu_set_periodic(v, 0);
        return 0;
    case VCPUOP_set_singleshot_timer:
        return set_singleshot(v, arg);
    case VCPUOP_stop_singleshot_timer:
        if (v != current)
            return -EINVAL;
        timer_stop(&v->singleshot_timer);
        return 0;
    case VCPUOP_register_vcpu_info:
        return register_info(v, arg);
    case VCPUOP_send_nmi:
        v->nmi_pending = true;
        vcpu_kick(v);
        return 0;
    case VCPUOP_get_physid:
        return get_physid(v, arg);
    case VCPUOP_register_vcpu_time_memory_area:
        return register_time(v, arg);
    }
    return -ENOSYS;
}
