/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of the hypervisor's functions for backtraces; the table is made by boot/tools/symbol-table.
 */
#ifndef HV_MACHINE_SYMBOLS_H
#define HV_MACHINE_SYMBOLS_H

#include "types.h"

/* True when @va lies in the hypervisor's text. */
bool is_text(u64 va);

/* Function that contains @va and the distance from its start; NULL: none. */
const char *symbol_find(u64 va, u64 *offset);

#endif
