/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of xenstore-migration.md (version 2), and how the journal and the whole state are written
 * with them.
 *
 * Types of 0x80000000 and up are private: what the document has no record for, needed after a
 * crash. The stream that a planned restart hands over has of these only DOMAIN_STATE, which tells
 * the guest's end of the port. All fields are little endian, as on the machine.
 */
#ifndef XENSTORED_RECORD_H
#define XENSTORED_RECORD_H

#include "xsd.h"


enum record_type {
    REC_END, REC_GLOBAL_DATA, REC_CONNECTION_DATA, REC_WATCH_DATA, REC_TRANSACTION_DATA,
    REC_NODE_DATA,
    REC_GLOBAL_QUOTA_DATA, REC_DOMAIN_DATA, REC_WATCH_DATA_EXTENDED,
    REC_PRIVATE = (int)0x80000000,
    REC_DOMAIN_STATE = REC_PRIVATE,    /* rec_domain_state */
    REC_RING,              /* rec_ring: the connection starts, or starts anew */
    REC_CONN_GONE,         /* conn-id */
    REC_UNWATCH,           /* as WATCH_DATA */
    REC_TX_GONE,           /* as TRANSACTION_DATA */
    REC_REPLY,             /* rec_reply: the request is done, the answer is in the area */
    REC_SPECIAL,           /* rec_special: a special event happened */
    REC_EVENT,             /* conn-id, then a whole message still to be sent */
    REC_DOMAIN_GONE,       /* number (32 bits): domain_forget() */
};

#define STREAM_IDENT "xenstore"
#define STREAM_VERSION 2u

struct rec_stream {
    char ident[8];
    uint32_t version_be, flags_be;
};
struct rec_header {
    uint32_t type, len;
};
struct rec_global {
    int32_t socket_fd, evtchn_fd;
};
#define CONN_RING 0
#define CONN_SOCKET 1
struct rec_conn {
    uint32_t conn_id;
    uint16_t type, pad;
    union {
        struct { uint16_t domid, tdomid; uint32_t evtchn; } ring;
        struct { int32_t fd; uint32_t pad; } socket;
    } spec;
    uint16_t in_len, out_resp_len;
    uint32_t out_len;
};
struct rec_watch {
    uint32_t conn_id;
    uint16_t path_len, token_len;
};
struct rec_watch_ext {
    struct rec_watch w;
    uint16_t depth, pad;
};
struct rec_tx {
    uint32_t conn_id, tx_id;
};
struct rec_node {
    uint32_t conn_id, tx_id;
    uint16_t path_len, value_len, access, nperms;
};
struct rec_perm {
    uint8_t letter, flags;
    uint16_t domid;
};
struct rec_quota {
    uint16_t per_domain, global;
};
struct rec_domain_state {
    uint16_t domid, target;
    uint32_t shutdown, remote_port, pad;
    uint64_t gfn;
};
struct rec_ring {
    uint32_t conn_id;
    uint16_t domid, pad;
    int32_t slot;
};
struct rec_reply {
    uint32_t conn_id, prev_in_start;
    uint64_t state;
    uint32_t out_start, pad;
};
struct rec_special {
    uint16_t which, domid;
};

/*
 * Each stages one record; nothing happens without a journal. Socket connections leave no records.
 */
void record_node(struct journal *j, const char *path, const struct node *n);
void record_node_gone(struct journal *j, const char *path);
void record_watch(struct journal *j, const struct watch *w);
void record_unwatch(struct journal *j, const struct watch *w);
void record_ring(struct journal *j, const struct conn *c);
void record_conn_gone(struct journal *j, uint32_t conn_id);
void record_domain(struct journal *j, const struct domain *dom);
void record_domain_gone(struct journal *j, uint16_t domid);
void record_tx(struct journal *j, const struct conn *c, uint32_t id);
void record_tx_gone(struct journal *j, const struct conn *c, uint32_t id);
void record_reply(struct journal *j, const struct conn *c, uint32_t prev_in_start, uint64_t state,
                  uint32_t out_start);
void record_special(struct journal *j, int which, uint16_t domid);
void record_quotas(struct journal *j, const struct xsd *x);

/*
 * Writes the whole state to b. For a planned restart (live) with all connections, the two
 * descriptors and END; for the journal with the ring connections and the events that wait.
 */
void save_state(struct xsd *x, struct buf *b, bool live, int socket_fd, int evtchn_fd);

/*
 * Starts a new journal in dir with the present state. Returns 0 or -errno: then a crash would lose
 * the store.
 */
int save_journal(struct xsd *x, const char *dir);

struct restored {
    int socket_fd, evtchn_fd;    /* of a planned restart; -1: none */
};
/*
 * Applies a stream to a new store. live: a planned restart's; else a journal's, whose first octet
 * has position base and whose first snapshot_len octets are the complete state. Rings are not
 * mapped yet: restore_rings(). Errors: -EINVAL (not a stream, or broken: *what says where),
 * -ENOMEM.
 */
int restore_stream(struct xsd *x, const char *data, size_t len, bool live, uint64_t base,
                   size_t snapshot_len,
                   struct restored *out, const char **what);
/*
 * Maps the rings of all restored connections and settles what was under way; drops those that are
 * gone.
 */
void restore_rings(struct xsd *x, bool live);

#endif
