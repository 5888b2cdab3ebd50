/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vbd.c and vif.c share besides xl.h: running a device's hotplug script.
 */
#ifndef HOSPES_XL_DEVICE_H
#define HOSPES_XL_DEVICE_H

#include "xl.h"

/* Runs SCRIPT with ACTION; the reason of a failure goes to WHY. */
int dev_run_script(struct xl *xl, const struct device *d, const char *script, const char *action,
                   char *why, size_t why_size);

#endif
