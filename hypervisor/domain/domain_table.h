/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_DOMAIN_DOMAIN_TABLE_H
#define HV_DOMAIN_DOMAIN_TABLE_H

#include "domain/domain.h"

/* Publishes a complete domain, whose d->refs the caller has set to 1. @return 0, -EEXIST, -ENOMEM */
int domain_table_insert(struct domain *d);

#endif
