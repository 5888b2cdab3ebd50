/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of a guest: devices first, so that no back end keeps its pages, then the domain, then its
 * nodes and its saved configuration. Every step may be repeated, so a second call finishes what a
 * killed first one began.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xl.h"

#define DYING_STEP_MS 10
#define DYING_WAIT_MS 2000

/*
 * The daemons and back ends drop their last mappings a moment after the end; what is still held
 * after that is reported.
 */
static void report_dying(struct xl *xl, uint32_t domid)
{
    struct timespec pause = { .tv_nsec = DYING_STEP_MS * 1000000L };
    dominfo_t info;

    for (int waited = 0; waited < DYING_WAIT_MS; waited += DYING_STEP_MS) {
        if (hv_domain_info(&xl->hv, domid, &info) || !info.tot_pages)
            return;
        nanosleep(&pause, NULL);
    }
    xl_error("domain %u is dying: %llu of its pages are still mapped by a back end", domid,
             (unsigned long long)info.tot_pages);
}

bool guest_stays(struct xl *xl, uint32_t domid)
{
    dominfo_t info;

    return !hv_domain_info(&xl->hv, domid, &info) && !(info.flags & XEN_DOMINF_dying) &&
           !store_ending(xl, domid);
}

int guest_begin_end(struct xl *xl, uint32_t domid)
{
    char guard[48], path[48], uuid[37];
    dominfo_t info;
    int lock = xl_lock(), rc;

    if (lock < 0)
        return lock;
    snprintf(guard, sizeof(guard), "/libxl/%u", domid);
    snprintf(path, sizeof(path), "/libxl/%u/ending", domid);
    rc = hv_domain_info(&xl->hv, domid, &info);
    if (!rc && store_ending(xl, domid))
        rc = -EALREADY;
    if (!rc) {
        uuid_print(info.handle, uuid);
        rc = store_set(xl, guard, path, uuid);
    }
    xl_unlock(lock);
    return rc;
}

int guest_destroy(struct xl *xl, uint32_t domid)
{
    dominfo_t info;
    int rc;

    /* From here on it gets no devices any more that nobody would take away again. */
    guest_begin_end(xl, domid);
    rc = hv_domain_info(&xl->hv, domid, &info);
    if (rc)
        return rc;
    if (!(info.flags & XEN_DOMINF_dying))
        hv_domain_pause(&xl->hv, domid);
    dev_remove_all(xl, domid);
    rc = hv_domain_destroy(&xl->hv, domid);
    if (rc && rc != -ESRCH)
        return rc;
    store_remove(xl, domid, info.handle);
    userdata_remove(domid, info.handle);
    report_dying(xl, domid);
    return 0;
}
