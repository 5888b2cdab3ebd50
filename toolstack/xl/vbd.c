/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks: the nodes of both ends (io/blkif.h, xenstore-paths.7) and what lies behind them, a block
 * device, a loop device over a file, or what a script provides. The back end is Linux's blkback.
 * Called by create.c and cmd_block.c, after check_dev.c has judged the disk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "hotplug/hotplug.h"
#include "xl.h"
#include <xen/io/xenbus.h>

#define BACKEND_TIMEOUT_MS 10000
#define SCRIPT_TIMEOUT_MS  60000
#define POLL_NS            2000000L

/* The device that blkback is to open; binds a loop device to a plain file. */
static int find_device(const struct disk_spec *disk, char *dev, size_t size, char *number,
                       size_t number_size, int *fd, char *why, size_t why_size)
{
    struct stat st;
    int rc;

    if (stat(disk->target, &st)) {
        snprintf(why, why_size, "cannot find '%s': %s", disk->target, strerror(errno));
        return -ENOENT;
    }
    snprintf(dev, size, "%s", disk->target);
    if (S_ISREG(st.st_mode)) {
        rc = loop_attach(disk->target, !disk->readwrite, dev, size, fd);
        if (rc || stat(dev, &st)) {
            snprintf(why, why_size, "cannot get a loop device for '%s': %s", disk->target,
                     strerror(rc ? -rc : errno));
            return rc ? rc : -EIO;
        }
    }
    snprintf(number, number_size, "%x:%x", major(st.st_rdev), minor(st.st_rdev));
    return 0;
}

static unsigned int back_nodes(struct dev_node *back, uint32_t domid, const struct disk_spec *disk,
                               bool bootable)
{
    unsigned int n = 0;

    dev_node_number(back, &n, "frontend-id", domid);
    dev_node_add(back, &n, "online", "1");
    dev_node_add(back, &n, "removable", disk->cdrom ? "1" : "0");
    dev_node_add(back, &n, "bootable", bootable ? "1" : "0");
    dev_node_number(back, &n, "state", XenbusStateInitialising);
    dev_node_add(back, &n, "dev", disk->vdev);
    dev_node_add(back, &n, "type", "phy");
    dev_node_add(back, &n, "mode", disk->readwrite ? "w" : "r");
    dev_node_add(back, &n, "device-type", disk->cdrom ? "cdrom" : "disk");
    dev_node_add(back, &n, "discard-enable", disk->discard ? "1" : "0");
    dev_node_add(back, &n, "specification", "xen");
    dev_node_add(back, &n, "params", disk->target);
    return n;
}

static unsigned int front_nodes(struct dev_node *front, const struct disk_spec *disk)
{
    unsigned int n = 0;

    dev_node_number(front, &n, "state", XenbusStateInitialising);
    dev_node_number(front, &n, "virtual-device", disk->devid);
    dev_node_add(front, &n, "device-type", disk->cdrom ? "cdrom" : "disk");
    dev_node_add(front, &n, "trusted", disk->trusted ? "1" : "0");
    return n;
}

int vbd_attach(struct xl *xl, uint32_t domid, const struct disk_spec *disk, bool bootable, int *fd,
               char *why, size_t why_size)
{
    struct dev_node back[16], front[6];
    struct device d = { .domid = domid, .devid = disk->devid, .kind = "vbd" };
    unsigned int n = back_nodes(back, domid, disk, bootable);
    char dev[PATH_MAX], number[24];
    int rc;

    *fd = -1;
    if (resolve_backend(xl, disk->backend, &d.backend_domid)) {
        snprintf(why, why_size, "there is no back-end domain '%s'", disk->backend);
        return -ESRCH;
    }
    if (disk->script) {
        script_path(disk->script, dev, sizeof(dev));
        dev_node_add(back, &n, "script", dev);
    } else if (d.backend_domid == 0) {
        rc = find_device(disk, dev, sizeof(dev), number, sizeof(number), fd, why, why_size);
        if (rc)
            return rc;
        dev_node_add(back, &n, "physical-device", number);
        dev_node_add(back, &n, "physical-device-path", dev);
        dev_node_add(back, &n, "hotplug-status", "connected");
    }
    rc = dev_write(xl, &d, back, n, front, front_nodes(front, disk));
    if (rc) {
        snprintf(why, why_size, "the store refuses its nodes: %s", strerror(-rc));
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
    return rc;
}

/* blkback makes this file when it has opened the device. */
static bool backend_opened(uint32_t domid, uint32_t devid)
{
    char path[128];

    snprintf(path, sizeof(path), BACKEND_BUS "/devices/vbd-%u-%u/physical_device", domid,
             devid);
    return access(path, F_OK) == 0;
}

static int wait_opened(struct xl *xl, const struct device *d, char *why, size_t why_size)
{
    struct timespec pause = { .tv_nsec = POLL_NS };

    for (int i = 0; i < BACKEND_TIMEOUT_MS / 2; i++) {
        char *error;

        if (backend_opened(d->domid, d->devid))
            return 0;
        error = i % 16 == 15 ? dev_error(xl, d) : NULL;
        if (error) {
            snprintf(why, why_size, "the back end says: %s", error);
            free(error);
            return -EIO;
        }
        nanosleep(&pause, NULL);
    }
    snprintf(why, why_size, "blkback did not open the device in %d seconds",
             BACKEND_TIMEOUT_MS / 1000);
    return -ETIMEDOUT;
}

/* Runs the script of a device: ACTION is add or remove for disks, online or offline for vifs. */
static int run_device_script(const struct device *d, const char *script, const char *action)
{
    char path[96], base[32], type[32], name[320], vif[32];
    const char *argv[] = { script, action, strcmp(d->kind, "vif") ? NULL : "type_if=vif", NULL };
    const char *env[] = { path, base, type, name, vif, NULL };

    snprintf(path, sizeof(path), "XENBUS_PATH=backend/%s/%u/%u", d->kind, d->domid, d->devid);
    snprintf(base, sizeof(base), "XENBUS_BASE_PATH=backend");
    snprintf(type, sizeof(type), "XENBUS_TYPE=%s", d->kind);
    snprintf(name, sizeof(name), "script=%s", script);
    snprintf(vif, sizeof(vif), "vif=vif%u.%u", d->domid, d->devid);
    return script_run(argv, env, SCRIPT_TIMEOUT_MS);
}

/* Shared with vif.c: runs the script and takes its verdict from the back end's folder. */
int dev_run_script(struct xl *xl, const struct device *d, const char *script, const char *action,
                   char *why, size_t why_size)
{
    char back[DEV_PATH_MAX], *status, *error;
    int rc = run_device_script(d, script, action);

    dev_backend_path(d, back, sizeof(back));
    error = xs_string(xl->xs, "%s/hotplug-error", back);
    status = xs_string(xl->xs, "%s/hotplug-status", back);
    if (!rc && status && !strcmp(status, "error"))
        rc = -EIO;
    if (rc)
        snprintf(why, why_size, "script '%s' failed%s%.200s: see /var/log/xen/xen-hotplug.log",
                 script, error ? ": " : "", error ? error : "");
    free(error);
    free(status);
    return rc;
}

void dev_run_remove_script(struct xl *xl, const struct device *d)
{
    char path[DEV_PATH_MAX], *script;
    bool vif = !strcmp(d->kind, "vif");

    if (d->backend_domid)
        return;
    dev_libxl_path(d, path, sizeof(path));
    script = xs_string(xl->xs, "%s/script", path);
    if (script && strcmp(script, HOTPLUG_SCRIPT_DIR "/vif-bridge") &&
        strcmp(script, HOTPLUG_SCRIPT_DIR "/block"))
        run_device_script(d, script, vif ? "offline" : "remove");
    free(script);
}

int vbd_wait(struct xl *xl, uint32_t domid, const struct disk_spec *disk, char *why,
             size_t why_size)
{
    struct device d = { .domid = domid, .devid = disk->devid, .kind = "vbd" };
    char script[PATH_MAX];
    int rc;

    if (resolve_backend(xl, disk->backend, &d.backend_domid) || d.backend_domid)
        return 0;
    if (disk->script) {
        rc = dev_wait_state(xl, &d, XenbusStateInitWait, BACKEND_TIMEOUT_MS);
        if (rc) {
            snprintf(why, why_size, "the back end does not answer: %s", strerror(-rc));
            return rc;
        }
        script_path(disk->script, script, sizeof(script));
        rc = dev_run_script(xl, &d, script, "add", why, why_size);
        if (rc)
            return rc;
    }
    return wait_opened(xl, &d, why, why_size);
}
