/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole state of one xenstored, and what its parts share.
 *
 * Single-threaded: no locks anywhere. Everything hangs off struct xsd, so that a unit test can have
 * several. What touches the hypervisor is reached through struct xsd_ops; the daemon's are in
 * backend.c, a test has its own.
 */
#ifndef XENSTORED_XSD_H
#define XENSTORED_XSD_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <xen/xen.h>

#include "journal.h"
#include "libdaemon/limit.h"
#include "list.h"
#include "node.h"
#include "path.h"
#include "strmap.h"

struct conn;
struct domain;
struct tx;
struct watch;

/*
 * Limits for unprivileged domains; the defaults are Xen's (xenstored_quotas of 4.17). 0: no limit.
 */
enum quota {
    QUOTA_NODES, QUOTA_WATCHES, QUOTA_TRANSACTIONS, QUOTA_OUTSTANDING, QUOTA_TX_NODES, QUOTA_MEMORY,
    QUOTA_NODE_SIZE, QUOTA_PATH_MAX, QUOTA_PERMS, QUOTA_SOFT_MEMORY, QUOTA_COUNT
};

struct quota_def {
    const char *name, *text;
    unsigned int value;
};
extern const struct quota_def quota_defs[QUOTA_COUNT];

/*
 * Who asks. A domain's is in its struct domain and nowhere else: what changes there, or ends with
 * the domain or its target, has changed for everybody who looks.
 */
struct actor {
    uint16_t domid;
    uint16_t target;    /* DOMID_INVALID: none */
    bool priv;
};

#define SPECIAL_INTRODUCE 0
#define SPECIAL_RELEASE 1
#define SPECIAL_COUNT 2

/* What the daemon needs from the outside; arg is xsd.ops_arg. */
struct xsd_ops {
    /* 0 and the flags; -ESRCH: no such domain. */
    int (*domain_state)(void *arg, uint16_t domid, bool *dying, bool *shutdown);
    /* Maps the ring (grant reference 1, for domain 0 the kernel's own page) and binds the port. */
    int (*ring_open)(void *arg, struct domain *dom);
    /* Binds another remote port; *local_port is replaced. */
    int (*ring_rebind)(void *arg, struct domain *dom);
    void (*ring_close)(void *arg, struct domain *dom);
    void (*ring_notify)(void *arg, const struct domain *dom);
    /* Takes pending events: marks connections ready. True: domains are to be checked. */
    bool (*events)(void *arg);
    /* Starts the live update: replaces the process, or returns -errno. */
    int (*live_update)(void *arg, const char *binary, const char *args);
};

#define ALLOC_BYTES 16    /* what an allocator takes for itself, a piece */

/* Change of a domain's account while a transaction is being committed. */
struct account {
    uint16_t domid;
    int nodes;
    ssize_t bytes;
};

struct xsd {
    struct node *root;
    struct node *special[SPECIAL_COUNT];
    uint64_t gen;                        /* the last generation given out */
    size_t main_bytes;                   /* octets of the nodes of root */
    size_t view_bytes;                   /* and of those that transactions made for themselves */
    struct list domains, conns, txs;     /* of domain.h, conn.h, tx.h */
    struct domain *by_domid[DOMID_FIRST_RESERVED];
    struct strmap watched;               /* path -> struct watchpoint */
    unsigned int quota[QUOTA_COUNT];
    struct journal journal;
    struct ringfile *rings;              /* areas of the ring connections */
    uint32_t next_conn_id, next_tx_id;
    const struct xsd_ops *ops;
    void *ops_arg;
    int64_t now_ms;                      /* monotonic clock, set by the main loop */
    struct walk *walk;
    bool committing, account_failed;     /* a commit gathers accounts in delta */
    struct account *delta;
    size_t ndelta, delta_cap;
    bool replaying, quiet;               /* records are being applied; without telling anybody */
    uint64_t replay_pos;                 /* journal position of the record being applied */
    FILE *log;                           /* CONTROL logfile / log on */
    bool log_on;
    char *log_name;
    char *lu_binary, *lu_args;           /* live update being prepared */
    struct limit notes;                  /* all messages that domains cause */
};

/* Sets up an empty store with the nodes that are always there. Returns 0 or -ENOMEM. */
int xsd_init(struct xsd *x, const struct xsd_ops *ops, void *ops_arg);
/* Frees everything (unit tests look for leaks; the daemon never ends that way). */
void xsd_free(struct xsd *x);

/* Tells the administrator: to syslog, and to the log file if there is one. */
void xsd_note(struct xsd *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Likewise for what a domain can cause: it is named, and it is not told more often than is good for
 * the log. What was not told is counted in the next message.
 */
void xsd_note_about(struct xsd *x, struct domain *dom, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Opens the log file again by name: somebody has moved it away. */
void xsd_reopen_log(struct xsd *x);
/* To the log file, when logging is on. It and the one before, NAME.1, have 16 MiB at most. */
void xsd_trace(struct xsd *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whether value, measured against a quota, is too much for the actor. */
static inline bool over_quota(const struct xsd *x, const struct actor *who, enum quota q,
                              size_t value)
{
    return !who->priv && x->quota[q] && value > x->quota[q];
}

#endif
