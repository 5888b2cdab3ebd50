/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A xenstored in the test program: its hypervisor is an array of domains, each with a ring page in
 * ordinary memory. Requests go through that page octet by octet as a guest's do, or through a
 * socket pair as a tool's.
 */
#ifndef XS_HOST_H
#define XS_HOST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "xenstored/conn.h"
#include "xenstored/domain.h"
#include "xenstored/live.h"
#include "xenstored/loop.h"
#include "xenstored/record.h"
#include "xenstored/request.h"
#include "xenstored/rings.h"
#include "xenstored/store.h"
#include "xenstored/tx.h"
#include "xenstored/watch.h"

#define HOST_DOMAINS 48

struct host {
    struct xsd x;
    bool exists[HOST_DOMAINS], dying[HOST_DOMAINS], shutdown[HOST_DOMAINS];
    /* shared memory, so that a fork sees it too */
    struct xenstore_domain_interface *page[HOST_DOMAINS];
    unsigned int notified[HOST_DOMAINS];
    /* what the hypervisor has to tell: events of domains, one that domains have changed */
    bool pending[HOST_DOMAINS], virq;
    uint32_t req_id;
};

/* One message as a client sees it. */
struct msg {
    struct xsd_sockmsg hdr;
    char body[XENSTORE_PAYLOAD_MAX + 1];
};

static int host_domain_state(void *arg, uint16_t domid, bool *dying, bool *shutdown)
{
    struct host *h = arg;

    if (domid >= HOST_DOMAINS || !h->exists[domid]) {
        return -ESRCH;
    }
    *dying = h->dying[domid];
    *shutdown = h->shutdown[domid];
    return 0;
}

static int host_ring_open(void *arg, struct domain *dom)
{
    struct host *h = arg;

    if (dom->domid >= HOST_DOMAINS || !h->exists[dom->domid]) {
        return -ESRCH;
    }
    dom->ring = h->page[dom->domid];
    dom->local_port = 100 + dom->domid;
    return 0;
}

static int host_ring_rebind(void *arg, struct domain *dom)
{
    (void)arg;
    dom->local_port += 100;
    return 0;
}

static void host_ring_close(void *arg, struct domain *dom)
{
    (void)arg;
    dom->ring = NULL;
    dom->local_port = 0;
}

static void host_ring_notify(void *arg, const struct domain *dom)
{
    ((struct host *)arg)->notified[dom->domid]++;
}

static bool host_events(void *arg)
{
    struct host *h = arg;
    bool virq = h->virq;

    for (uint16_t i = 0; i < HOST_DOMAINS; i++) {
        struct domain *dom = domain_find(&h->x, i);

        if (h->pending[i] && dom && dom->conn) {
            dom->conn->ready = true;
        }
        h->pending[i] = false;
    }
    h->virq = false;
    return virq;
}

static const struct xsd_ops host_ops = {
    .domain_state = host_domain_state, .ring_open = host_ring_open, .ring_rebind = host_ring_rebind,
    .ring_close = host_ring_close, .ring_notify = host_ring_notify,
    .events = host_events,
};

static inline void host_init(struct host *h)
{
    memset(h, 0, sizeof(*h));
    for (int i = 0; i < HOST_DOMAINS; i++) {
        h->page[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    h->exists[0] = true;
    CHECK(!xsd_init(&h->x, &host_ops, h));
}

static inline void host_free(struct host *h)
{
    xsd_free(&h->x);
    for (int i = 0; i < HOST_DOMAINS; i++) {
        munmap(h->page[i], 4096);
    }
}

/*
 * Lets every connection have turns of the real loop until nothing moves any more; at most max
 * rounds. Returns the rounds.
 */
static inline int host_run(struct host *h, int max)
{
    int n = 0;

    list_for(it, &h->x.conns) {
        list_entry(it, struct conn, link)->ready = true;
    }
    while (n < max) {
        n++;
        if (loop_turns(&h->x)) {
            break;
        }
    }
    return n;
}

/* A domain comes up and is introduced. */
static inline struct conn *host_domain(struct host *h, uint16_t domid)
{
    h->exists[domid] = true;
    h->dying[domid] = h->shutdown[domid] = false;
    memset(h->page[domid], 0, 4096);
    CHECK(!domain_introduce(&h->x, domid, 0x1000 + domid, 1));
    return h->x.by_domid[domid]->conn;
}

/* A tool connects; *fd is its end. */
static inline struct conn *host_socket(struct host *h, int *fd)
{
    int pair[2];

    CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    *fd = pair[0];
    return conn_new_socket(&h->x, pair[1]);
}

/* ------------------------------------------------------------------ the guest's side of a ring */

static inline size_t ring_put(struct xenstore_domain_interface *r, const void *data, size_t len)
{
    uint32_t prod = r->req_prod, cons = __atomic_load_n(&r->req_cons, __ATOMIC_ACQUIRE);
    uint32_t room = XENSTORE_RING_SIZE - (prod - cons);

    len = len < room ? len : room;
    for (size_t i = 0; i < len; i++) {
        r->req[MASK_XENSTORE_IDX(prod + i)] = ((const char *)data)[i];
    }
    __atomic_store_n(&r->req_prod, prod + (uint32_t)len, __ATOMIC_RELEASE);
    return len;
}

static inline size_t ring_get(struct xenstore_domain_interface *r, void *data, size_t len)
{
    uint32_t cons = r->rsp_cons, have = __atomic_load_n(&r->rsp_prod, __ATOMIC_ACQUIRE) - cons;

    len = len < have ? len : have;
    for (size_t i = 0; i < len; i++) {
        ((char *)data)[i] = r->rsp[MASK_XENSTORE_IDX(cons + i)];
    }
    __atomic_store_n(&r->rsp_cons, cons + (uint32_t)len, __ATOMIC_RELEASE);
    return len;
}

/* Sends a whole message of a domain, running the daemon as needed. */
static inline void guest_send(struct host *h, uint16_t domid, uint32_t type, uint32_t tx,
                              const void *body,
                              size_t len)
{
    struct xsd_sockmsg hdr = { .type = type, .req_id = ++h->req_id, .tx_id = tx,
                               .len = (uint32_t)len };
    char all[sizeof(hdr) + XENSTORE_PAYLOAD_MAX];
    size_t done = 0, total = sizeof(hdr) + len;

    memcpy(all, &hdr, sizeof(hdr));
    memcpy(all + sizeof(hdr), body, len);
    for (int i = 0; done < total && i < 100; i++) {
        done += ring_put(h->page[domid], all + done, total - done);
        if (done < total) {
            host_run(h, 100);
        }
    }
}

/* Takes the next message for a domain; false if there is none. */
static inline bool guest_recv(struct host *h, uint16_t domid, struct msg *m)
{
    size_t done = 0, want = sizeof(m->hdr);

    for (int idle = 0; idle < 3; ) {
        size_t n = ring_get(h->page[domid], (char *)m + done, want - done);

        done += n;
        if (done == sizeof(m->hdr) && want == sizeof(m->hdr)) {
            want += m->hdr.len;
        }
        if (done == want && want >= sizeof(m->hdr) && (want > sizeof(m->hdr) || !m->hdr.len)) {
            m->body[m->hdr.len] = 0;
            return true;
        }
        idle = n ? 0 : idle + 1;
        if (!n) {
            host_run(h, 100);
        }
    }
    return false;
}

/*
 * One request of a domain, with its reply in *m; events on the way are counted in *events (may be
 * NULL). Returns 0 or the negative errno of an error reply; -EPIPE if no reply came.
 */
static inline int guest_call(struct host *h, uint16_t domid, uint32_t type, uint32_t tx,
                             const void *body,
                             size_t len, struct msg *m, int *events)
{
    guest_send(h, domid, type, tx, body, len);
    while (guest_recv(h, domid, m)) {
        if (m->hdr.type == XS_WATCH_EVENT) {
            if (events) {
                ++*events;
            }
            continue;
        }
        CHECK(m->hdr.req_id == h->req_id && m->hdr.tx_id == tx);
        CHECK(m->hdr.type == type || m->hdr.type == XS_ERROR);
        return m->hdr.type == XS_ERROR ? -xs_errno_value(m->body) : 0;
    }
    return -EPIPE;
}

/* As guest_call() with one string, its nul included. */
static inline int guest_str(struct host *h, uint16_t domid, uint32_t type, uint32_t tx,
                            const char *arg,
                            struct msg *m)
{
    return guest_call(h, domid, type, tx, arg, strlen(arg) + 1, m, NULL);
}

static inline int guest_write(struct host *h, uint16_t domid, uint32_t tx, const char *path,
                              const char *value)
{
    char body[XENSTORE_PAYLOAD_MAX];
    size_t n = strlen(path) + 1;
    struct msg m;

    memcpy(body, path, n);
    memcpy(body + n, value, strlen(value));
    return guest_call(h, domid, XS_WRITE, tx, body, n + strlen(value), &m, NULL);
}

/* Two strings, one after the other. */
static inline int guest_str2(struct host *h, uint16_t domid, uint32_t type, const char *a,
                             const char *b)
{
    char body[XENSTORE_PAYLOAD_MAX];
    size_t n = strlen(a) + 1;
    struct msg m;

    memcpy(body, a, n);
    memcpy(body + n, b, strlen(b) + 1);
    return guest_call(h, domid, type, 0, body, n + strlen(b) + 1, &m, NULL);
}

static inline uint32_t guest_tx(struct host *h, uint16_t domid)
{
    struct msg m;

    CHECK(!guest_str(h, domid, XS_TRANSACTION_START, 0, "", &m));
    return (uint32_t)strtoul(m.body, NULL, 10);
}

/* A fast, repeatable source of random numbers. */
static uint64_t rng_state = 88172645463325252u;
static inline uint32_t rnd(uint32_t below)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (uint32_t)((rng_state >> 16) % below);
}

/* A new store with Domain 0 and the guests 1 to 3, each with its own part of it. */
static inline void host_three_guests(struct host *h)
{
    host_init(h);
    host_domain(h, 0);
    for (uint16_t i = 1; i < 4; i++) {
        char path[32], perm[8];

        host_domain(h, i);
        snprintf(path, sizeof(path), "/local/domain/%u", i);
        snprintf(perm, sizeof(perm), "r%u", i);
        CHECK(!guest_write(h, 0, 0, path, "") && !guest_str2(h, 0, XS_SET_PERMS, path, perm));
    }
}

#endif
