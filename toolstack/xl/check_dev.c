/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the interfaces of a guest can be had: bridges and scripts exist, addresses are free, Domain
 * 0 has the drivers; disks are judged in check_disk.c. Conflicts are looked up in the trusted copies
 * under /libxl, never in what a guest can write. Called by check.c and the attach commands. The
 * caller holds the lock of all xl runs, and takes what was found free before it lets go of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "hotplug/hotplug.h"
#include "xl.h"

#ifndef BACKEND_DRIVERS
#define BACKEND_DRIVERS "/sys/bus/xen-backend/drivers/"
#endif

/* A dead domain that was put aside by on_crash="rename-restart" has its devices no more. */
static bool is_kept(struct xl *xl, const char *domid)
{
    char *text = xs_string(xl->xs, "/libxl/%s/kept", domid);
    bool kept = text != NULL;

    free(text);
    return kept;
}

bool each_device(struct xl *xl, const char *kind,
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

        if (xl_parse_uint(ids[i], DOMID_FIRST_RESERVED, &domid) || is_kept(xl, ids[i]))
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

int check_script(struct guest *g, int line, const char *what, const char *name)
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

int check_backend(struct xl *xl, struct guest *g, int line, const char *what, const char *name,
                  uint32_t *domid)
{
    if (resolve_backend(xl, name, domid))
        return guest_fail_at(g, line, "%s: there is no back-end domain '%s'", what, name);
    return 0;
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
    bool made = !v->has_mac;
    uint32_t owner;

    do {
        if (made && make_mac(v))
            return guest_fail_at(g, v->line, "%s: there are no random numbers for an address", what);
        if (!each_device(xl, "vif", mac_test, &q, &owner))
            return 0;
    } while (made);
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
