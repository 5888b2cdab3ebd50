/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a domain for listings; flags as Xen's tools read them ("r-----"). Called by sysctl and domctl. */
#include "control/domain_info.h"

#include "lib/string.h"
#include "machine/cpu_features.h"
#include "machine/time.h"

nsec_t vcpu_run_time(const struct vcpu *v)
{
    enum run_state state;
    nsec_t entry, times[4], now;

    sched_times(&v->unit, &state, &entry, times);
    now = system_time();
    if (state == RUN_RUNNING && now > entry)
        times[state] += now - entry;
    return times[RUN_RUNNING];
}

/* Adds up its vCPUs. */
static void fill_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    struct vcpu *v;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info->flags |= XEN_DOMINF_blocked;
    for_each_vcpu(d, v) {
        info->cpu_time += vcpu_run_time(v);
        info->max_vcpu_id = v->id;
        if (READ_ONCE(v->pause_flags) & VPF_DOWN)
            continue;
        info->nr_online_vcpus++;
        if (!READ_ONCE(v->unit.blocked))
            info->flags &= ~(u32)XEN_DOMINF_blocked;
        if (READ_ONCE(v->unit.running))
            info->flags |= XEN_DOMINF_running;
    }
}

void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    memset(info, 0, sizeof(*info));
    info->domain = d->id;
    fill_vcpus(d, info);
    info->flags |= (domain_is_dead(d) ? XEN_DOMINF_dying : 0) | (d->shut_down ? XEN_DOMINF_shutdown : 0) |
                   (d->controller_pauses ? XEN_DOMINF_paused : 0) | (d->is_hvm ? XEN_DOMINF_hvm_guest : 0) |
                   (d->debugger ? XEN_DOMINF_debugged : 0) |
                   (d->create_flags & XEN_DOMCTL_CDF_xs_domain ? XEN_DOMINF_xs_domain : 0) |
                   (u32)d->shutdown_code << XEN_DOMINF_shutdownshift;
    info->tot_pages = d->tot_pages;
    info->max_pages = d->max_pages;
    info->outstanding_pages = d->claimed_pages;
    info->shared_info_frame = virt_to_mfn(d->shared_info).n;
    info->ssidref = d->ssidref;
    memcpy(info->handle, d->uuid, sizeof(info->handle));
    info->gpaddr_bits = boot_cpu.phys_bits;
}
