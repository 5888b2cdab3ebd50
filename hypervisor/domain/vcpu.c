/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life of a vCPU: creation, its vcpu_info, being woken, kicked, paused, taken
 * down and up, and the idle vCPUs. Callers: control/, vcpu_op.c, event channels.
 * Locks: d->state_lock while it is published; d->lock (LOCK_DOMAIN) for its context.
 */
#include "atomic.h"
#include "bug.h"
#include "domain/domain.h"
#include "domain/internal.h"
#include "domain/vcpu_time.h"
#include "errno.h"
#include "lib/string.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/smp.h"
#include "mm/buddy.h"
#include "mm/heap.h"

#define PV_DEFAULT_TICK 10000000UL /* PV guests start with a 100 Hz VIRQ_TIMER, as on Xen */

static struct domain idle_domain = {.id = DOMID_IDLE, .refs = 1};

bool vcpu_info_is_dummy(const struct vcpu *v)
{
    return v->info == &v->own_info;
}

/* The CPU on which a new vCPU starts: spread over those that are online. */
static unsigned start_cpu(const struct domain *d, unsigned id)
{
    unsigned n = (d->id + id) % MAX(cpu_count, 1u), cpu;

    for_each_online_cpu(cpu) {
        if (n-- == 0)
            return cpu;
    }
    return cpumask_first(&cpu_online_mask);
}

static void fpu_reset(struct vcpu *v)
{
    fpu_area_init(v->fpu);
    v->xcr0 = fpu_xcr0_mask ? 1 : 0; /* x87 only, SDM Vol 1 13.3 */
    v->dirty_cpu = DIRTY_CPU_NONE;
}

static int vcpu_alloc(struct domain *d, unsigned id, struct vcpu **out)
{
    struct vcpu *v = heap_new(struct vcpu);

    if (!v)
        return -ENOMEM;
    v->fpu = heap_alloc(fpu_area_size());
    if (!v->fpu) {
        heap_free(v);
        return -ENOMEM;
    }
    fpu_reset(v);
    v->domain = d;
    v->id = id;
    v->info_mfn = INVALID_MFN;
    v->own_info.evtchn_upcall_mask = 1;
    v->info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id] : &v->own_info;
    v->pause_flags = VPF_DOWN;
    v->down = true;
    *out = v;
    return 0;
}

int vcpu_create(struct domain *d, unsigned id)
{
    unsigned cpu;
    struct vcpu *v;
    int rc;

    if (id >= d->max_vcpus)
        return -EINVAL;
    if (d->vcpus[id])
        return -EEXIST;
    rc = vcpu_alloc(d, id, &v);
    if (rc)
        return rc;
    cpu = start_cpu(d, id);
    rc = sched_unit_init(&v->unit, v, &d->group, cpu, false); /* with one pause: VPF_DOWN */
    if (rc)
        goto free_vcpu;
    rc = d->kind->vcpu_create(v);
    if (rc)
        goto free_unit;
    vcpu_timers_init(v, cpu);
    if (!d->is_hvm) {
        v->periodic_period = PV_DEFAULT_TICK;
        v->info->evtchn_upcall_mask = 1;
    }

    spin_lock(&d->state_lock);
    if (d->dying || d->vcpus[id]) {
        spin_unlock(&d->state_lock);
        rc = d->dying ? -EINVAL : -EEXIST;
        goto free_kind;
    }
    for (unsigned i = 0; i < d->pause_count; i++)
        sched_pause(&v->unit);
    atomic_store(&d->vcpus[id], v);
    spin_unlock(&d->state_lock);
    return 0;

free_kind:
    d->kind->vcpu_destroy(v);
free_unit:
    sched_unit_destroy(&v->unit);
free_vcpu:
    heap_free(v->fpu);
    heap_free(v);
    return rc;
}

/* After the last reference to its domain: nobody runs it, nobody finds it. */
void vcpu_destroy(struct vcpu *v)
{
    vcpu_timers_kill(v);
    v->domain->kind->vcpu_destroy(v);
    sched_unit_destroy(&v->unit);
    heap_free(v->fpu);
    heap_free(v);
}

struct vcpu *idle_vcpu_create(unsigned cpu)
{
    struct vcpu *v = heap_new(struct vcpu);

    if (!v)
        return NULL;
    v->domain = &idle_domain;
    v->id = cpu;
    v->dirty_cpu = DIRTY_CPU_NONE;
    v->own_info.evtchn_upcall_mask = 1;
    v->info = &v->own_info;
    v->info_mfn = INVALID_MFN;
    sched_unit_init(&v->unit, v, NULL, cpu, true);
    return v;
}

int vcpu_down(struct vcpu *v)
{
    spin_lock(&v->domain->state_lock);
    v->down = true;
    vcpu_hold(v, VPF_DOWN);
    spin_unlock(&v->domain->state_lock);
    return 0;
}

int vcpu_up(struct vcpu *v)
{
    struct domain *d = v->domain;
    int rc = 0;

    spin_lock(&d->lock);
    if (!v->initialised) {
        rc = -EINVAL;
    } else {
        spin_lock(&d->state_lock);
        v->down = false;
        vcpu_release(v, VPF_DOWN);
        spin_unlock(&d->state_lock);
    }
    spin_unlock(&d->lock);
    return rc;
}

void vcpu_forget_cpu(struct vcpu *v)
{
    v->dirty_cpu = DIRTY_CPU_NONE;
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = v->domain->kind->set_context(v, c);

    if (!rc)
        vcpu_forget_cpu(v);
    return rc;
}

int vcpu_reset(struct vcpu *v)
{
    struct domain *d = v->domain;
    int rc;

    spin_lock(&d->lock);
    vcpu_down(v); /* before its page tables go, which may take several calls */
    rc = d->kind->reset_vcpu(v);
    if (!rc) {
        fpu_reset(v);
        vcpu_unblock(v); /* it waits for nothing any more */
    }
    spin_unlock(&d->lock);
    return rc;
}

/*
 * Moves the vcpu_info of @v to the guest's frame; everything counts as pending, so that nothing is
 * lost.
 */
static void info_move(struct vcpu *v, struct vcpu_info *to)
{
    if (vcpu_info_is_dummy(v)) {
        memset(to, 0, sizeof(*to));
        to->evtchn_upcall_mask = 1;
    } else {
        memcpy(to, v->info, sizeof(*to));
    }
    atomic_store(&v->info, to);
    smp_mb(); /* senders see the new place before the flags below are set */
    WRITE_ONCE(to->evtchn_upcall_pending, 1);
    WRITE_ONCE(to->evtchn_pending_sel, ~0UL);
    vcpu_kick(v);
}

int vcpu_register_info(struct vcpu *v, u64 gfn, u32 offset)
{
    struct domain *d = v->domain;
    struct frame *f;
    mfn_t mfn = MFN(gfn);

    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % _Alignof(struct vcpu_info))
        return -ENXIO;
    if (!mfn_eq(v->info_mfn, INVALID_MFN))
        return -EINVAL;
    if (v != current && !(READ_ONCE(v->pause_flags) & VPF_DOWN))
        return -EINVAL;
    if (!mfn_valid(mfn))
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (frame_get_and_type(f, d->id, FRAME_WRITABLE))
        return -EINVAL;
    v->info_mfn = mfn;
    info_move(v, (struct vcpu_info *)((char *)mfn_to_virt(mfn) + offset));
    return 0;
}

void vcpu_unregister_info(struct vcpu *v)
{
    if (mfn_eq(v->info_mfn, INVALID_MFN))
        return;
    atomic_store(&v->info, &v->own_info);
    frame_put_and_type(mfn_to_frame(v->info_mfn));
    v->info_mfn = INVALID_MFN;
}
