/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Life of a domain: creation, pausing, shutdown, death in stages and the
 * freeing after the last reference. What lives in other files (event channels,
 * grants, memory, the kind's own state) is called from here in a fixed order.
 * Callers: control/ (domctl, dom0 builder), sched_op, everything that crashes a domain.
 * Locks: d->state_lock (LOCK_DOMAIN_STATE).
 */
#include "domain/domain.h"

#include "atomic.h"
#include "bug.h"
#include "domain/domain_table.h"
#include "domain/grant_table.h"
#include "domain/internal.h"
#include "domain/iomem.h"
#include "domain/pirq.h"
#include "errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "machine/console.h"
#include "machine/cpu.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include <xen/domctl.h>
#include <xen/sched.h>

#define MAX_CONTROLLER_PAUSES 255

enum kill_stage { KILL_NOT, KILL_EVENTS, KILL_GRANTS, KILL_SMALL, KILL_MEMORY, KILL_DONE };

static const struct domain_kind *kinds[2];
void (*machine_shutdown)(u8 reason) __noreturn;

void domain_register_kind(const struct domain_kind *kind, bool hvm)
{
    kinds[hvm] = kind;
}

static void domain_destroy(void *data);

static int check_config(domid_t id, const struct domain_config *cfg)
{
    if (id >= DOMID_FIRST_RESERVED || !kinds[cfg->hvm])
        return -EINVAL;
    if (cfg->max_vcpus == 0 || cfg->max_vcpus > MAX_VCPUS)
        return -EINVAL;
    return 0;
}

static struct domain *domain_alloc(domid_t id, const struct domain_config *cfg)
{
    struct domain *d = heap_new(struct domain);

    if (!d)
        return NULL;
    d->id = id;
    d->refs = 1;
    d->privileged = cfg->privileged;
    d->is_hvm = cfg->hvm;
    d->kind = kinds[cfg->hvm];
    d->max_vcpus = cfg->max_vcpus;
    d->create_flags = cfg->create_flags;
    d->ssidref = cfg->ssidref;
    memcpy(d->uuid, cfg->uuid, sizeof(d->uuid));
    memset(d->cpuid_limit, 0xff, sizeof(d->cpuid_limit));
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    d->controller_pauses = d->pause_count = 1;
    d->min_mfn = ~0UL;
    d->max_pages = cfg->privileged ? ~0UL : 0; /* XEN_DOMCTL_max_mem sets the limit */
    spin_lock_init(&d->lock, LOCK_DOMAIN);
    spin_lock_init(&d->state_lock, LOCK_DOMAIN_STATE);
    spin_lock_init(&d->page_lock, LOCK_DOMAIN_PAGES);
    spin_lock_init(&d->rights_lock, LOCK_RIGHTS);
    tasklet_init(&d->destroy, domain_destroy, d);
    return d;
}

/* What a domain consists of beside itself; all or nothing. */
static int make_parts(struct domain *d, const struct domain_config *cfg)
{
    int rc = sched_group_init(&d->group, d->id);

    if (rc)
        return rc;
    rc = event_domain_init(d, cfg->max_event_ports);
    if (rc)
        goto free_group;
    rc = grant_table_init(d, cfg->max_grant_frames, cfg->max_maptrack_frames);
    if (rc)
        goto free_events;
    rc = pirq_domain_init(d);
    if (rc)
        goto free_grants;
    rc = d->kind->domain_create(d);
    if (rc)
        goto free_pirqs;
    return 0;

free_pirqs:
    pirq_domain_destroy(d);
free_grants:
    grant_table_destroy(d);
free_events:
    event_domain_destroy(d);
free_group:
    sched_group_destroy(&d->group);
    return rc;
}

static void free_parts(struct domain *d)
{
    d->kind->domain_destroy(d);
    pirq_domain_destroy(d);
    grant_table_destroy(d);
    event_domain_destroy(d);
    sched_group_destroy(&d->group);
}

int domain_create(domid_t id, const struct domain_config *cfg, struct domain **out)
{
    int rc = check_config(id, cfg);
    struct domain *d;

    if (rc)
        return rc;
    d = domain_alloc(id, cfg);
    if (!d)
        return -ENOMEM;
    rc = -ENOMEM;
    d->vcpus = heap_array(cfg->max_vcpus, sizeof(*d->vcpus));
    if (!d->vcpus)
        goto free_domain;
    rc = make_parts(d, cfg);
    if (rc)
        goto free_vcpus;
    rc = -ENOMEM;
    d->shared_info = page_alloc();
    if (!d->shared_info)
        goto free_all_parts;
    domain_update_wallclock(d);
    rc = domain_table_insert(d);
    if (rc)
        goto free_shared_info;
    share_frame_with(d, d->shared_info, true);
    grant_table_share(d);
    if (cfg->privileged && id == 0)
        dom0 = d;
    *out = d;
    return 0;

free_shared_info:
    page_free(d->shared_info);
free_all_parts:
    free_parts(d);
free_vcpus:
    heap_free(d->vcpus);
free_domain:
    heap_free(d);
    return rc;
}

/*
 * In a tasklet, after the last reference, once on each CPU: whatever a CPU was doing when the domain left
 * the table, and may have found there without a lock, is over then (domain_table.c). The last one frees it.
 */
static void domain_destroy(void *data)
{
    struct domain *d = data;
    struct vcpu *v;
    unsigned cpu;

    for_each_online_cpu(cpu) {
        if (cpu > cpu_id()) {
            tasklet_schedule(&d->destroy, cpu);
            return;
        }
    }
    for (unsigned i = 0; i < NR_WATCHDOGS; i++)
        timer_kill(&d->watchdog[i]);
    for_each_vcpu(d, v)
        vcpu_destroy(v);
    free_parts(d);
    unshare_frame(d->shared_info);
    page_free(d->shared_info);
    range_list_free(d->iomem);
    heap_free(d->ioports);
    heap_free(d->irqs);
    heap_free(d->vcpus);
    if (d->target)
        domain_put(d->target);
    heap_free(d);
    event_send_global_virq(VIRQ_DOM_EXC); /* the toolstack waits for it to be gone */
}

void domain_pause_nosync(struct domain *d)
{
    struct vcpu *v;

    spin_lock(&d->state_lock);
    d->pause_count++;
    for_each_vcpu(d, v)
        sched_pause(&v->unit);
    spin_unlock(&d->state_lock);
}

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    domain_pause_nosync(d);
    for_each_vcpu(d, v)
        sched_sync(&v->unit);
}

void domain_unpause(struct domain *d)
{
    struct vcpu *v;

    spin_lock(&d->state_lock);
    ASSERT(d->pause_count > 0);
    d->pause_count--;
    for_each_vcpu(d, v)
        sched_unpause(&v->unit);
    spin_unlock(&d->state_lock);
}

/* A pause that domain_unpause_by_controller() will end. */
static int count_controller_pause(struct domain *d)
{
    int rc = 0;

    spin_lock(&d->state_lock);
    if (d->controller_pauses >= MAX_CONTROLLER_PAUSES)
        rc = -EOVERFLOW;
    else
        d->controller_pauses++;
    spin_unlock(&d->state_lock);
    return rc;
}

int domain_pause_by_controller(struct domain *d)
{
    int rc = count_controller_pause(d);

    if (!rc)
        domain_pause(d);
    return rc;
}

bool domain_stop_for_debugger(struct domain *d)
{
    if (!READ_ONCE(d->debugger) || count_controller_pause(d))
        return false;
    domain_pause_nosync(d);
    event_send_global_virq(VIRQ_DEBUGGER);
    return true;
}

int domain_unpause_by_controller(struct domain *d)
{
    int rc = 0;

    spin_lock(&d->state_lock);
    if (d->controller_pauses == 0)
        rc = -EINVAL;
    else
        d->controller_pauses--;
    spin_unlock(&d->state_lock);
    if (!rc)
        domain_unpause(d);
    return rc;
}

bool domain_is_paused(const struct domain *d)
{
    return READ_ONCE(d->pause_count) != 0;
}

/* The toolstack, or who subscribed to its suspending, hears of it. */
static void shutdown_notify(struct domain *d)
{
    evtchn_port_t port = READ_ONCE(d->suspend_port);

    if (d->shutdown_code == SHUTDOWN_suspend && port)
        (void)event_send(d, port);
    else
        event_send_global_virq(VIRQ_DOM_EXC);
}

void domain_shutdown(struct domain *d, u8 reason)
{
    struct vcpu *v;

    if (d == dom0 && machine_shutdown)
        machine_shutdown(d->shutdown_code != SHUTDOWN_CODE_NONE ? d->shutdown_code : reason);
    spin_lock(&d->state_lock);
    if (d->shutting_down) {
        spin_unlock(&d->state_lock);
        return;
    }
    d->shutting_down = true;
    if (d->shutdown_code == SHUTDOWN_CODE_NONE)
        d->shutdown_code = reason;
    for_each_vcpu(d, v)
        vcpu_hold(v, VPF_DOMAIN_SHUTDOWN);
    d->shut_down = true;
    spin_unlock(&d->state_lock);
    shutdown_notify(d);
}

void domain_resume(struct domain *d)
{
    struct vcpu *v;

    domain_pause(d);
    spin_lock(&d->state_lock);
    d->shutting_down = d->shut_down = false;
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    for_each_vcpu(d, v)
        vcpu_release(v, VPF_DOMAIN_SHUTDOWN);
    spin_unlock(&d->state_lock);
    domain_unpause(d);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    /* A guest may be started again and again: its lines are limited in rate. */
    void (*say)(enum log_level level, const char *fmt, ...) = d->privileged ? printk : guest_printk;
    char why[128];
    va_list args;

    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    for (size_t n = strlen(why); n && why[n - 1] == '\n'; n--)
        why[n - 1] = '\0';
    if (READ_ONCE(d->shutting_down))
        return;
    if (d == current_domain())
        say(LOG_ERROR, "d%dv%u crashed at rip %016lx: %s\n", d->id, current->id, guest_regs()->rip, why);
    else
        say(LOG_ERROR, "d%d crashed: %s\n", d->id, why);
    domain_shutdown(d, SHUTDOWN_crash);
}

/*
 * From here on nothing can be added: whoever does so looks at d->dying under the
 * lock of its table, each of which is taken once after the flag is set.
 */
static void kill_start(struct domain *d)
{
    domain_pause(d);
    WRITE_ONCE(d->dying, true);
    smp_mb();
    spin_lock(&d->page_lock);
    spin_unlock(&d->page_lock);
    event_domain_barrier(d);
    grant_table_barrier(d);
}

static void kill_finish(struct domain *d)
{
    (void)domain_set_claim(d, 0);
    grant_table_unshare(d);
    share_frame_drop(d->shared_info);
}

/* Gives back what is not memory and bounded in number. */
static void kill_small(struct domain *d)
{
    struct vcpu *v;

    pirq_release_all(d);
    for_each_vcpu(d, v)
        vcpu_unregister_info(v);
}

static int kill_step(struct domain *d)
{
    switch ((enum kill_stage)d->kill_stage) {
    case KILL_NOT:
        kill_start(d);
        return 0;
    case KILL_EVENTS:
        return event_domain_kill(d);
    case KILL_GRANTS:
        return grant_release_mappings(d);
    case KILL_SMALL:
        kill_small(d);
        return 0;
    case KILL_MEMORY:
        return d->kind->domain_relinquish(d);
    case KILL_DONE:
        break;
    }
    return -EINVAL;
}

int domain_kill(struct domain *d)
{
    int rc;

    if (d == current_domain() || d == dom0 || d->kill_stage == KILL_DONE)
        return -EINVAL;
    while (d->kill_stage != KILL_DONE) {
        rc = kill_step(d);
        if (rc)
            return rc;
        d->kill_stage++;
    }
    kill_finish(d);
    event_send_global_virq(VIRQ_DOM_EXC);
    domain_put(d); /* the one of its creation */
    return 0;
}

bool domain_is_dead(const struct domain *d)
{
    return READ_ONCE(d->kill_stage) == KILL_DONE;
}

void domain_subscribe_suspend(struct domain *d, evtchn_port_t port)
{
    WRITE_ONCE(d->suspend_port, port);
}

static void console_input(void)
{
    event_send_global_virq(VIRQ_CONSOLE);
}

void domains_init(void)
{
    sched_callbacks.context_switch = vcpu_context_switch;
    console_input_handler = console_input;
    spin_lock_init(&dom_xen->page_lock, LOCK_DOMAIN_PAGES);
    spin_lock_init(&dom_io->page_lock, LOCK_DOMAIN_PAGES);
    spin_lock_init(&dom_xen->rights_lock, LOCK_RIGHTS);
    spin_lock_init(&dom_io->rights_lock, LOCK_RIGHTS);
    domain_pages_init();
}
