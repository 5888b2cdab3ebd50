/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network devices of Domain 0: existence, state, MTU, address, name, bridge ports; by the ioctls of
 * linux/sockios.h and sysfs. Called by xl. No state of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "hotplug.h"

static bool sysfs_exists(const char *ifname, const char *below)
{
    char path[PATH_MAX];

    if (!*ifname || strchr(ifname, '/') || *ifname == '.')
        return false;
    snprintf(path, sizeof(path), "/sys/class/net/%s%s", ifname, below);
    return access(path, F_OK) == 0;
}

bool net_exists(const char *ifname)
{
    return sysfs_exists(ifname, "");
}

bool bridge_exists(const char *name)
{
    return sysfs_exists(name, "/bridge");
}

void bridge_list(char *out, size_t size)
{
    DIR *dir = opendir("/sys/class/net");
    struct dirent *d;
    size_t used = 0;

    out[0] = '\0';
    while (dir && (d = readdir(dir)) && used < size) {
        if (bridge_exists(d->d_name))
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", d->d_name);
    }
    if (dir)
        closedir(dir);
}

int bridge_of(const char *ifname, char *bridge, size_t size)
{
    char path[PATH_MAX], target[PATH_MAX];
    const char *base;
    ssize_t n;

    snprintf(path, sizeof(path), "/sys/class/net/%s/brport/bridge", ifname);
    n = readlink(path, target, sizeof(target) - 1);
    if (n < 0)
        return -ENOENT;
    target[n] = '\0';
    base = strrchr(target, '/');
    snprintf(bridge, size, "%s", base ? base + 1 : target);
    return 0;
}

/* One interface ioctl on a throw-away socket. */
static int if_ioctl(unsigned long request, const char *ifname, struct ifreq *req)
{
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

    if (s < 0)
        return -errno;
    snprintf(req->ifr_name, sizeof(req->ifr_name), "%s", ifname);
    if (ioctl(s, request, req) < 0)
        rc = -errno;
    close(s);
    return rc;
}

int bridge_add(const char *bridge, const char *ifname)
{
    struct ifreq req = { 0 };

    req.ifr_ifindex = (int)if_nametoindex(ifname);
    if (!req.ifr_ifindex)
        return -ENODEV;
    return if_ioctl(SIOCBRADDIF, bridge, &req);
}

int net_set_up(const char *ifname, bool up)
{
    struct ifreq req = { 0 };
    int rc = if_ioctl(SIOCGIFFLAGS, ifname, &req);

    if (rc)
        return rc;
    if (up)
        req.ifr_flags |= IFF_UP;
    else
        req.ifr_flags &= (short)~IFF_UP;
    return if_ioctl(SIOCSIFFLAGS, ifname, &req);
}

bool net_is_up(const char *ifname)
{
    struct ifreq req = { 0 };

    return !if_ioctl(SIOCGIFFLAGS, ifname, &req) && req.ifr_flags & IFF_UP;
}

int net_set_mtu(const char *ifname, int mtu)
{
    struct ifreq req = { 0 };

    req.ifr_mtu = mtu;
    return if_ioctl(SIOCSIFMTU, ifname, &req);
}

int net_get_mtu(const char *ifname)
{
    struct ifreq req = { 0 };
    int rc = if_ioctl(SIOCGIFMTU, ifname, &req);

    return rc ? rc : req.ifr_mtu;
}

int net_set_mac(const char *ifname, const uint8_t mac[6])
{
    struct ifreq req = { 0 };

    req.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(req.ifr_hwaddr.sa_data, mac, 6);
    return if_ioctl(SIOCSIFHWADDR, ifname, &req);
}

int net_rename(const char *from, const char *to)
{
    struct ifreq req = { 0 };

    snprintf(req.ifr_newname, sizeof(req.ifr_newname), "%s", to);
    return if_ioctl(SIOCSIFNAME, from, &req);
}
