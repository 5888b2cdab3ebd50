/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a checked guest to a paused domain with its devices: hypervisor limits, nodes in the store,
 * disks and interfaces, the build. On an error everything made so far is removed again. Called by
 * cmd_create.c and restart.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"

#define MAXMEM_SLACK_KIB 1024u  /* room for the frames that the hypervisor adds to a domain */

/* The grant table version to offer: the configuration's, else the newest the host has. */
static uint32_t grant_version(struct xl *xl, const struct guest *g)
{
    struct xen_sysctl_physinfo info;

    if (g->cfg.max_grant_version > 0)
        return (uint32_t)g->cfg.max_grant_version;
    if (hv_physinfo(&xl->hv, &info))
        return 1;
    return info.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2 ? 2 : 1;
}

static int make_domain(struct xl *xl, struct guest *g)
{
    struct xen_domctl_createdomain cfg = {
        .max_vcpus = g->cfg.maxvcpus,
        .max_evtchn_port = g->cfg.max_event_channels,
        .max_grant_frames = g->cfg.max_grant_frames,
        .max_maptrack_frames = g->cfg.max_maptrack_frames,
    };
    int rc;

    if (g->cfg.pool && xl_find_pool(xl, g->cfg.pool, &cfg.cpupool_id))
        return guest_fail(g, -ENOENT, "there is no CPU pool '%s': `xl cpupool-list` shows them",
                          g->cfg.pool);
    cfg.grant_opts = XEN_DOMCTL_GRANT_version(grant_version(xl, g));
    cfg.flags = g->cfg.iommu ? XEN_DOMCTL_CDF_iommu : 0;
    cfg.arch.misc_flags = g->cfg.msr_relaxed ? XEN_X86_MSR_RELAXED : 0;
    memcpy(cfg.handle, g->uuid, sizeof(g->uuid));
    g->domid = 0;
    rc = hv_domain_create(&xl->hv, &cfg, &g->domid);
    if (rc)
        return guest_fail(g, rc, "the hypervisor cannot create a domain: %s%s", strerror(-rc),
                          rc == -ENOMEM ? ": destroy a guest" : "");
    g->created = true;
    g->params.domid = g->domid;
    return 0;
}

/* The CPUs for VCPU; NULL: any. A list has an entry for each of the first virtual CPUs. */
static const char *list_for(const struct guest_cpus *c, unsigned int vcpu)
{
    if (c->n && !c->each)
        return c->list[0];
    return vcpu < c->n ? c->list[vcpu] : NULL;
}

static int pin_vcpus(struct xl *xl, struct guest *g)
{
    uint8_t hard[GUEST_CPUMAP_BYTES], soft[GUEST_CPUMAP_BYTES];
    struct cpu_topology topo;
    uint32_t *nodes = NULL;
    char why[128];
    int rc = 0;

    if (!g->cfg.cpus.n && !g->cfg.cpus_soft.n)
        return 0;
    if (xl_topology(xl, &topo, &nodes))
        rc = -EIO;
    for (unsigned int v = 0; !rc && v < g->cfg.maxvcpus; v++) {
        const char *h = list_for(&g->cfg.cpus, v);
        const char *s = list_for(&g->cfg.cpus_soft, v);

        if ((h && cpulist_parse(h, &topo, hard, sizeof(hard), why, sizeof(why))) ||
            (s && cpulist_parse(s, &topo, soft, sizeof(soft), why, sizeof(why))))
            rc = -EINVAL;
        else if (h || s)
            rc = hv_vcpu_set_affinity(&xl->hv, g->domid, v, h ? hard : NULL, s ? soft : NULL,
                                      sizeof(hard), 0);
    }
    free(nodes);
    return rc ? guest_fail(g, rc, "cannot pin its CPUs: %s", strerror(-rc)) : 0;
}

static int set_scheduling(struct xl *xl, struct guest *g)
{
    struct xen_domctl_sched_credit2 p;
    uint32_t pool = 0, sched;
    int rc = 0;

    if (g->cfg.weight < 0 && g->cfg.cap < 0)
        return 0;
    /* The scheduler is its pool's, which need not be the host's. */
    if (g->cfg.pool)
        rc = xl_find_pool(xl, g->cfg.pool, &pool);
    if (!rc)
        rc = xl_pool_sched(xl, pool, &sched);
    if (!rc)
        rc = hv_sched_get(&xl->hv, g->domid, sched, &p);
    if (g->cfg.weight >= 0)
        p.weight = (uint16_t)g->cfg.weight;
    if (g->cfg.cap >= 0)
        p.cap = (uint16_t)g->cfg.cap;
    if (!rc)
        rc = hv_sched_put(&xl->hv, g->domid, sched, &p);
    return rc ? guest_fail(g, rc, "cannot set cpu_weight or cap: %s", strerror(-rc)) : 0;
}

static int64_t time_offset(const struct guest *g)
{
    time_t now = time(NULL);
    struct tm tm;

    if (!g->cfg.localtime)
        return g->cfg.rtc_timeoffset;
    localtime_r(&now, &tm);
    return g->cfg.rtc_timeoffset + tm.tm_gmtoff;
}

static int set_limits(struct xl *xl, struct guest *g)
{
    struct hv *hv = &xl->hv;
    int rc = hv_domain_max_vcpus(hv, g->domid, g->cfg.maxvcpus);

    if (rc)
        return guest_fail(g, rc, "the hypervisor cannot make %u virtual CPUs: %s", g->cfg.maxvcpus,
                          strerror(-rc));
    rc = hv_domain_set_maxmem(hv, g->domid, g->cfg.memory_kib + MAXMEM_SLACK_KIB);
    if (!rc && g->cfg.tsc_mode)
        rc = hv_domain_set_tsc_mode(hv, g->domid, g->cfg.tsc_mode);
    if (!rc && time_offset(g))
        rc = hv_domain_set_time_offset(hv, g->domid, time_offset(g));
    if (rc)
        return guest_fail(g, rc, "the hypervisor refuses its limits: %s", strerror(-rc));
    rc = pin_vcpus(xl, g);
    return rc ? rc : set_scheduling(xl, g);
}

static int give_hardware(struct xl *xl, struct guest *g)
{
    int rc = 0;

    for (unsigned int i = 0; !rc && i < g->cfg.n_ioports; i++)
        rc = hv_domain_ioports(&xl->hv, g->domid, (uint32_t)g->cfg.ioports[i].start,
                               (uint32_t)g->cfg.ioports[i].count, 1);
    for (unsigned int i = 0; !rc && i < g->cfg.n_iomem; i++)
        rc = hv_domain_iomem(&xl->hv, g->domid, g->cfg.iomem[i].start, g->cfg.iomem[i].count, 1);
    for (unsigned int i = 0; !rc && i < g->cfg.n_irqs; i++)
        rc = hv_domain_irq(&xl->hv, g->domid, (uint32_t)g->cfg.irqs[i].start, 1);
    return rc ? guest_fail(g, rc, "the hypervisor refuses ioports=, iomem= or irqs=: %s",
                           strerror(-rc))
              : 0;
}

/* A kernel says what it can when it starts, not when it goes on; this one can suspend itself. */
static int restore(struct xl *xl, struct guest *g)
{
    struct build_error err;
    char path[64];
    int rc = pv_restore(&xl->hv, g->image_fd, &g->params, &g->built, &err);

    close(g->image_fd);
    g->image_fd = 0;
    if (rc)
        return guest_fail(g, rc, "%s", err.text);
    snprintf(path, sizeof(path), "/local/domain/%u/control/feature-suspend", g->domid);
    rc = xs_write(xl->xs, XS_NO_TX, path, "1", 1);
    return rc ? guest_fail(g, rc, "cannot write to the store: %s", strerror(-rc)) : 0;
}

static int build(struct xl *xl, struct guest *g)
{
    struct build_error err;
    int rc;

    if (g->image_fd)
        return restore(xl, g);
    rc = pv_build(&xl->hv, &g->kernel, &g->params, &g->built, &err);
    if (rc)
        return guest_fail(g, rc, "%s", err.text);
    kernel_close(&g->kernel);
    if (g->unpack_lock > 0)
        xl_unlock(g->unpack_lock);
    g->unpack_lock = 0;
    return 0;
}

/* The nodes of all devices: from here on they are this guest's. */
static int take_devices(struct xl *xl, struct guest *g)
{
    char why[400];
    int rc;

    g->loop_fd = calloc(g->cfg.disks + 1, sizeof(int));
    if (!g->loop_fd)
        return guest_fail(g, -ENOMEM, "out of memory");
    for (unsigned int i = 0; i < g->cfg.disks; i++) {
        rc = vbd_attach(xl, g->domid, &g->cfg.disk[i], i == 0, &g->loop_fd[i], why, sizeof(why));
        g->loops = i + 1;
        if (rc)
            return guest_fail(g, rc, "disk %s: %s", g->cfg.disk[i].vdev, why);
    }
    for (unsigned int i = 0; i < g->cfg.vifs; i++) {
        rc = vif_attach(xl, g->domid, &g->cfg.vif[i], why, sizeof(why));
        if (rc)
            return guest_fail(g, rc, "vif %d: %s", g->cfg.vif[i].devid, why);
    }
    return 0;
}

/* The back ends have worked side by side, and beside the build. */
static int await_devices(struct xl *xl, struct guest *g)
{
    char why[400];
    int rc;

    for (unsigned int i = 0; i < g->cfg.disks; i++) {
        rc = vbd_wait(xl, g->domid, &g->cfg.disk[i], why, sizeof(why));
        if (rc)
            return guest_fail(g, rc, "disk %s: %s", g->cfg.disk[i].vdev, why);
        if (g->loop_fd[i] >= 0)
            close(g->loop_fd[i]);
        g->loop_fd[i] = -1;
    }
    for (unsigned int i = 0; i < g->cfg.vifs; i++) {
        rc = vif_wait(xl, g->domid, &g->cfg.vif[i], why, sizeof(why));
        if (rc)
            return guest_fail(g, rc, "vif %d: %s", g->cfg.vif[i].devid, why);
    }
    return 0;
}

static int save(struct guest *g)
{
    int rc = userdata_fix(g);

    if (!rc)
        rc = userdata_save(g);
    return rc ? guest_fail(g, rc, "cannot save its configuration in %s: %s", XL_LIB_DIR,
                           strerror(-rc))
              : 0;
}

/* What was free when it was checked may have been taken since: it is looked at again, and taken. */
static int take_all(struct xl *xl, struct guest *g)
{
    int rc = guest_check_identity(xl, g, DOMID_INVALID);

    if (!rc)
        rc = guest_check_devices(xl, g, DOMID_INVALID);
    if (!rc && starting_own(g->journal))
        rc = guest_fail(g, -EIO, "cannot write to %s: %s", XL_RUN_DIR, strerror(errno));
    if (!rc)
        rc = make_domain(xl, g);
    if (!rc)
        rc = store_create(xl, g);
    if (!rc)
        rc = save(g);
    return rc ? rc : take_devices(xl, g);
}

/*
 * Name, UUID, disks, addresses: all under the lock, so that of two starts that want one thing only
 * one gets it. What takes long, the build, comes afterwards.
 */
static int take(struct xl *xl, struct guest *g)
{
    int lock = xl_lock(), rc;

    if (lock < 0)
        return guest_fail(g, lock, "cannot take the lock of all xl: %s", strerror(-lock));
    rc = take_all(xl, g);
    xl_unlock(lock);
    return rc;
}

int guest_create(struct xl *xl, struct guest *g)
{
    static const struct {
        int (*run)(struct xl *, struct guest *);
        const char *name;
    } steps[] = {
        { take, "domain" }, { set_limits, "limits" }, { guest_set_cpuid, "CPU features" },
        { give_hardware, "hardware" }, { build, "build" }, { store_finish, "store" },
        { await_devices, "devices" },
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i].run(xl, g);
        xl_note(xl, "guest '%s': %s: %s", g->cfg.name, steps[i].name, rc ? "failed" : "done");
    }
    if (rc && g->created) {
        int end = guest_begin_end(xl, g->domid);

        /* It did not fail by itself: nobody shall try again. */
        if (end == -EALREADY || end == -ESRCH)
            rc = -ECANCELED;
        guest_destroy(xl, g->domid);
        g->created = false;
    }
    return rc;
}

int guest_start(struct xl *xl, struct guest *g, bool run)
{
    int rc = starting_open(g->uuid);

    if (rc < 0)
        return guest_fail(g, rc, "cannot write to %s: %s", XL_RUN_DIR, strerror(-rc));
    g->journal = rc;
    rc = guest_create(xl, g);
    if (!rc && run) {
        rc = hv_domain_unpause(&xl->hv, g->domid);
        if (rc)
            rc = guest_fail(g, rc == -ESRCH ? -ECANCELED : rc, "it cannot run: %s", strerror(-rc));
    }
    starting_close(g->journal, g->uuid);
    g->journal = 0;
    return rc;
}
