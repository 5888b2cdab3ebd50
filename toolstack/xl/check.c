/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that can go wrong with a guest and can be known beforehand: kernel, ramdisk, memory,
 * name, CPUs, pool. Nothing exists yet when this runs, and nothing does when it fails. Devices are
 * judged in check_dev.c. Called by cmd_create.c and, for restarts, by monitor.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xl.h"

#define OVERHEAD_PAGES 1024u  /* what a small domain costs the hypervisor besides its own memory */

int guest_fail(struct guest *g, int rc, const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(g->why, sizeof(g->why), "guest '%s': ", g->cfg.name);

    va_start(ap, fmt);
    vsnprintf(g->why + n, sizeof(g->why) - (size_t)n, fmt, ap);
    va_end(ap);
    return rc;
}

int guest_fail_at(struct guest *g, int line, const char *fmt, ...)
{
    va_list ap;
    int n = line > 0 ? snprintf(g->why, sizeof(g->why), "%s:%d: guest '%s': ", g->cfg.file, line,
                                g->cfg.name)
                     : snprintf(g->why, sizeof(g->why), "guest '%s': ", g->cfg.name);

    if (n < 0 || (size_t)n >= sizeof(g->why))
        return -EINVAL;
    va_start(ap, fmt);
    vsnprintf(g->why + n, sizeof(g->why) - (size_t)n, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

#define PVGRUB "/usr/lib/hospes/firmware/pvgrub64.bin"  /* firmware/ */

/* A guest without kernel= boots from its disk. PV GRUB is the host's own on Hospes, else Debian's. */
static int choose_kernel(struct guest *g)
{
    static const char *const paths[] = {
        PVGRUB, "/usr/lib/xen-4.17/boot/pvgrub64.bin", "/usr/lib/grub-xen/grub-x86_64-xen.bin",
    };

    if (g->cfg.kernel)
        return 0;
    if (!g->cfg.disks)
        return guest_fail_at(g, 0, g->cfg.pvgrub ? "PV GRUB boots from a disk, and there is none: "
                             "add disk = [ ... ]" : "nothing to boot: add kernel = \"...\", or a "
                             "disk with its own kernel");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !g->cfg.kernel; i++)
        if (access(paths[i], R_OK) == 0 && !(g->cfg.kernel = strdup(paths[i])))
            return -ENOMEM;
    if (!g->cfg.kernel)
        return guest_fail_at(g, 0, "PV GRUB is not installed (" PVGRUB "): add kernel = \"...\"");
    return 0;
}

static int check_kernel(struct guest *g)
{
    struct build_error err;
    int rc = choose_kernel(g);

    if (rc)
        return rc;
    if (strlen(g->cfg.cmdline) >= MAX_GUEST_CMDLINE)
        return guest_fail_at(g, 0, "the kernel's command line has %zu characters, at most %d fit",
                             strlen(g->cfg.cmdline), MAX_GUEST_CMDLINE - 1);
    g->unpack_lock = xl_lock_file("xl-unpack", "another guest's kernel to be unpacked and built");
    if (kernel_open(g->cfg.kernel, &g->kernel, &err))
        return guest_fail_at(g, g->cfg.kernel_line, "%s", err.text);
    return 0;
}

static int check_ramdisk(struct guest *g)
{
    struct stat st;

    g->params.ramdisk_fd = -1;
    if (!g->cfg.ramdisk)
        return 0;
    g->params.ramdisk_fd = open(g->cfg.ramdisk, O_RDONLY | O_CLOEXEC);
    if (g->params.ramdisk_fd < 0)
        return guest_fail_at(g, g->cfg.ramdisk_line, "cannot open ramdisk '%s': %s",
                             g->cfg.ramdisk, strerror(errno));
    if (fstat(g->params.ramdisk_fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
        return guest_fail_at(g, g->cfg.ramdisk_line, "ramdisk '%s' is not a regular, non-empty "
                             "file", g->cfg.ramdisk);
    g->params.ramdisk_size = (uint64_t)st.st_size;
    return 0;
}

/* OWN: pages that come back before the build, because the guest replaces its earlier self. */
static int check_memory(struct xl *xl, struct guest *g, uint64_t own)
{
    struct build_error err;
    struct pv_layout layout;
    int64_t free_pages;

    g->params.nr_pages = g->cfg.memory_kib >> 2;
    g->params.map_bytes = g->cfg.maxmem_kib << 10;
    g->params.cmdline = g->cfg.cmdline;
    if (!g->image_fd && pv_layout(&g->kernel, &g->params, &layout, &err))
        return guest_fail_at(g, g->cfg.memory_line, "%s", err.text);
    free_pages = hv_free_pages(&xl->hv);
    if (free_pages < 0)
        return guest_fail(g, (int)free_pages, "the hypervisor does not tell its free memory: %s",
                          strerror((int)-free_pages));
    if (g->params.nr_pages + OVERHEAD_PAGES > (uint64_t)free_pages + own)
        return guest_fail_at(g, g->cfg.memory_line, "needs %llu MiB, %lld MiB free: lower memory= "
                             "or `xl mem-set Domain-0`",
                             (unsigned long long)((g->params.nr_pages + OVERHEAD_PAGES) >> 8),
                             (long long)((uint64_t)free_pages + own) >> 8);
    return 0;
}

static int check_uuid(struct xl *xl, struct guest *g)
{
    dominfo_t *list;
    int n = xl_domains(xl, &list), rc = 0;

    for (int i = 0; i < n && !rc; i++)
        if (!(list[i].flags & XEN_DOMINF_dying) && !memcmp(list[i].handle, g->uuid, 16))
            rc = guest_fail_at(g, 0, "domain %u already has this uuid: choose another",
                               list[i].domain);
    if (n >= 0)
        free(list);
    return rc;
}

int guest_check_identity(struct xl *xl, struct guest *g, uint32_t restart)
{
    uint32_t other;

    if (xl_lookup(xl, g->cfg.name, &other) == 0 && other != restart) {
        guest_fail_at(g, g->cfg.name_line, "domain %u already has this name: choose another, or "
                      "`xl destroy %s`", other, g->cfg.name);
        return -EEXIST;
    }
    return restart == DOMID_INVALID ? check_uuid(xl, g) : 0;
}

static int check_list(struct guest *g, const struct guest_cpus *c, const char *key,
                      const struct cpu_topology *topo)
{
    uint8_t map[GUEST_CPUMAP_BYTES];
    char why[128];

    for (unsigned int i = 0; i < c->n; i++)
        if (cpulist_parse(c->list[i], topo, map, sizeof(map), why, sizeof(why)))
            return guest_fail_at(g, g->cfg.cpus_line, "%s: %s", key, why);
    return 0;
}

static int check_cpus(struct xl *xl, struct guest *g)
{
    struct cpu_topology topo;
    uint32_t *nodes = NULL;
    int rc = xl_topology(xl, &topo, &nodes);

    if (rc) {
        free(nodes);
        return guest_fail(g, rc, "the hypervisor does not tell its CPUs: %s", strerror(-rc));
    }
    rc = check_list(g, &g->cfg.cpus, "cpus", &topo);
    if (!rc)
        rc = check_list(g, &g->cfg.cpus_soft, "cpus_soft", &topo);
    free(nodes);
    return rc;
}

static int check_type(struct guest *g)
{
    if (g->cfg.type == GUEST_PV)
        return 0;
    return guest_fail_at(g, 0, "type \"%s\" is not implemented yet: use type = \"pv\"",
                         g->cfg.type == GUEST_PVH ? "pvh" : "hvm");
}

/* Grant limits: the configuration's, else the host's, else the hypervisor's own (-1). */
static void choose_limits(struct guest *g, const struct xl_conf *conf)
{
    if (g->cfg.max_grant_frames < 0)
        g->cfg.max_grant_frames = conf->max_grant_frames;
    if (g->cfg.max_maptrack_frames < 0)
        g->cfg.max_maptrack_frames = conf->max_maptrack_frames;
    if (g->cfg.max_grant_version < 0)
        g->cfg.max_grant_version = conf->max_grant_version;
    for (unsigned int i = 0; i < g->cfg.vifs; i++) {
        struct vif_spec *v = &g->cfg.vif[i];

        if (!v->bridge && !v->script)
            v->bridge = strdup(conf->bridge);
        if (!v->script && conf->vif_script)
            v->script = strdup(conf->vif_script);
    }
}

/* A first look, to fail early; guest_create() looks again. */
static int check_devices(struct xl *xl, struct guest *g, uint32_t restart)
{
    int lock = xl_lock(), rc;

    if (lock < 0)
        return guest_fail(g, lock, "cannot take the lock of all xl: %s", strerror(-lock));
    rc = guest_check_devices(xl, g, restart);
    xl_unlock(lock);
    return rc;
}

int guest_check(struct xl *xl, struct guest *g, const struct xl_conf *conf, uint32_t restart)
{
    dominfo_t old = { .tot_pages = 0 };
    int rc;

    if (restart != DOMID_INVALID && hv_domain_info(&xl->hv, restart, &old))
        old.tot_pages = 0;
    choose_limits(g, conf);
    rc = check_type(g);
    if (!rc)
        rc = guest_check_identity(xl, g, restart);
    if (!rc)
        rc = check_cpus(xl, g);
    if (!rc)
        rc = guest_check_cpuid(xl, g);
    /* Cheap checks come before unpacking the kernel. */
    if (!rc)
        rc = check_devices(xl, g, restart);
    if (!rc && !g->image_fd)
        rc = check_ramdisk(g);
    if (!rc && !g->image_fd)
        rc = check_kernel(g);
    if (!rc)
        rc = check_memory(xl, g, old.tot_pages);
    return rc;
}

void guest_free(struct guest *g)
{
    for (unsigned int i = 0; i < g->loops; i++)
        if (g->loop_fd[i] >= 0)
            close(g->loop_fd[i]);
    free(g->loop_fd);
    if (g->params.ramdisk_fd > 0)
        close(g->params.ramdisk_fd);
    kernel_close(&g->kernel);
    if (g->unpack_lock > 0)
        close(g->unpack_lock);
    starting_close(g->journal, g->uuid);
    if (g->image_fd > 0)
        close(g->image_fd);
    guest_config_free(&g->cfg);
    cfg_free(&g->tree);
    memset(g, 0, sizeof(*g));
}
