/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks of running guests: block-attach, block-detach, block-list; and channel-list, which has
 * nothing to list yet. Changes are entered in the saved configuration, so that a restart keeps
 * them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xl.h"

/* A guest that exists, with just enough in it for the checks' messages. */
static void existing_guest(struct xl *xl, uint32_t domid, struct guest *g)
{
    memset(g, 0, sizeof(*g));
    g->domid = domid;
    g->params.ramdisk_fd = -1;
    g->cfg.file = strdup("command line");
    xl_domain_name(xl, domid, g->cfg.name, sizeof(g->cfg.name));
}

static bool disk_taken(struct xl *xl, uint32_t domid, uint32_t devid)
{
    char *text = xs_string(xl->xs, "/libxl/%u/device/vbd/%u/backend", domid, devid);
    bool taken = text != NULL;

    free(text);
    return taken;
}

/* Checks and takes the disk, and notes it for a restart, under the lock; the back end is waited for outside. */
static int take(struct xl *xl, struct guest *g, struct disk_spec *disk, const char *spec, int *fd)
{
    char why[400];

    if (!guest_stays(xl, g->domid))
        return xl_error("guest '%s' is being destroyed", g->cfg.name);
    if (disk_taken(xl, g->domid, disk->devid))
        return xl_error("guest '%s' already has a disk %s", g->cfg.name, disk->vdev);
    if (check_disk(xl, g, disk, DOMID_INVALID))
        return xl_error("%s", g->why);
    if (xl->dry_run)
        return EXIT_SUCCESS;
    userdata_device(xl, g->domid, "disk", spec, disk->devid);
    if (!vbd_attach(xl, g->domid, disk, false, fd, why, sizeof(why)))
        return EXIT_SUCCESS;
    userdata_device(xl, g->domid, "disk", NULL, disk->devid);
    return xl_error("guest '%s': disk %s: %s", g->cfg.name, disk->vdev, why);
}

static int attach(struct xl *xl, struct guest *g, struct disk_spec *disk, const char *spec)
{
    struct device d = { .domid = g->domid, .devid = disk->devid, .kind = "vbd" };
    int lock = xl_lock(), fd = -1, rc;
    char why[400];

    if (lock < 0)
        return xl_error("cannot take the lock of all xl: %s", strerror(-lock));
    rc = take(xl, g, disk, spec, &fd);
    xl_unlock(lock);
    if (rc || xl->dry_run)
        return rc;
    rc = vbd_wait(xl, g->domid, disk, why, sizeof(why));
    if (fd >= 0)
        close(fd);
    if (!rc)
        return EXIT_SUCCESS;
    resolve_backend(xl, disk->backend, &d.backend_domid);
    dev_remove(xl, &d, true);
    userdata_forget(xl, g->domid, "disk", disk->devid);
    return xl_error("guest '%s': disk %s: %s", g->cfg.name, disk->vdev, why);
}

int cmd_block_attach(struct xl *xl, int argc, char **argv)
{
    struct cfg_log log = { .warn = xl_warn };
    struct disk_spec disk;
    struct guest g;
    uint32_t domid;
    char *spec;
    int rc = xl_need_args("block-attach", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    spec = xl_join(argc - 2, argv + 2);
    if (!spec || strpbrk(spec, "\"\\\n")) {
        free(spec);
        return xl_error("a disk specification cannot hold quotes or backslashes");
    }
    if (disk_parse(&disk, spec, "command line", 0, &log)) {
        free(spec);
        return xl_error("%s", log.error);
    }
    existing_guest(xl, domid, &g);
    rc = attach(xl, &g, &disk, spec);
    disk_free(&disk);
    guest_free(&g);
    free(spec);
    return rc;
}

int cmd_block_detach(struct xl *xl, int argc, char **argv)
{
    static const struct option longs[] = {
        { "force", no_argument, NULL, 'f' }, { NULL, 0, NULL, 0 },
    };
    struct device d = { .kind = "vbd" };
    bool force = false;
    int c, rc;

    while ((c = getopt_long(argc, argv, "fh", longs, NULL)) != -1) {
        if (c != 'f')
            return xl_usage("block-detach");
        force = true;
    }
    rc = xl_need_args("block-detach", argc, optind, 2);
    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[optind], &d.domid))
        return EXIT_FAILURE;
    if (disk_vdev_number(argv[optind + 1], &d.devid) || !disk_taken(xl, d.domid, d.devid))
        return xl_error("domain %s has no disk %s: `xl block-list %s` shows them", argv[optind],
                        argv[optind + 1], argv[optind]);
    rc = xl->dry_run ? 0 : dev_remove(xl, &d, force);
    if (rc)
        return xl_error("domain %s does not let go of disk %s (%s): unmount it there, or use "
                        "--force", argv[optind], argv[optind + 1], strerror(-rc));
    if (!xl->dry_run)
        userdata_forget(xl, d.domid, "disk", d.devid);
    return EXIT_SUCCESS;
}

static void list_disks(struct xl *xl, uint32_t domid)
{
    struct device *list;
    int n = dev_list(xl, domid, "vbd", &list);

    for (int i = 0; i < n; i++) {
        char back[DEV_PATH_MAX], front[DEV_PATH_MAX];

        dev_backend_path(&list[i], back, sizeof(back));
        dev_frontend_path(&list[i], front, sizeof(front));
        printf("%-5u %-3u %-6u %-5lld %-6lld %-8lld %-30s\n", list[i].devid, list[i].backend_domid,
               domid, xs_number(xl->xs, -1, "%s/state", front),
               xs_number(xl->xs, -1, "%s/event-channel", front),
               xs_number(xl->xs, -1, "%s/ring-ref", front), back);
    }
    free(list);
}

int cmd_block_list(struct xl *xl, int argc, char **argv)
{
    int rc = xl_need_args("block-list", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state", "evt-ch",
           "ring-ref", "BE-path");
    for (int i = 1; i < argc; i++) {
        uint32_t domid;

        if (xl_lookup(xl, argv[i], &domid))
            fprintf(stderr, "%s is an invalid domain identifier\n", argv[i]);
        else
            list_disks(xl, domid);
    }
    return EXIT_SUCCESS;
}

int cmd_channel_list(struct xl *xl, int argc, char **argv)
{
    int rc = xl_need_args("channel-list", argc, 1, 1);
    uint32_t domid;

    if (rc)
        return rc;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    printf("%-3s %-2s %-5s %-6s %8s %-10s %-30s\n", "Idx", "BE", "state", "evt-ch", "ring-ref",
           "connection", "");
    if (xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
