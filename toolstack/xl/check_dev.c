/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the devices of a guest can be had: targets exist and are not in use elsewhere, bridges
 * and scripts exist, addresses are free, Domain 0 has the drivers. Conflicts are looked up in the
 * trusted copies under /libxl, never in what a guest can write. Called by check.c and the attach
 * commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hotplug/hotplug.h"
#include "xl.h"

#define BACKEND_DRIVERS "/sys/bus/xen-backend/drivers/"

static bool same_object(const struct stat *a, const struct stat *b)
{
    if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
        return a->st_rdev == b->st_rdev;
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT);
}

/* The images that only a device model could read announce themselves in their first bytes. */
static const char *image_format(const char *path)
{
    char head[8] = { 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return NULL;
    if (read(fd, head, sizeof(head)) < 4)
        head[0] = '\0';
    close(fd);
    if (!memcmp(head, "QFI\xfb", 4))
        return "qcow2";
    if (!memcmp(head, "QED", 4))
        return "qed";
    return !memcmp(head, "conectix", 8) ? "vhd" : NULL;
}

static int check_disk_format(struct guest *g, const struct disk_spec *d)
{
    const char *format = d->format == DISK_RAW ? image_format(d->target)
                                               : disk_format_name(d->format);

    if (d->virtio || d->colo)
        return guest_fail_at(g, d->line, "disk %s: %s is not implemented: remove it", d->vdev,
                             d->virtio ? "specification=virtio" : "COLO");
    if (d->backendtype == DISK_BACKEND_QDISK || d->backendtype == DISK_BACKEND_STANDALONE)
        return guest_fail_at(g, d->line, "disk %s: only backendtype=phy is implemented: remove "
                             "backendtype=", d->vdev);
    if (format && d->format != DISK_EMPTY)
        return guest_fail_at(g, d->line, "disk %s: '%s' has format %s, only raw works: qemu-img "
                             "convert -O raw", d->vdev, d->target, format);
    return 0;
}

/* A block device that Domain 0 has mounted must not be written by a guest. */
static int check_mounted(struct guest *g, const struct disk_spec *d, const struct stat *st)
{
    FILE *f = d->readwrite && S_ISBLK(st->st_mode) ? setmntent("/proc/mounts", "re") : NULL;
    struct mntent *m;
    int rc = 0;

    if (!f)
        return 0;
    while (!rc && (m = getmntent(f))) {
        struct stat other;

        if (m->mnt_fsname[0] == '/' && !stat(m->mnt_fsname, &other) && S_ISBLK(other.st_mode) &&
            other.st_rdev == st->st_rdev)
            rc = guest_fail_at(g, d->line, "disk %s: '%s' is mounted in Domain 0 at %s: unmount "
                               "it first", d->vdev, d->target, m->mnt_dir);
    }
    endmntent(f);
    return rc;
}

/* True if the other guest's disk is the same object and one of the two writes to it. */
static bool disk_conflicts(struct xl *xl, const struct device *other, const struct disk_spec *d,
                           const struct stat *st)
{
    char path[DEV_PATH_MAX], *params, *mode;
    struct stat theirs;
    bool conflict = false;

    dev_libxl_path(other, path, sizeof(path));
    params = xs_string(xl->xs, "%s/params", path);
    mode = xs_string(xl->xs, "%s/mode", path);
    if (params && mode && !stat(params, &theirs) && same_object(&theirs, st))
        conflict = d->readwrite || *mode == 'w';
    free(params);
    free(mode);
    return conflict;
}

/* Calls back for every device of KIND of every domain; stops when the call returns true. */
static bool each_device(struct xl *xl, const char *kind,
                        bool (*test)(struct xl *, const struct device *, void *), void *arg,
                        uint32_t *owner)
{
    char **ids;
    unsigned int n;
    bool found = false;

    if (xs_list(xl->xs, XS_NO_TX, "/libxl", &ids, &n))
        return false;
    for (unsigned int i = 0; i < n && !found; i++) {
        struct device *list;
        unsigned long domid;
        int count;

        if (xl_parse_uint(ids[i], DOMID_FIRST_RESERVED, &domid))
            continue;
        count = dev_list(xl, (uint32_t)domid, kind, &list);
        for (int j = 0; j < count && !found; j++) {
            found = test(xl, &list[j], arg);
            *owner = (uint32_t)domid;
        }
        free(list);
    }
    free(ids);
    return found;
}

struct disk_query {
    const struct disk_spec *disk;
    const struct stat *st;
    uint32_t own;
};

static bool disk_test(struct xl *xl, const struct device *other, void *arg)
{
    const struct disk_query *q = arg;

    return other->domid != q->own && disk_conflicts(xl, other, q->disk, q->st);
}

/* Two disks of the same guest on one object, one of them writable. */
static int check_disk_twice(struct guest *g, const struct disk_spec *d, const struct stat *st)
{
    for (const struct disk_spec *o = g->cfg.disk; o < d && o < g->cfg.disk + g->cfg.disks; o++) {
        struct stat other;

        if ((o->readwrite || d->readwrite) && *o->target && !o->script &&
            !stat(o->target, &other) && same_object(&other, st))
            return guest_fail_at(g, d->line, "disk %s: '%s' is already %s of this guest", d->vdev,
                                 d->target, o->vdev);
    }
    return 0;
}

static int check_script(struct guest *g, int line, const char *what, const char *name)
{
    char path[PATH_MAX];

    script_path(name, path, sizeof(path));
    if (access(path, X_OK))
        return guest_fail_at(g, line, "%s: cannot run script '%s': %s", what, path,
                             strerror(errno));
    return 0;
}

int resolve_backend(struct xl *xl, const char *name, uint32_t *domid)
{
    *domid = 0;
    return name ? xl_lookup(xl, name, domid) : 0;
}

static int check_backend(struct xl *xl, struct guest *g, int line, const char *what,
                         const char *name, uint32_t *domid)
{
    if (resolve_backend(xl, name, domid))
        return guest_fail_at(g, line, "%s: there is no back-end domain '%s'", what, name);
    return 0;
}

int check_disk(struct xl *xl, struct guest *g, struct disk_spec *d, uint32_t own)
{
    struct disk_query q = { .disk = d, .own = own };
    uint32_t backend, owner;
    char what[64], name[128];
    struct stat st;
    int rc;

    snprintf(what, sizeof(what), "disk %.40s", d->vdev);
    rc = check_backend(xl, g, d->line, what, d->backend, &backend);
    if (rc)
        return rc;
    if (strlen(d->target) > DEV_VALUE_MAX)
        return guest_fail_at(g, d->line, "%s: its target has more than %d characters", what,
                             DEV_VALUE_MAX);
    if (d->script)
        return check_script(g, d->line, what, d->script);
    if (d->format == DISK_EMPTY)
        return guest_fail_at(g, d->line, "%s: an empty drive needs a device model, which PV guests "
                             "do not have: give it a target", what);
    if (backend)
        return 0;
    if (stat(d->target, &st))
        return guest_fail_at(g, d->line, "%s: cannot find '%s': %s", what, d->target,
                             strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return guest_fail_at(g, d->line, "%s: '%s' is neither a file nor a block device", what,
                             d->target);
    if (access(d->target, d->readwrite ? R_OK | W_OK : R_OK))
        return guest_fail_at(g, d->line, "%s: cannot open '%s': %s: use access=ro, or change its "
                             "permissions", what, d->target, strerror(errno));
    if (S_ISREG(st.st_mode) && st.st_size < 512)
        return guest_fail_at(g, d->line, "%s: '%s' is empty or smaller than one sector", what,
                             d->target);
    if (S_ISREG(st.st_mode) && loop_available())
        return guest_fail_at(g, d->line, "%s: Domain 0's kernel has no loop devices: load the "
                             "module loop", what);
    rc = check_disk_format(g, d);
    if (!rc)
        rc = check_mounted(g, d, &st);
    if (!rc)
        rc = check_disk_twice(g, d, &st);
    if (rc)
        return rc;
    q.st = &st;
    if (!each_device(xl, "vbd", disk_test, &q, &owner))
        return 0;
    xl_domain_name(xl, owner, name, sizeof(name));
    return guest_fail_at(g, d->line, "%s: '%s' is already in use by guest '%s'%s", what, d->target,
                         name, d->readwrite ? ": use another image, or access=ro in both"
                                            : " for writing: use another image");
}

void mac_print(const uint8_t mac[6], char out[18])
{
    snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
}

struct mac_query {
    const uint8_t *mac;
    uint32_t own;
};

static bool mac_test(struct xl *xl, const struct device *other, void *arg)
{
    const struct mac_query *q = arg;
    char path[DEV_PATH_MAX], *text;
    uint8_t mac[6];
    bool same;

    if (other->domid == q->own)
        return false;
    dev_libxl_path(other, path, sizeof(path));
    text = xs_string(xl->xs, "%s/mac", path);
    same = text && !vif_parse_mac(text, mac) && !memcmp(mac, q->mac, 6);
    free(text);
    return same;
}

/* An address from Xen's range, 00:16:3e:00:00:00 to 00:16:3e:7f:ff:ff. */
static int make_mac(struct vif_spec *v)
{
    static const uint8_t oui[3] = { 0x00, 0x16, 0x3e };

    memcpy(v->mac, oui, sizeof(oui));
    if (random_bytes(v->mac + 3, 3))
        return -EIO;
    v->mac[3] &= 0x7f;
    v->has_mac = true;
    return 0;
}

static int check_mac(struct xl *xl, struct guest *g, struct vif_spec *v, const char *what,
                     uint32_t own)
{
    struct mac_query q = { .mac = v->mac, .own = own };
    char mac[18], name[128];
    uint32_t owner;

    if (!v->has_mac)
        return make_mac(v);
    if (!each_device(xl, "vif", mac_test, &q, &owner))
        return 0;
    mac_print(v->mac, mac);
    xl_domain_name(xl, owner, name, sizeof(name));
    return guest_fail_at(g, v->line, "%s: guest '%s' already has the address %s: choose another, "
                         "or leave out mac=", what, name, mac);
}

static int check_bridge(struct guest *g, const struct vif_spec *v, const char *what)
{
    char bridges[256];

    if (bridge_exists(v->bridge))
        return 0;
    bridge_list(bridges, sizeof(bridges));
    if (net_exists(v->bridge))
        return guest_fail_at(g, v->line, "%s: '%s' is not a bridge: the bridges here are: %s",
                             what, v->bridge, *bridges ? bridges : "none");
    if (*bridges)
        return guest_fail_at(g, v->line, "%s: there is no bridge '%s': use bridge=, the bridges "
                             "here are: %s", what, v->bridge, bridges);
    return guest_fail_at(g, v->line, "%s: there is no bridge '%s': make one with `ip link add %s "
                         "type bridge; ip link set %s up`", what, v->bridge, v->bridge, v->bridge);
}

int check_vif(struct xl *xl, struct guest *g, struct vif_spec *v, uint32_t own)
{
    uint32_t backend;
    char what[32];
    int rc;

    snprintf(what, sizeof(what), "vif %d", v->devid);
    rc = check_backend(xl, g, v->line, what, v->backend, &backend);
    if (!rc)
        rc = check_mac(xl, g, v, what, own);
    if (rc || backend)
        return rc;
    if (v->script && strcmp(v->script, "vif-bridge") &&
        strcmp(v->script, HOTPLUG_SCRIPT_DIR "/vif-bridge")) {
        rc = check_script(g, v->line, what, v->script);
    } else {
        free(v->script);
        v->script = NULL;
        rc = v->bridge ? check_bridge(g, v, what) : 0;
    }
    if (!rc && v->vifname && net_exists(v->vifname) && own == DOMID_INVALID)
        rc = guest_fail_at(g, v->line, "%s: a network device '%s' exists already: choose another "
                           "vifname=", what, v->vifname);
    return rc;
}

static int check_driver(struct guest *g, const char *driver, const char *module)
{
    char path[128];

    snprintf(path, sizeof(path), BACKEND_DRIVERS "%s", driver);
    if (access(path, F_OK))
        return guest_fail_at(g, 0, "Domain 0 has no driver for its devices: load the module %s",
                             module);
    return 0;
}

int guest_check_devices(struct xl *xl, struct guest *g, uint32_t restart)
{
    int rc = 0;

    for (unsigned int i = 0; !rc && i < g->cfg.disks; i++)
        rc = check_disk(xl, g, &g->cfg.disk[i], restart);
    if (!rc && g->cfg.disks)
        rc = check_driver(g, "vbd", "xen-blkback");
    for (unsigned int i = 0; !rc && i < g->cfg.vifs; i++)
        rc = check_vif(xl, g, &g->cfg.vif[i], restart);
    if (!rc && g->cfg.vifs)
        rc = check_driver(g, "vif", "xen-netback");
    return rc;
}
