/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's messages. See hvlog.h; XEN_SYSCTL_readconsole reads incrementally.
 */
#include "hvlog.h"

#include <errno.h>

#include "libhv/evtchn.h"

#define CHUNK 16384u

int hvlog_open(struct hvlog *h, struct daemon *d, const char *dir, size_t limit, bool stamp)
{
    int rc = log_open(&h->log, dir, "hypervisor.log", limit, stamp, false);

    h->port = -1;
    h->index = 0;
    if (rc) {
        return rc;
    }
    h->port = hv_evtchn_bind_virq(d->evtchn, VIRQ_CON_RING);
    if (h->port < 0) {
        rc = h->port;
        log_close(&h->log);
        return rc;
    }
    hvlog_copy(h, d);
    return 0;
}

void hvlog_copy(struct hvlog *h, struct daemon *d)
{
    char *buf = hv_buf_get(&d->hv, CHUNK);
    uint32_t count;

    if (!buf) {
        return;
    }
    do {
        struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };

        op.u.readconsole.incremental = 1;
        op.u.readconsole.index = h->index;
        op.u.readconsole.count = CHUNK;
        set_xen_guest_handle(op.u.readconsole.buffer, buf);
        if (hv_sysctl(&d->hv, &op)) {
            break;
        }
        count = op.u.readconsole.count;
        h->index = op.u.readconsole.index;
        log_write(&h->log, buf, count);
    } while (count == CHUNK);
    hv_buf_put(&d->hv, buf, CHUNK);
}
