/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XEN_DOMCTL_shadow_op: of it log-dirty mode, which is all that a PV guest needs. The other operations are refused as a Xen
 * without shadow paging refuses them, Debian's for one; that one has no log-dirty mode for PV guests either, so its
 * answers to those are a Xen's with it. Called by control/domctl.c under its lock.
 */
#include "control/domctl_ops.h"
#include "errno.h"
#include "pv/mmu_logdirty.h"

static long read_log(struct domain *d, struct xen_domctl_shadow_op *s)
{
    struct log_request r = {
        .clean = s->op == XEN_DOMCTL_SHADOW_OP_CLEAN, .bitmap = (vaddr_t)s->dirty_bitmap.p, .pages = s->pages,
    };
    long rc;

    if (s->mode & ~(u32)XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL)
        return -EINVAL;
    rc = pv_log_dirty_read(d, &r);
    s->stats.dirty_count = r.dirty;
    s->stats.fault_count = r.faults;
    return rc;
}

long domctl_shadow(struct domain *d, struct xen_domctl_shadow_op *s)
{
    if (d->dying)
        return 0;
    if (!d->max_vcpus || !d->vcpus[0] || !d->pv)
        return -EINVAL;
    switch (s->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        if (!(s->mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY))
            return -EINVAL;
        /* fall through */
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return pv_log_dirty_enable(d);
    case XEN_DOMCTL_SHADOW_OP_OFF:
        pv_log_dirty_disable(d);
        return 0;
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        return read_log(d, s);
    }
    return -EINVAL;
}
