/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may do what to whom, see the header. Called by every hypercall that names a domain; no locks. */
#include "domain/privilege.h"

#include "domain/domain.h"
#include "errno.h"
#include <xen/domctl.h>

bool domain_may(enum privilege need, const struct domain *d)
{
    const struct domain *caller = current_domain();
    bool device_model = d && READ_ONCE(caller->target) == d;

    if (caller->privileged)
        return true;
    switch (need) {
    case PRIV_ANYONE:
        return true;
    case PRIV_SELF:
        return caller == d || device_model;
    case PRIV_DEVICE_MODEL:
        return device_model;
    case PRIV_STORE:
        return (caller->create_flags & XEN_DOMCTL_CDF_xs_domain) || device_model;
    case PRIV_CONTROL:
        break;
    }
    return false;
}

int domain_find_for(domid_t id, enum privilege need, struct domain **d)
{
    struct domain *self = current_domain();

    *d = id == DOMID_SELF || id == self->id ? domain_get(self) : domain_find(id);
    if (!*d)
        return -ESRCH;
    if (domain_may(need, *d))
        return 0;
    domain_put(*d);
    return -EPERM;
}
