/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces of running guests: network-attach, network-detach, network-list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"

static bool vif_taken(struct xl *xl, uint32_t domid, uint32_t devid)
{
    char *text = xs_string(xl->xs, "/libxl/%u/device/vif/%u/backend", domid, devid);
    bool taken = text != NULL;

    free(text);
    return taken;
}

/* Defaults that a configuration file would have got from guest_check(). */
static void choose_defaults(struct xl *xl, uint32_t domid, struct vif_spec *vif)
{
    struct xl_conf conf;

    xl_conf_read(&conf);
    if (!vif->bridge && !vif->script)
        vif->bridge = strdup(conf.bridge);
    if (!vif->script && conf.vif_script)
        vif->script = strdup(conf.vif_script);
    xl_conf_free(&conf);
    if (vif->devid >= 0)
        return;
    for (vif->devid = 0; vif_taken(xl, domid, (uint32_t)vif->devid);)
        vif->devid++;
}

/* The interface as it is kept for a restart: with the number and the address that were chosen. */
static void remember(struct xl *xl, const struct guest *g, const struct vif_spec *vif,
                     const char *spec)
{
    char *text = userdata_vif(spec, vif);

    if (text)
        userdata_device(xl, g->domid, "vif", text, (uint32_t)vif->devid);
    free(text);
}

/* Checks and takes the interface, and notes it for a restart, under the lock; the back end is waited for outside. */
static int take(struct xl *xl, struct guest *g, struct vif_spec *vif, const char *spec)
{
    char why[400];

    if (!guest_stays(xl, g->domid))
        return xl_error("guest '%s' is being destroyed", g->cfg.name);
    choose_defaults(xl, g->domid, vif);
    if (vif_taken(xl, g->domid, (uint32_t)vif->devid))
        return xl_error("guest '%s' already has a vif %d", g->cfg.name, vif->devid);
    if (check_vif(xl, g, vif, DOMID_INVALID))
        return xl_error("%s", g->why);
    if (xl->dry_run)
        return EXIT_SUCCESS;
    remember(xl, g, vif, spec);
    if (!vif_attach(xl, g->domid, vif, why, sizeof(why)))
        return EXIT_SUCCESS;
    userdata_device(xl, g->domid, "vif", NULL, (uint32_t)vif->devid);
    return xl_error("guest '%s': vif %d: %s", g->cfg.name, vif->devid, why);
}

static int attach(struct xl *xl, struct guest *g, struct vif_spec *vif, const char *spec)
{
    struct device d = { .domid = g->domid, .kind = "vif" };
    int lock = xl_lock(), rc;
    char why[400];

    if (lock < 0)
        return xl_error("cannot take the lock of all xl: %s", strerror(-lock));
    rc = take(xl, g, vif, spec);
    xl_unlock(lock);
    if (rc || xl->dry_run)
        return rc;
    if (!vif_wait(xl, g->domid, vif, why, sizeof(why)))
        return EXIT_SUCCESS;
    d.devid = (uint32_t)vif->devid;
    resolve_backend(xl, vif->backend, &d.backend_domid);
    dev_remove(xl, &d, true);
    userdata_forget(xl, g->domid, "vif", d.devid);
    return xl_error("guest '%s': vif %d: %s", g->cfg.name, vif->devid, why);
}

int cmd_network_attach(struct xl *xl, int argc, char **argv)
{
    struct cfg_log log = { .warn = xl_warn };
    struct guest g = { .params.ramdisk_fd = -1 };
    struct vif_spec vif;
    char *spec;
    int rc = xl_need_args("network-attach", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &g.domid))
        return EXIT_FAILURE;
    spec = xl_join(argc - 2, argv + 2);
    if (!spec || strpbrk(spec, "\"\\\n") ||
        vif_parse(&vif, spec, "command line", 0, &log)) {
        free(spec);
        return xl_error("%s", *log.error ? log.error : "an interface cannot be described so");
    }
    g.cfg.file = strdup("command line");
    xl_domain_name(xl, g.domid, g.cfg.name, sizeof(g.cfg.name));
    rc = attach(xl, &g, &vif, spec);
    vif_free(&vif);
    guest_free(&g);
    free(spec);
    return rc;
}

/* By number, or by MAC address. */
static int find_vif(struct xl *xl, uint32_t domid, const char *text, struct device *found)
{
    struct device *list;
    uint8_t mac[6];
    bool by_mac = !vif_parse_mac(text, mac);
    unsigned long id = 0;
    int n, rc = -ENOENT;

    if (!by_mac && xl_parse_uint(text, UINT16_MAX, &id))
        return -EINVAL;
    n = dev_list(xl, domid, "vif", &list);
    for (int i = 0; i < n && rc; i++) {
        char path[DEV_PATH_MAX], *value;
        uint8_t theirs[6];

        dev_libxl_path(&list[i], path, sizeof(path));
        value = xs_string(xl->xs, "%s/mac", path);
        if (by_mac ? value && !vif_parse_mac(value, theirs) && !memcmp(mac, theirs, 6)
                   : list[i].devid == id) {
            *found = list[i];
            rc = 0;
        }
        free(value);
    }
    free(list);
    return rc;
}

int cmd_network_detach(struct xl *xl, int argc, char **argv)
{
    struct device d;
    uint32_t domid;
    int rc = xl_need_args("network-detach", argc, 1, 2);

    if (rc)
        return rc;
    if (xl_find_domain(xl, argv[1], &domid))
        return EXIT_FAILURE;
    if (find_vif(xl, domid, argv[2], &d))
        return xl_error("domain %s has no interface %s: `xl network-list %s` shows them", argv[1],
                        argv[2], argv[1]);
    rc = xl->dry_run ? 0 : dev_remove(xl, &d, false);
    if (rc)
        return xl_error("domain %s does not let go of interface %s: %s", argv[1], argv[2],
                        strerror(-rc));
    if (!xl->dry_run)
        userdata_forget(xl, domid, "vif", d.devid);
    return EXIT_SUCCESS;
}

static void list_vifs(struct xl *xl, uint32_t domid)
{
    struct device *list;
    int n = dev_list(xl, domid, "vif", &list);

    for (int i = 0; i < n; i++) {
        char back[DEV_PATH_MAX], front[DEV_PATH_MAX], trusted[DEV_PATH_MAX], *mac;

        dev_backend_path(&list[i], back, sizeof(back));
        dev_frontend_path(&list[i], front, sizeof(front));
        dev_libxl_path(&list[i], trusted, sizeof(trusted));
        mac = xs_string(xl->xs, "%s/mac", trusted);
        printf("%-3u %-2u %-17s  %4u %5lld %6lld %5lld/%-11lld %-30s\n", list[i].devid,
               list[i].backend_domid, mac ? mac : "", list[i].devid,
               xs_number(xl->xs, -1, "%s/state", front),
               xs_number(xl->xs, -1, "%s/event-channel", front),
               xs_number(xl->xs, -1, "%s/tx-ring-ref", front),
               xs_number(xl->xs, -1, "%s/rx-ring-ref", front), back);
        free(mac);
    }
    free(list);
}

int cmd_network_list(struct xl *xl, int argc, char **argv)
{
    int rc = xl_need_args("network-list", argc, 1, 1);

    if (rc)
        return rc;
    if (xl_need_all(xl))
        return EXIT_FAILURE;
    printf("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n", "Idx", "BE", "Mac Addr.", "handle",
           "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
    for (int i = 1; i < argc; i++) {
        uint32_t domid;

        if (xl_lookup(xl, argv[i], &domid))
            fprintf(stderr, "%s is an invalid domain identifier\n", argv[i]);
        else
            list_vifs(xl, domid);
    }
    return EXIT_SUCCESS;
}
