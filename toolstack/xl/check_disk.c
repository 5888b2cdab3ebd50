/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a disk can be had: its target exists and has a format that works, nobody writes to what
 * another reads or writes, be it another guest under any name of it, this guest, or Domain 0 itself.
 * What the other guests have is asked twice: the store's trusted copies (/libxl), and the kernel,
 * which knows of back ends that are still letting go. Called by check_dev.c and cmd_block.c. The
 * caller holds the lock of all xl runs, and takes the disk before it lets go of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device.h"
#include "disk_id.h"
#include "hotplug/hotplug.h"
#include "xl.h"

#ifndef MOUNT_INFO
#define MOUNT_INFO "/proc/self/mountinfo"
#endif
#ifndef SWAP_INFO
#define SWAP_INFO "/proc/swaps"
#endif

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

/* ---- Domain 0 itself ---- */

/* One mount: what it is of, where, its kind. */
struct mount {
    struct disk_id id;
    char where[PATH_MAX], type[32];
};

/* Reads a line of mountinfo (proc(5)). False: it is of no device. */
static bool read_mount(char *line, struct mount *m)
{
    char *dash = strstr(line, " - "), source[PATH_MAX];
    unsigned int high, low;
    struct stat st;

    memset(&m->id, 0, sizeof(m->id));
    if (!dash || sscanf(line, "%*u %*u %u:%u %*s %4095s", &high, &low, m->where) != 3 ||
        sscanf(dash, " - %31s %4095s", m->type, source) != 2)
        return false;
    if (high)
        disk_id_device(&m->id, makedev(high, low));
    else if (*source == '/' && !stat(source, &st) && S_ISBLK(st.st_mode))
        disk_id_device(&m->id, st.st_rdev);
    return m->id.n > 0;
}

/*
 * What is mounted lies on the disk, or the disk on what is mounted. A disc image ends where it ends:
 * a partition behind it, on the stick that Domain 0 came from, is free.
 */
static bool mount_touches(const struct mount *m, const struct disk_id *id, bool *free_part)
{
    if (disk_id_on(&m->id, id, true))
        return true;
    if (!disk_id_on(id, &m->id, false))
        return false;
    *free_part = !strcmp(m->type, "iso9660");
    return !*free_part;
}

static int check_mounts(struct guest *g, const struct disk_spec *d, const struct disk_id *id,
                        bool *free_part)
{
    FILE *f = fopen(MOUNT_INFO, "re");
    char line[3 * PATH_MAX];
    struct mount m;
    int rc = 0;

    while (f && !rc && fgets(line, sizeof(line), f))
        if (read_mount(line, &m) && mount_touches(&m, id, free_part))
            rc = guest_fail_at(g, d->line, "disk %s: '%s' is mounted in Domain 0 at %s: unmount "
                               "it first", d->vdev, d->target, m.where);
    if (f)
        fclose(f);
    return rc;
}

static int check_swap(struct guest *g, const struct disk_spec *d, const struct disk_id *id)
{
    FILE *f = fopen(SWAP_INFO, "re");
    char line[PATH_MAX + 128], path[PATH_MAX];
    int rc = 0;

    while (f && !rc && fgets(line, sizeof(line), f)) {
        struct disk_id swap = { .n = 0 };

        if (sscanf(line, "/%4094s", path + 1) == 1 && (*path = '/') && !disk_id_path(&swap, path) &&
            (disk_id_on(&swap, id, true) || disk_id_on(id, &swap, false)))
            rc = guest_fail_at(g, d->line, "disk %s: '%s' is swap space of Domain 0: `swapoff %s` "
                               "first", d->vdev, d->target, path);
    }
    if (f)
        fclose(f);
    return rc;
}

/* What the kernel has claimed for itself, wherever it is mounted, and what it made a device of. */
static int check_claimed(struct guest *g, const struct disk_spec *d, const struct stat *st)
{
    int fd;

    if (!S_ISBLK(st->st_mode))
        return 0;
    fd = open(d->target, O_RDWR | O_EXCL | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || errno != EBUSY)
        return 0;
    return guest_fail_at(g, d->line, "disk %s: Domain 0 uses '%s' itself: it is mounted, or part of a "
                         "volume group, RAID or swap space", d->vdev, d->target);
}

/* What Domain 0 has mounted, and what that lies on, must not be written by a guest. */
static int check_domain0(struct guest *g, const struct disk_spec *d, const struct stat *st,
                         const struct disk_id *id)
{
    bool free_part = false;
    int rc;

    if (!d->readwrite)
        return 0;
    rc = check_mounts(g, d, id, &free_part);
    if (!rc)
        rc = check_swap(g, d, id);
    return rc || free_part ? rc : check_claimed(g, d, st);
}

/* ---- other guests ---- */

struct disk_query {
    const struct disk_spec *disk;
    struct disk_id id;           /* empty: what a script, or another domain, makes of the target */
    uint32_t backend, own;
};

/* A target that only its script or its back-end domain understands is compared as it is written. */
static bool same_words(const struct disk_query *q, const struct device *other, const char *params,
                       const char *script)
{
    char ours[PATH_MAX] = "";

    if (q->disk->script)
        script_path(q->disk->script, ours, sizeof(ours));
    return other->backend_domid == q->backend && params && !strcmp(params, q->disk->target) &&
           !strcmp(script ? script : "", ours);
}

static bool disk_test(struct xl *xl, const struct device *other, void *arg)
{
    const struct disk_query *q = arg;
    char path[DEV_PATH_MAX], back[DEV_PATH_MAX], *params, *mode, *script, *number;
    struct disk_id theirs = { .n = 0 };
    bool touch;

    if (other->domid == q->own)
        return false;
    dev_libxl_path(other, path, sizeof(path));
    dev_backend_path(other, back, sizeof(back));
    params = xs_string(xl->xs, "%s/params", path);
    mode = xs_string(xl->xs, "%s/mode", path);
    script = xs_string(xl->xs, "%s/script", path);
    /* What it has open, which a script too says in the back end's folder (Domain 0's), and what it was given. */
    number = other->backend_domid ? NULL : xs_string(xl->xs, "%s/physical-device", back);
    if (number)
        disk_id_number(&theirs, number);
    if (params && !other->backend_domid)
        disk_id_path(&theirs, params);
    touch = q->id.n && theirs.n ? disk_id_touch(&theirs, &q->id) : same_words(q, other, params, script);
    touch = touch && (q->disk->readwrite || !mode || *mode == 'w');
    free(params);
    free(mode);
    free(script);
    free(number);
    return touch;
}

/* A small file of a back end's device in sysfs. */
static bool read_attribute(const char *device, const char *name, char *out, size_t size)
{
    char path[PATH_MAX];
    bool good;
    FILE *f;

    snprintf(path, sizeof(path), BACKEND_BUS "/devices/%s/%s", device, name);
    f = fopen(path, "re");
    if (!f)
        return false;
    good = fgets(out, (int)size, f) != NULL;
    fclose(f);
    return good;
}

/* What the kernel's own back ends have open, whoever gave it to them and whatever the store says. */
static bool kernel_has(struct xl *xl, const struct disk_query *q, uint32_t *owner)
{
    DIR *dir = q->id.n ? opendir(BACKEND_BUS "/devices") : NULL;
    struct dirent *d;
    bool found = false;

    while (dir && !found && (d = readdir(dir))) {
        struct disk_id theirs = { .n = 0 };
        char number[32], mode[8], *kept;
        unsigned int devid;

        if (sscanf(d->d_name, "vbd-%u-%u", owner, &devid) != 2 || *owner == q->own ||
            !read_attribute(d->d_name, "physical_device", number, sizeof(number)) ||
            !read_attribute(d->d_name, "mode", mode, sizeof(mode)))
            continue;
        kept = xs_string(xl->xs, "/libxl/%u/kept", *owner);
        found = !kept && (q->disk->readwrite || *mode == 'w') && !disk_id_number(&theirs, number) &&
                disk_id_touch(&theirs, &q->id);
        free(kept);
    }
    if (dir)
        closedir(dir);
    return found;
}

/* Two disks of the same guest on one object, one of them writable. */
static int check_disk_twice(struct guest *g, const struct disk_spec *d, const struct disk_id *id)
{
    for (const struct disk_spec *o = g->cfg.disk; o < d && o < g->cfg.disk + g->cfg.disks; o++) {
        struct disk_id other = { .n = 0 };

        if ((o->readwrite || d->readwrite) && *o->target && !o->script && !o->backend &&
            !disk_id_path(&other, o->target) && disk_id_touch(&other, id))
            return guest_fail_at(g, d->line, "disk %s: '%s' is already %s of this guest", d->vdev,
                                 d->target, o->vdev);
    }
    return 0;
}

static int check_others(struct xl *xl, struct guest *g, const struct disk_spec *d,
                        const struct disk_query *q)
{
    char name[128];
    uint32_t owner;

    if (!each_device(xl, "vbd", disk_test, (void *)q, &owner) && !kernel_has(xl, q, &owner))
        return 0;
    xl_domain_name(xl, owner, name, sizeof(name));
    return guest_fail_at(g, d->line, "disk %s: '%s' is already in use by guest '%s'%s", d->vdev,
                         d->target, name, d->readwrite ? ": use another image, or access=ro in both"
                                                       : " for writing: use another image");
}

/* The target is there, and something that blkback can open. */
static int check_target(struct guest *g, const struct disk_spec *d, struct stat *st)
{
    if (stat(d->target, st))
        return guest_fail_at(g, d->line, "disk %s: cannot find '%s': %s", d->vdev, d->target,
                             strerror(errno));
    if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
        return guest_fail_at(g, d->line, "disk %s: '%s' is neither a file nor a block device", d->vdev,
                             d->target);
    if (access(d->target, d->readwrite ? R_OK | W_OK : R_OK))
        return guest_fail_at(g, d->line, "disk %s: cannot open '%s': %s: use access=ro, or change its "
                             "permissions", d->vdev, d->target, strerror(errno));
    if (S_ISREG(st->st_mode) && st->st_size < 512)
        return guest_fail_at(g, d->line, "disk %s: '%s' is empty or smaller than one sector", d->vdev,
                             d->target);
    if (S_ISREG(st->st_mode) && loop_available())
        return guest_fail_at(g, d->line, "disk %s: Domain 0's kernel has no loop devices: load the "
                             "module loop", d->vdev);
    return check_disk_format(g, d);
}

/* A disk of this domain's own kernel. */
static int check_own(struct xl *xl, struct guest *g, const struct disk_spec *d,
                     struct disk_query *q)
{
    struct stat st;
    int rc = check_target(g, d, &st);

    if (!rc)
        rc = disk_id_path(&q->id, d->target);
    if (!rc)
        rc = check_disk_twice(g, d, &q->id);
    if (!rc)
        rc = check_others(xl, g, d, q);
    return rc ? rc : check_domain0(g, d, &st, &q->id);
}

int check_disk(struct xl *xl, struct guest *g, struct disk_spec *d, uint32_t own)
{
    struct disk_query q = { .disk = d, .own = own };
    char what[64];
    int rc;

    snprintf(what, sizeof(what), "disk %.40s", d->vdev);
    rc = check_backend(xl, g, d->line, what, d->backend, &q.backend);
    if (rc)
        return rc;
    if (strlen(d->target) > DEV_VALUE_MAX)
        return guest_fail_at(g, d->line, "%s: its target has more than %d characters", what,
                             DEV_VALUE_MAX);
    if (!d->script && d->format == DISK_EMPTY)
        return guest_fail_at(g, d->line, "%s: an empty drive needs a device model, which PV guests "
                             "do not have: give it a target", what);
    if (d->script)
        rc = check_script(g, d->line, what, d->script);
    else if (!q.backend)
        return check_own(xl, g, d, &q);
    return rc ? rc : check_others(xl, g, d, &q);
}
