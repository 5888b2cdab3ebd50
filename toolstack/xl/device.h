/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vbd.c and vif.c share besides xl.h: lists of nodes, running a device's hotplug script.
 */
#ifndef HOSPES_XL_DEVICE_H
#define HOSPES_XL_DEVICE_H

#include "xl.h"

/* Runs SCRIPT with ACTION; the reason of a failure goes to WHY. */
int dev_run_script(struct xl *xl, const struct device *d, const char *script, const char *action,
                   char *why, size_t why_size);

/* Adds a node to LIST, which has *N, unless VALUE is NULL. Longer values than DEV_VALUE_MAX were refused before. */
void dev_node_add(struct dev_node *list, unsigned int *n, const char *key, const char *value);
void dev_node_number(struct dev_node *list, unsigned int *n, const char *key, uint32_t value);

#endif
