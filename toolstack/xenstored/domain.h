/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains as xenstored knows them: their connection, what they use, whether they still live.
 *
 * A struct domain exists for every domain that was introduced or owns or is named in a node. It
 * goes, and all its nodes with it, when the hypervisor no longer knows the domain or when it is
 * released.
 */
#ifndef XENSTORED_DOMAIN_H
#define XENSTORED_DOMAIN_H

#include "xsd.h"

struct domain {
    struct list link;                           /* xsd.domains */
    uint16_t domid;
    struct actor who;                           /* target: SET_TARGET, or DOMID_INVALID */
    bool shutdown;                              /* seen shut down; cleared by RESUME */
    struct conn *conn;                          /* NULL: not introduced */
    struct xenstore_domain_interface *ring;     /* guest memory: copy in once, never believe */
    uint64_t gfn;                               /* as INTRODUCE said; kept for a restart */
    unsigned int remote_port, local_port;       /* local 0: not bound */
    unsigned int nodes, watches, txs;           /* used, against the quotas */
    /* nodes owned, watches, transactions, queued events */
    size_t mem;
    bool soft_noted;                            /* told that mem is above the soft quota */
    struct limit notes;
    /* conflicts that it may still cause, see domain_conflict() */
    unsigned int credit;
    int64_t blocked_until, credit_at;           /* ms of xsd.now_ms */
};

/* Returns the domain, making it if needed; NULL without memory or for a reserved number. */
struct domain *domain_need(struct xsd *x, uint16_t domid);
static inline struct domain *domain_find(const struct xsd *x, unsigned int domid)
{
    return domid < DOMID_FIRST_RESERVED ? x->by_domid[domid] : NULL;
}

/* Whether the hypervisor knows the domain (a known struct domain is believed without asking). */
bool domain_exists(struct xsd *x, uint16_t domid);

/*
 * INTRODUCE: connects the domain, or, if it is connected, resets the connection and binds the new
 * port. Fires @introduceDomain. Errors: -EINVAL (number, port), -ENOENT (no such domain), those of
 * mapping.
 */
int domain_introduce(struct xsd *x, uint16_t domid, uint64_t gfn, unsigned int port);
/*
 * The connection goes, and if the domain is gone (or forget is set) its nodes too. Fires
 * @releaseDomain.
 */
void domain_release(struct xsd *x, struct domain *dom);

/*
 * It is no more (or never was more than a name in a permission): what it owns goes, and every right
 * of it and over it, so that a later domain of the same number inherits nothing. It must not be
 * connected.
 */
void domain_forget(struct xsd *x, struct domain *dom);

/* Asks the hypervisor about every domain: shut down, dying, gone. Called on VIRQ_DOM_EXC. */
void domain_check_all(struct xsd *x);

/* Adds to what a domain uses; during a commit it is gathered and applied by account_apply(). */
void account_add(struct xsd *x, uint16_t domid, int nodes, ssize_t bytes);
void account_begin(struct xsd *x);
/* Ends the gathering; with apply false nothing has happened. */
void account_end(struct xsd *x, bool apply);
/*
 * Whether what a commit has gathered is within everybody's memory quota; freed: octets that the
 * actor will be charged less when the transaction is gone.
 */
bool account_fits(const struct xsd *x, const struct actor *who, size_t freed);
/* What a commit has gathered for a domain so far. */
int account_nodes(const struct xsd *x, uint16_t domid);

/*
 * A transaction of somebody else failed because of a change by this domain: slow it down if it goes
 * on.
 */
void domain_conflict(struct xsd *x, uint16_t domid);
/* Whether the domain's requests wait because of that; sets *until to the ms when they go on. */
bool domain_blocked(struct xsd *x, struct domain *dom, int64_t *until);

#endif
