/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may do what to whom: the one place that knows. Every command that names another domain, or that is
 * Domain 0's, has one of these values in its row or at its call. The order is that of Xen 4.17's default policy.
 */
#ifndef HV_DOMAIN_PRIVILEGE_H
#define HV_DOMAIN_PRIVILEGE_H

#include "types.h"
#include <xen/xen.h>

struct domain;

/* Domain 0 may everything. The value of a row that says nothing is "nobody else". */
enum privilege {
    PRIV_CONTROL,      /* Domain 0 alone */
    PRIV_STORE,        /* also the domain that was made to run the store, and the device model */
    PRIV_DEVICE_MODEL, /* also the domain that has the one concerned as its target */
    PRIV_SELF,         /* also the one concerned itself, and the device model */
    PRIV_ANYONE,
};

/* True when the running domain may do what @need says to @d (NULL: to nobody in particular). No locks. */
bool domain_may(enum privilege need, const struct domain *d);

/*
 * The domain that a call names (DOMID_SELF: the caller), if the caller may do to it what @need says.
 * @return 0 and *@d with a reference; -ESRCH, -EPERM
 */
int domain_find_for(domid_t id, enum privilege need, struct domain **d);

#endif
