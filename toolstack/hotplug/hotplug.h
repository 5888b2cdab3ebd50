/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libhotplug: what Domain 0 does to give a guest's device something real behind it: loop devices,
 * bridge ports, and the scripts of /etc/xen/scripts where a configuration names one. Done with
 * system calls in the caller's process, because a shell per device costs more than the rest of
 * starting a guest. Called by xl. Functions return 0 or a negative errno.
 */
#ifndef HOSPES_HOTPLUG_HOTPLUG_H
#define HOSPES_HOTPLUG_HOTPLUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOTPLUG_SCRIPT_DIR "/etc/xen/scripts"

/*
 * Binds a free loop device to the file PATH, with direct I/O where the file system can. The device
 * goes away by itself when its last user closes it: keep *FD open until the back end has it.
 */
int loop_attach(const char *path, bool readonly, char *dev, size_t dev_size, int *fd);
/* -ENOENT: the kernel has no loop driver. */
int loop_available(void);

bool net_exists(const char *ifname);
bool bridge_exists(const char *name);
/* The names of all bridges, separated by ", ". */
void bridge_list(char *out, size_t size);
int bridge_add(const char *bridge, const char *ifname);
/* The bridge that IFNAME is a port of; -ENOENT if of none. */
int bridge_of(const char *ifname, char *bridge, size_t size);
int net_set_up(const char *ifname, bool up);
int net_set_mtu(const char *ifname, int mtu);
int net_get_mtu(const char *ifname);
int net_set_mac(const char *ifname, const uint8_t mac[6]);
int net_rename(const char *from, const char *to);
bool net_is_up(const char *ifname);

/* The full path of a script name: in HOTPLUG_SCRIPT_DIR unless it holds a slash. */
void script_path(const char *name, char *out, size_t size);
/*
 * Runs ARGV with "NAME=VALUE" strings ENV added. Output goes to the hotplug log. -ETIMEDOUT after
 * TIMEOUT_MS (the script is killed), -EIO if it fails.
 */
int script_run(const char *const argv[], const char *const env[], int timeout_ms);

#endif
