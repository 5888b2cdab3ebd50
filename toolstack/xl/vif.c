/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces: the nodes of both ends (io/netif.h, xl-network-configuration.5) and the work
 * of vif-bridge, done with ioctls: name, address, MTU, up, port of the bridge, each step verified.
 * Other scripts are run as they are. The back end is Linux's netback. Called by create.c and
 * cmd_net.c, after check_dev.c has judged the interface.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "hotplug/hotplug.h"
#include "xl.h"
#include <xen/io/xenbus.h>

#define BACKEND_TIMEOUT_MS 40000 /* a busy machine takes its time; as long as upstream waits */
#define POLL_NS            2000000L
#define DEFAULT_SCRIPT     HOTPLUG_SCRIPT_DIR "/vif-bridge"

static unsigned int back_nodes(struct dev_node *back, uint32_t domid, const struct vif_spec *vif)
{
    char mac[18], rate[48], script[PATH_MAX];
    unsigned int n = 0;

    mac_print(vif->mac, mac);
    if (vif->script)
        script_path(vif->script, script, sizeof(script));
    dev_node_number(back, &n, "frontend-id", domid);
    dev_node_add(back, &n, "online", "1");
    dev_node_number(back, &n, "state", XenbusStateInitialising);
    dev_node_add(back, &n, "script", vif->script ? script : DEFAULT_SCRIPT);
    dev_node_add(back, &n, "mac", mac);
    dev_node_add(back, &n, "ip", vif->ip);
    dev_node_add(back, &n, "vifname", vif->vifname);
    dev_node_add(back, &n, "gatewaydev", vif->gatewaydev);
    if (vif->rate_bytes) {
        snprintf(rate, sizeof(rate), "%llu,%u", (unsigned long long)vif->rate_bytes,
                 vif->rate_usecs);
        dev_node_add(back, &n, "rate", rate);
    }
    dev_node_add(back, &n, "bridge", vif->bridge);
    dev_node_number(back, &n, "handle", (uint32_t)vif->devid);
    dev_node_add(back, &n, "type", "vif");
    if (vif->mtu)
        dev_node_number(back, &n, "mtu", (uint32_t)vif->mtu);
    dev_node_add(back, &n, "hotplug-status", "");
    return n;
}

int vif_attach(struct xl *xl, uint32_t domid, const struct vif_spec *vif, char *why,
               size_t why_size)
{
    struct device d = { .domid = domid, .devid = (uint32_t)vif->devid, .kind = "vif" };
    struct dev_node back[18], front[6];
    unsigned int n = 0, n_back;
    char mac[18];
    int rc;

    if (resolve_backend(xl, vif->backend, &d.backend_domid)) {
        snprintf(why, why_size, "there is no back-end domain '%s'", vif->backend);
        return -ESRCH;
    }
    mac_print(vif->mac, mac);
    n_back = back_nodes(back, domid, vif);
    dev_node_number(front, &n, "state", XenbusStateInitialising);
    dev_node_number(front, &n, "handle", (uint32_t)vif->devid);
    dev_node_add(front, &n, "mac", mac);
    dev_node_add(front, &n, "trusted", vif->trusted ? "1" : "0");
    rc = dev_write(xl, &d, back, n_back, front, n);
    if (rc)
        snprintf(why, why_size, "the store refuses its nodes: %s", strerror(-rc));
    return rc;
}

/* The frames that the guest may use are told in its front-end folder. */
static void tell_mtu(struct xl *xl, const struct device *d, const char *ifname)
{
    char path[DEV_PATH_MAX + 8], guard[DEV_PATH_MAX + 32], value[16];
    int mtu = net_get_mtu(ifname);

    if (mtu <= 0)
        return;
    dev_frontend_path(d, path, sizeof(path));
    snprintf(guard, sizeof(guard), "%s/backend", path);
    strcat(path, "/mtu");
    snprintf(value, sizeof(value), "%d", mtu);
    store_set(xl, guard, path, value);
}

/* What vif-bridge does, step by step. */
static int join_bridge(struct xl *xl, const struct device *d, const struct vif_spec *vif,
                       const char *ifname, char *why, size_t why_size)
{
    static const uint8_t port_mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
    int mtu = vif->mtu ? vif->mtu : vif->bridge ? net_get_mtu(vif->bridge) : 0;
    const char *step = "set its address";
    char bridge[32];
    int rc = net_set_mac(ifname, port_mac);

    if (!rc && mtu > 0 && net_get_mtu(ifname) != mtu) {
        step = "set its MTU";
        rc = net_set_mtu(ifname, mtu);
    }
    if (!rc && vif->bridge) {
        step = "join the bridge";
        rc = bridge_add(vif->bridge, ifname);
    }
    if (!rc) {
        step = "bring it up";
        rc = net_set_up(ifname, true);
    }
    if (!rc && vif->bridge && (bridge_of(ifname, bridge, sizeof(bridge)) ||
                               strcmp(bridge, vif->bridge) || !net_is_up(ifname))) {
        step = "find it up and in the bridge";
        rc = -EIO;
    }
    if (rc) {
        snprintf(why, why_size, "%s: cannot %s%s%s: %s", ifname, step, vif->bridge ? " " : "",
                 vif->bridge ? vif->bridge : "", strerror(-rc));
        return rc;
    }
    tell_mtu(xl, d, ifname);
    return 0;
}

/* netback waits for this before it connects. */
static int tell_connected(struct xl *xl, const struct device *d, char *why, size_t why_size)
{
    char path[DEV_PATH_MAX + 24], guard[DEV_PATH_MAX + 48];
    int rc;

    dev_backend_path(d, path, sizeof(path));
    snprintf(guard, sizeof(guard), "%s/frontend", path);
    strcat(path, "/hotplug-status");
    rc = store_set(xl, guard, path, "connected");
    if (rc)
        snprintf(why, why_size, "the store refuses its status: %s", strerror(-rc));
    return rc;
}

/* netback says InitWait a moment before it makes the network device. */
static int wait_for_netdev(const char *ifname)
{
    struct timespec pause = { .tv_nsec = POLL_NS };

    for (int i = 0; i < BACKEND_TIMEOUT_MS / 2; i++) {
        if (net_exists(ifname))
            return 0;
        nanosleep(&pause, NULL);
    }
    return -ETIMEDOUT;
}

int vif_wait(struct xl *xl, uint32_t domid, const struct vif_spec *vif, char *why,
             size_t why_size)
{
    struct device d = { .domid = domid, .devid = (uint32_t)vif->devid, .kind = "vif" };
    char ifname[32], script[PATH_MAX];
    int rc;

    if (resolve_backend(xl, vif->backend, &d.backend_domid) || d.backend_domid)
        return 0;
    rc = dev_wait_state(xl, &d, XenbusStateInitWait, BACKEND_TIMEOUT_MS);
    snprintf(ifname, sizeof(ifname), "vif%u.%d", domid, vif->devid);
    if (!rc)
        rc = wait_for_netdev(ifname);
    if (rc) {
        char *error = dev_error(xl, &d);

        snprintf(why, why_size, "netback did not make %s: %s", ifname,
                 error ? error : strerror(-rc));
        free(error);
        return rc;
    }
    if (vif->script) {
        script_path(vif->script, script, sizeof(script));
        return dev_run_script(xl, &d, script, "online", why, why_size);
    }
    if (vif->vifname) {
        rc = net_rename(ifname, vif->vifname);
        if (rc) {
            snprintf(why, why_size, "cannot rename %s to %s: %s", ifname, vif->vifname,
                     strerror(-rc));
            return rc;
        }
        snprintf(ifname, sizeof(ifname), "%s", vif->vifname);
    }
    rc = join_bridge(xl, &d, vif, ifname, why, why_size);
    return rc ? rc : tell_connected(xl, &d, why, why_size);
}
