/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring transport: a page shared with a guest, after xenstore-ring.txt and xen/io/xs_wire.h.
 *
 * The page is the guest's: its producer and consumer are read once each time and checked, ours are
 * kept in the connection's area and only shown in the page. Nothing is computed from what the page
 * says of us.
 */
#include <string.h>

#include "conn.h"
#include "domain.h"

#define FEATURES \
    (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR | XS_FEATURE_WATCH_DEPTH)

static uint32_t load(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static ssize_t ring_read(struct xsd *x, struct conn *c, void *data, size_t len)
{
    struct xenstore_domain_interface *ring = c->dom->ring;
    struct area *a = c->area;
    uint32_t avail = load(&ring->req_prod) - a->in_cons;
    uint32_t at = MASK_XENSTORE_IDX(a->in_cons), first;

    (void)x;
    if (avail > XENSTORE_RING_SIZE) {
        return -EPROTO;
    }
    if (len > avail) {
        len = avail;
    }
    if (!len) {
        return 0;
    }
    first = XENSTORE_RING_SIZE - at < len ? XENSTORE_RING_SIZE - at : (uint32_t)len;
    memcpy(data, ring->req + at, first);
    memcpy((char *)data + first, ring->req, len - first);
    store(&a->in_cons, a->in_cons + (uint32_t)len);
    store(&ring->req_cons, a->in_cons);
    return (ssize_t)len;
}

static ssize_t ring_write(struct xsd *x, struct conn *c, const void *data, size_t len)
{
    struct xenstore_domain_interface *ring = c->dom->ring;
    struct area *a = c->area;
    uint32_t used = a->out_prod - load(&ring->rsp_cons);
    uint32_t at = MASK_XENSTORE_IDX(a->out_prod), first;

    (void)x;
    if (used > XENSTORE_RING_SIZE) {
        return -EPROTO;
    }
    if (len > XENSTORE_RING_SIZE - used) {
        len = XENSTORE_RING_SIZE - used;
    }
    if (!len) {
        return 0;
    }
    first = XENSTORE_RING_SIZE - at < len ? XENSTORE_RING_SIZE - at : (uint32_t)len;
    memcpy(ring->rsp + at, data, first);
    memcpy(ring->rsp, (const char *)data + first, len - first);
    store(&a->out_prod, a->out_prod + (uint32_t)len);
    store(&ring->rsp_prod, a->out_prod);
    return (ssize_t)len;
}

static void ring_flush(struct xsd *x, struct conn *c)
{
    x->ops->ring_notify(x->ops_arg, c->dom);
}

const struct transport ring_transport = { .read = ring_read, .write = ring_write,
                                          .flush = ring_flush };

void ring_attach(struct conn *c, bool fresh)
{
    struct xenstore_domain_interface *ring = c->dom->ring;
    struct area *a = c->area;

    if (fresh) {
        a->in_cons = load(&ring->req_cons);
        a->out_prod = a->out_start = load(&ring->rsp_prod);
        a->state = area_state(a->in_cons, 0);
    } else {
        store(&ring->req_cons, a->in_cons);
        store(&ring->rsp_prod, a->out_prod);
    }
    ring->error = XENSTORE_ERROR_NONE;
    ring->server_features |= FEATURES;
}

bool ring_wants_reset(const struct conn *c)
{
    return load(&c->dom->ring->connection) == XENSTORE_RECONNECT;
}

void ring_reset(struct xsd *x, struct conn *c)
{
    struct xenstore_domain_interface *ring = c->dom->ring;
    struct area *a = c->area;

    a->in_cons = a->out_prod = a->out_start = 0;
    a->state = 0;
    ring->req_cons = ring->req_prod = 0;
    ring->rsp_cons = ring->rsp_prod = 0;
    ring->error = XENSTORE_ERROR_NONE;
    store(&ring->connection, XENSTORE_CONNECTED);
    ring_flush(x, c);
}

void ring_report_error(struct conn *c, uint32_t error)
{
    c->dom->ring->error = error;
    c->moved = true;
}
