/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vbd.c and vif.c share besides xl.h: lists of nodes, running a device's hotplug script.
 */
#ifndef HOSPES_XL_DEVICE_H
#define HOSPES_XL_DEVICE_H

#include "xl.h"

#ifndef BACKEND_BUS
#define BACKEND_BUS "/sys/bus/xen-backend"
#endif

/* Runs SCRIPT with ACTION; the reason of a failure goes to WHY. */
int dev_run_script(struct xl *xl, const struct device *d, const char *script, const char *action,
                   char *why, size_t why_size);

/* Calls TEST for every device of KIND of every domain until it returns true; *OWNER is that domain then. */
bool each_device(struct xl *xl, const char *kind,
                 bool (*test)(struct xl *, const struct device *, void *), void *arg,
                 uint32_t *owner);
/* Parts of the checks that disks and interfaces share (check_dev.c). */
int check_script(struct guest *g, int line, const char *what, const char *name);
int check_backend(struct xl *xl, struct guest *g, int line, const char *what, const char *name,
                  uint32_t *domid);

/* Adds a node to LIST, which has *N, unless VALUE is NULL. Longer values than DEV_VALUE_MAX were refused before. */
void dev_node_add(struct dev_node *list, unsigned int *n, const char *key, const char *value);
void dev_node_number(struct dev_node *list, unsigned int *n, const char *key, uint32_t value);

#endif
