/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The JSON form of 'xl list -l', shared by cmd_list.c and list_json.c.
 */
#ifndef HOSPES_XL_LIST_H
#define HOSPES_XL_LIST_H

#include "xl.h"

/* Prints N domains as xl 4.17 does; returns the exit status. */
int list_json(struct xl *xl, const dominfo_t *list, int n);

#endif
