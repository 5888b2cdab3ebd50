/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: introduction, death, accounts, write credit. See domain.h.
 */
#include "domain.h"

#include <stdlib.h>

#include "conn.h"
#include "record.h"
#include "store.h"
#include "tx.h"
#include "watch.h"

#define CREDIT_MAX 10         /* conflicts in a row before a domain is slowed down (XSA-206) */
#define CREDIT_MS 500         /* one more each half second */

struct domain *domain_need(struct xsd *x, uint16_t domid)
{
    struct domain *dom = domain_find(x, domid);

    if (dom || domid >= DOMID_FIRST_RESERVED) {
        return dom;
    }
    dom = calloc(1, sizeof(*dom));
    if (!dom) {
        return NULL;
    }
    dom->domid = domid;
    dom->who = (struct actor){ .domid = domid, .target = DOMID_INVALID, .priv = !domid };
    dom->credit = CREDIT_MAX;
    dom->credit_at = x->now_ms;
    list_append(&x->domains, &dom->link);
    x->by_domid[domid] = dom;
    return dom;
}

bool domain_exists(struct xsd *x, uint16_t domid)
{
    bool dying, shutdown;

    if (domid >= DOMID_FIRST_RESERVED) {
        return false;
    }
    return x->by_domid[domid] || !x->ops->domain_state(x->ops_arg, domid, &dying, &shutdown);
}

/* ------------------------------------------------------------------ connection */

static int connect_new(struct xsd *x, struct domain *dom)
{
    struct conn *c;
    int rc = x->ops->ring_open(x->ops_arg, dom);

    if (rc) {
        return rc;
    }
    c = conn_new_ring(x, dom);
    if (!c) {
        x->ops->ring_close(x->ops_arg, dom);
        return -ENOMEM;
    }
    record_ring(&x->journal, c);
    return 0;
}

static int connect_again(struct xsd *x, struct domain *dom, unsigned int port)
{
    unsigned int old = dom->remote_port;
    int rc = 0;

    if (port != old) {
        dom->remote_port = port;
        rc = x->ops->ring_rebind(x->ops_arg, dom);
    }
    if (rc) {
        dom->remote_port = old;
        return rc;
    }
    conn_reset_ring(x, dom->conn);
    record_ring(&x->journal, dom->conn);
    return 0;
}

int domain_introduce(struct xsd *x, uint16_t domid, uint64_t gfn, unsigned int port)
{
    bool dying, shutdown;
    struct domain *dom;
    int rc = 0;

    if (domid >= DOMID_FIRST_RESERVED || !port) {
        return -EINVAL;
    }
    if (x->ops->domain_state(x->ops_arg, domid, &dying, &shutdown) || dying) {
        return -ENOENT;
    }
    dom = domain_need(x, domid);
    if (!dom) {
        return -ENOMEM;
    }
    dom->gfn = gfn;
    if (dom->conn) {
        rc = connect_again(x, dom, port);
    } else {
        dom->remote_port = port;
        rc = connect_new(x, dom);
    }
    if (!rc) {
        watch_fire_special(x, SPECIAL_INTRODUCE, domid);
    }
    return rc;
}

static void disconnect(struct xsd *x, struct domain *dom)
{
    if (dom->conn) {
        record_conn_gone(&x->journal, dom->conn->id);
        conn_end(x, dom->conn);
        x->ops->ring_close(x->ops_arg, dom);
    }
}

void domain_forget(struct xsd *x, struct domain *dom)
{
    uint16_t domid = dom->domid;

    tx_doom_naming(x, domid);
    store_purge_domain(x, domid);
    record_domain_gone(&x->journal, domid);
    list_for(it, &x->domains) {
        struct domain *other = list_entry(it, struct domain, link);

        if (other->who.target == domid) {
            other->who.target = DOMID_INVALID;
        }
    }
    list_remove(&dom->link);
    x->by_domid[domid] = NULL;
    free(dom);
}

void domain_release(struct xsd *x, struct domain *dom)
{
    uint16_t domid = dom->domid;

    disconnect(x, dom);
    domain_forget(x, dom);
    watch_fire_special(x, SPECIAL_RELEASE, domid);
}

void domain_check_all(struct xsd *x)
{
    list_for_safe(it, &x->domains) {
        struct domain *dom = list_entry(it, struct domain, link);
        bool dying = false, shutdown = false, gone;

        if (!dom->domid) {
            continue;
        }
        gone = x->ops->domain_state(x->ops_arg, dom->domid, &dying, &shutdown) == -ESRCH;
        if ((gone || dying) && dom->conn) {
            domain_release(x, dom);
        } else if (gone) {
            domain_forget(x, dom);
        } else if (shutdown && !dom->shutdown && dom->conn) {
            dom->shutdown = true;
            record_ring(&x->journal, dom->conn);
            watch_fire_special(x, SPECIAL_RELEASE, dom->domid);
        }
    }
}

/* ------------------------------------------------------------------ accounts */

static void account_now(struct xsd *x, uint16_t domid, int nodes, ssize_t bytes)
{
    struct domain *dom = domain_find(x, domid);

    x->main_bytes += (size_t)bytes;
    if (!dom) {
        return;
    }
    dom->nodes += (unsigned int)nodes;
    dom->mem += (size_t)bytes;
    if (domid && (dom->mem > x->quota[QUOTA_SOFT_MEMORY]) != dom->soft_noted) {
        dom->soft_noted = !dom->soft_noted;
        xsd_note_about(x, dom, "%s its soft memory quota: %zu octets",
                       dom->soft_noted ? "above" : "below", dom->mem);
    }
}

void account_add(struct xsd *x, uint16_t domid, int nodes, ssize_t bytes)
{
    size_t i;

    if (!x->committing) {
        account_now(x, domid, nodes, bytes);
        return;
    }
    for (i = 0; i < x->ndelta && x->delta[i].domid != domid; i++) {
    }
    if (i == x->delta_cap) {
        size_t cap = x->delta_cap ? x->delta_cap * 2 : 8;
        struct account *grown = realloc(x->delta, cap * sizeof(*grown));

        if (!grown) {
            x->account_failed = true;
            return;
        }
        x->delta = grown;
        x->delta_cap = cap;
    }
    if (i == x->ndelta) {
        x->delta[x->ndelta++] = (struct account){ .domid = domid };
    }
    x->delta[i].nodes += nodes;
    x->delta[i].bytes += bytes;
}

void account_begin(struct xsd *x)
{
    x->committing = true;
    x->account_failed = false;
    x->ndelta = 0;
}

void account_end(struct xsd *x, bool apply)
{
    x->committing = false;
    for (size_t i = 0; apply && i < x->ndelta; i++) {
        account_now(x, x->delta[i].domid, x->delta[i].nodes, x->delta[i].bytes);
    }
    x->ndelta = 0;
}

bool account_fits(const struct xsd *x, const struct actor *who, size_t freed)
{
    for (size_t i = 0; i < x->ndelta; i++) {
        const struct account *a = &x->delta[i];
        const struct domain *dom = domain_find(x, a->domid);
        size_t mem = dom ? dom->mem + (size_t)a->bytes : 0;

        if (a->domid == who->domid) {
            mem -= freed;
        }
        if (a->domid && a->bytes > 0 && over_quota(x, who, QUOTA_MEMORY, mem)) {
            return false;
        }
    }
    return true;
}

int account_nodes(const struct xsd *x, uint16_t domid)
{
    for (size_t i = 0; i < x->ndelta; i++) {
        if (x->delta[i].domid == domid) {
            return x->delta[i].nodes;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ write credit */

static void refill(struct xsd *x, struct domain *dom)
{
    int64_t earned = (x->now_ms - dom->credit_at) / CREDIT_MS;

    if (earned <= 0) {
        return;
    }
    dom->credit_at += earned * CREDIT_MS;
    dom->credit = earned > CREDIT_MAX - (int64_t)dom->credit ? CREDIT_MAX
                                                            : dom->credit + (unsigned int)earned;
}

void domain_conflict(struct xsd *x, uint16_t domid)
{
    struct domain *dom = domain_find(x, domid);

    if (!dom || !domid) {
        return;
    }
    refill(x, dom);
    if (dom->credit) {
        dom->credit--;
    }
    if (!dom->credit) {
        dom->blocked_until = dom->credit_at + CREDIT_MS;
    }
}

bool domain_blocked(struct xsd *x, struct domain *dom, int64_t *until)
{
    *until = dom->blocked_until;
    return dom->blocked_until > x->now_ms;
}
