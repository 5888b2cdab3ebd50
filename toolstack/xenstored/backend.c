/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's side of xenstored. See backend.h.
 *
 * A guest's ring page is mapped by the grant that the domain builder has left
 * (GNTTAB_RESERVED_XENSTORE); that of Domain 0 is its own kernel's, which /dev/xen/xenbus_backend
 * maps and tells the port of.
 */
#include "backend.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/ioctl.h>
#include <xen/grant_table.h>
#include <xen/sys/xenbus_dev.h>

#include "conn.h"
#include "domain.h"
#include "libhv/evtchn.h"
#include "libhv/gnttab.h"
#include "live.h"

#define RING_BYTES 4096u
#define PORTS_A_PASS 256u
#define KERNEL_RING "/dev/xen/xenbus_backend"

static int map_kernel_ring(struct domain *dom, unsigned int *port)
{
    int fd = open(KERNEL_RING, O_RDWR | O_CLOEXEC), rc;
    void *page;

    if (fd < 0) {
        return -errno;
    }
    rc = ioctl(fd, IOCTL_XENBUS_BACKEND_EVTCHN, 0);
    if (rc <= 0) {
        rc = rc ? -errno : -ENODEV;
        close(fd);
        return rc;
    }
    page = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    *port = (unsigned int)rc;
    rc = page == MAP_FAILED ? -errno : 0;
    close(fd);
    if (!rc) {
        dom->ring = page;
    }
    return rc;
}

static int bind_port(struct backend *b, struct domain *dom)
{
    int port = hv_evtchn_bind_interdomain(b->evtchn, dom->domid, dom->remote_port);

    if (port < 0) {
        return port;
    }
    dom->local_port = (unsigned int)port;
    return 0;
}

static void unmap_ring(struct backend *b, struct domain *dom)
{
    if (dom->domid) {
        hv_gnttab_unmap(b->gntdev, dom->ring);
    } else {
        munmap(dom->ring, RING_BYTES);
    }
    dom->ring = NULL;
}

static int ring_open(void *arg, struct domain *dom)
{
    struct backend *b = arg;
    void *page = NULL;
    int rc;

    if (!b->active) {
        return -ENODEV;
    }
    if (dom->domid) {
        rc = hv_gnttab_map(b->gntdev, dom->domid, GNTTAB_RESERVED_XENSTORE, &page);
        dom->ring = page;
    } else {
        rc = map_kernel_ring(dom, &dom->remote_port);
    }
    if (!rc && !dom->local_port) {
        rc = bind_port(b, dom);
        if (rc) {
            unmap_ring(b, dom);
        }
    }
    return rc;
}

static int ring_rebind(void *arg, struct domain *dom)
{
    struct backend *b = arg;
    unsigned int old = dom->local_port;
    int rc = bind_port(b, dom);

    if (!rc && old) {
        hv_evtchn_unbind(b->evtchn, old);
    }
    return rc;
}

static void ring_close(void *arg, struct domain *dom)
{
    struct backend *b = arg;

    if (dom->local_port) {
        hv_evtchn_unbind(b->evtchn, dom->local_port);
        dom->local_port = 0;
    }
    if (dom->ring) {
        unmap_ring(b, dom);
    }
}

static void ring_notify(void *arg, const struct domain *dom)
{
    struct backend *b = arg;

    hv_evtchn_notify(b->evtchn, dom->local_port);
}

static int domain_state(void *arg, uint16_t domid, bool *dying, bool *shutdown)
{
    struct backend *b = arg;
    struct xen_domctl_getdomaininfo info;
    int rc;

    *dying = *shutdown = false;
    if (!b->active) {
        return domid ? -ESRCH : 0;
    }
    rc = hv_domain_info(&b->hv, domid, &info);
    if (rc) {
        return rc;
    }
    *dying = info.flags & XEN_DOMINF_dying;
    *shutdown = info.flags & XEN_DOMINF_shutdown;
    return 0;
}

static struct conn *conn_of_port(struct xsd *x, unsigned int port)
{
    list_for(it, &x->domains) {
        struct domain *dom = list_entry(it, struct domain, link);

        if (dom->conn && dom->local_port == port) {
            return dom->conn;
        }
    }
    return NULL;
}

/*
 * A port stays masked until all that are pending have been read, so that one that is sent to without
 * pause comes once; what does not fit comes in the next pass.
 */
static bool take_events(void *arg)
{
    struct backend *b = arg;
    unsigned int unmask[PORTS_A_PASS], count = 0;
    bool check = false;
    int port;

    while (b->active && count < PORTS_A_PASS && (port = hv_evtchn_pending(b->evtchn)) >= 0) {
        struct conn *c = conn_of_port(b->x, (unsigned int)port);

        if (c) {
            c->ready = true;
        } else {
            check = true;    /* VIRQ_DOM_EXC */
        }
        unmask[count++] = (unsigned int)port;
    }
    while (count) {
        hv_evtchn_unmask(b->evtchn, unmask[--count]);
    }
    return check;
}

static int start_live_update(void *arg, const char *binary, const char *args)
{
    struct backend *b = arg;

    return live_exec(b->x, binary, args, b->argv, b->listen_fd, b->active ? b->evtchn : -1);
}

const struct xsd_ops backend_ops = {
    .domain_state = domain_state,
    .ring_open = ring_open,
    .ring_rebind = ring_rebind,
    .ring_close = ring_close,
    .ring_notify = ring_notify,
    .events = take_events,
    .live_update = start_live_update,
};

int backend_open(struct backend *b, int evtchn)
{
    int rc = hv_open(&b->hv);

    if (rc) {
        return rc;
    }
    b->evtchn = evtchn >= 0 ? evtchn : hv_evtchn_open();
    if (b->evtchn < 0) {
        return b->evtchn;
    }
    b->gntdev = hv_gnttab_open();
    if (b->gntdev < 0) {
        return b->gntdev;
    }
    b->virq_port = hv_evtchn_bind_virq(b->evtchn, VIRQ_DOM_EXC);
    b->active = true;
    /*
     * A port handed over is still bound to the interrupt: its number is not known, but no
     * connection's.
     */
    return b->virq_port < 0 && evtchn < 0 ? b->virq_port : 0;
}

int backend_introduce_dom0(struct backend *b)
{
    struct domain *dom = domain_find(b->x, 0);
    int rc;

    if (dom->conn) {
        return 0;
    }
    dom->local_port = 0;
    rc = ring_open(b, dom);
    if (rc) {
        return rc;
    }
    if (!conn_new_ring(b->x, dom)) {
        ring_close(b, dom);
        return -ENOMEM;
    }
    dom->conn->ready = true;
    return 0;
}
