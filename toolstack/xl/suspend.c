/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bringing a PV guest to rest and back: it is asked through control/shutdown, takes its devices
 * down and calls SHUTDOWN_suspend; it goes on when that call returns 1 (public/sched.h). Used by
 * cmd_save.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"
#include <xen/sched.h>

#define ANSWER_MS 60000 /* as long as Xen's xl waits */
#define SLICE_MS  200

/* 0: it rests; -EAGAIN: it still runs; -ESRCH, -EBUSY: it is gone, or ended otherwise. */
static int look(struct xl *xl, uint32_t domid)
{
    dominfo_t info;

    if (hv_domain_info(&xl->hv, domid, &info) || info.flags & XEN_DOMINF_dying)
        return -ESRCH;
    if (!(info.flags & XEN_DOMINF_shutdown))
        return -EAGAIN;
    return (info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_suspend
               ? 0
               : -EBUSY;
}

static int wait_for_rest(struct xl *xl, uint32_t domid)
{
    int rc = look(xl, domid);

    for (int ms = 0; rc == -EAGAIN && ms < ANSWER_MS;) {
        char *path, *token;

        if (xs_next_event(xl->xs, SLICE_MS, &path, &token))
            ms += SLICE_MS;
        else
            free(path);
        rc = look(xl, domid);
    }
    return rc;
}

/* Asks the guest, and waits. */
static int ask(struct xl *xl, uint32_t domid)
{
    int rc;

    if (!guest_can(xl, domid, "suspend"))
        return -EOPNOTSUPP;
    xs_watch(xl->xs, "@releaseDomain", "rest");
    rc = guest_ask(xl, domid, "suspend");
    if (!rc)
        rc = wait_for_rest(xl, domid);
    xs_unwatch(xl->xs, "@releaseDomain", "rest");
    if (rc == -EAGAIN)
        guest_ask(xl, domid, ""); /* if it has not begun, it shall not */
    return rc;
}

int guest_suspend(struct xl *xl, uint32_t domid, const char **why)
{
    int rc = look(xl, domid);

    if (rc == -EAGAIN)
        rc = ask(xl, domid);
    *why = rc == -EOPNOTSUPP ? "its kernel does not say that it can (control/feature-suspend)"
           : rc == -EAGAIN   ? "it does not answer within a minute"
           : rc == -EBUSY    ? "it has ended"
           : rc == -ESRCH    ? "it is gone"
                             : strerror(-rc);
    return rc;
}

int guest_resume(struct xl *xl, uint32_t domid)
{
    vcpu_guest_context_t *c = malloc(sizeof(*c));
    int rc = c ? hv_vcpu_get_context(&xl->hv, domid, 0, c) : -ENOMEM;

    if (!rc) {
        c->user_regs.rax = 1; /* what SHUTDOWN_suspend returns when nothing has changed */
        rc = hv_vcpu_set_context(&xl->hv, domid, 0, c);
    }
    free(c);
    if (!rc)
        rc = hv_domain_resume(&xl->hv, domid);
    if (!rc)
        rc = xs_resume(xl->xs, domid);
    return rc;
}
