/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_CONTROL_COMMAND_LINE_H
#define HV_CONTROL_COMMAND_LINE_H

#define COMMAND_LINE_SIZE 1024 /* of XENVER_commandline */

/* The hypervisor's command line as the loader gave it, cut at the size; boot/ fills it, version.c tells it. */
extern char command_line[COMMAND_LINE_SIZE];

#endif
