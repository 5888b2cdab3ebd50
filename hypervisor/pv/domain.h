/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_PV_DOMAIN_H
#define HV_PV_DOMAIN_H

/* Registers the PV floor with those below: traps, return path, page-table types. Once, before the first domain. */
void pv_init(void);

#endif
