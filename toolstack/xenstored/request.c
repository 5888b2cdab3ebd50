/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests on nodes, watches and transactions, and the table of all types. See request.h and
 * xenstore.txt.
 *
 * Everything that a client sends passes here. Nothing asserts on it: what is wrong gets an error
 * reply.
 */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "record.h"
#include "store.h"
#include "tx.h"
#include "watch.h"

int answer_add(struct request *r, const void *data, size_t len)
{
    if (len > XENSTORE_PAYLOAD_MAX - r->out_len) {
        return -E2BIG;
    }
    if (len) {
        memcpy(r->out + r->out_len, data, len);
    }
    r->out_len += len;
    r->answered = true;
    return 0;
}

int answer_str(struct request *r, const char *text)
{
    return answer_add(r, text, strlen(text) + 1);
}

unsigned int request_args(const struct request *r, const char **args, unsigned int max)
{
    unsigned int count = 0;

    for (size_t at = 0; at < r->len; ) {
        size_t n = strnlen(r->in + at, r->len - at);

        if (n == r->len - at) {
            break;    /* no nul: not a string */
        }
        if (count < max) {
            args[count] = r->in + at;
        }
        count++;
        at += n + 1;
    }
    return count;
}

int parse_domid(const char *text, uint16_t *domid)
{
    unsigned long value = 0;

    if (!*text) {
        return -EINVAL;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9') {
            return -EINVAL;
        }
        value = value * 10 + (unsigned long)(*text - '0');
        if (value > UINT16_MAX) {
            return -EINVAL;
        }
    }
    *domid = (uint16_t)value;
    return 0;
}

/* What relative paths are relative to: a domain's own directory; a socket's is that of Domain 0. */
static void base_of(const struct conn *c, char base[24])
{
    snprintf(base, 24, "/local/domain/%u", c->who->domid);
}

static int get_path(const struct request *r, const char *given, bool special, path_t path)
{
    size_t max = r->x->quota[QUOTA_PATH_MAX] ? r->x->quota[QUOTA_PATH_MAX] : XENSTORE_ABS_PATH_MAX;
    char base[24];

    base_of(r->c, base);
    if (path_complete(given, base, path) || !path_valid(path, max, special)) {
        return -EINVAL;
    }
    return 0;
}

/* The payload is one path. */
static int only_path(const struct request *r, bool special, path_t path)
{
    const char *arg;

    return request_args(r, &arg, 1) == 1 ? get_path(r, arg, special, path) : -EINVAL;
}

/* ------------------------------------------------------------------ nodes */

static int req_directory(struct request *r)
{
    struct node *n;
    path_t path;
    int rc = only_path(r, false, path);

    if (!rc) {
        rc = store_lookup(r->x, r->who, r->tx, path, XS_PERM_READ, SEES_CHILDREN, &n);
    }
    r->answered = true;
    for (uint32_t i = 0; !rc && i < n->nchild; i++) {
        rc = answer_add(r, n->child[i]->name, n->child[i]->name_len + 1u);
    }
    return rc;
}

/*
 * Generation, then the names from a byte offset on, as many as fit; an empty name closes the list.
 */
static int answer_part(struct request *r, const struct node *n, size_t offset)
{
    char gen[24];
    size_t at = 0;
    uint32_t i;

    snprintf(gen, sizeof(gen), "%llu", (unsigned long long)n->cgen);
    answer_str(r, gen);
    for (i = 0; i < n->nchild && at < offset; i++) {
        at += n->child[i]->name_len + 1u;
    }
    if (at > offset) {
        return -EINVAL;    /* not where a name starts */
    }
    for (; i < n->nchild; i++) {
        if (r->out_len + n->child[i]->name_len + 2u > XENSTORE_PAYLOAD_MAX) {
            return 0;
        }
        answer_str(r, n->child[i]->name);
    }
    return answer_add(r, "", 1);
}

static int req_directory_part(struct request *r)
{
    const char *args[2];
    struct node *n;
    path_t path;
    char *end;
    size_t offset;
    int rc;

    if (request_args(r, args, 2) != 2) {
        return -EINVAL;
    }
    offset = strtoul(args[1], &end, 10);
    if (*end || !*args[1]) {
        return -EINVAL;
    }
    rc = get_path(r, args[0], false, path);
    if (!rc) {
        rc = store_lookup(r->x, r->who, r->tx, path, XS_PERM_READ, SEES_CHILDREN, &n);
    }
    return rc ? rc : answer_part(r, n, offset);
}

static int req_read(struct request *r)
{
    struct node *n;
    path_t path;
    int rc = only_path(r, false, path);

    if (!rc) {
        rc = store_lookup(r->x, r->who, r->tx, path, XS_PERM_READ, SEES_NODE, &n);
    }
    return rc ? rc : answer_add(r, n->value, n->value_len);
}

static int req_write(struct request *r)
{
    size_t path_len = strnlen(r->in, r->len);
    path_t path;
    int rc;

    if (path_len == r->len) {
        return -EINVAL;
    }
    rc = get_path(r, r->in, false, path);
    return rc ? rc : store_write(r->x, r->who, r->tx, path, r->in + path_len + 1,
                                 r->len - path_len - 1);
}

static int req_mkdir(struct request *r)
{
    path_t path;
    int rc = only_path(r, false, path);

    return rc ? rc : store_mkdir(r->x, r->who, r->tx, path);
}

static int req_rm(struct request *r)
{
    path_t path;
    int rc = only_path(r, false, path);

    return rc ? rc : store_rm(r->x, r->who, r->tx, path);
}

static struct node *special_node(struct xsd *x, const char *path)
{
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        if (!strcmp(x->special[i]->name, path)) {
            return x->special[i];
        }
    }
    return NULL;
}

static int req_get_perms(struct request *r)
{
    struct node *n;
    path_t path;
    int rc = only_path(r, true, path);

    if (rc) {
        return rc;
    }
    if (path[0] == '@') {
        n = special_node(r->x, path);
        if (!n || !(perms_for(r->who, n->perms, n->nperms) & XS_PERM_READ)) {
            return n || !r->who->priv ? -EACCES : -ENOENT;
        }
    } else {
        rc = store_lookup(r->x, r->who, r->tx, path, XS_PERM_READ, SEES_NODE, &n);
    }
    for (unsigned int i = 0; !rc && i < n->nperms; i++) {
        char text[XS_PERM_STRLEN];

        xs_perm_format(&n->perms[i], text);
        rc = answer_str(r, text);
    }
    return rc;
}

static int req_set_perms(struct request *r)
{
    const char *args[XENSTORE_PAYLOAD_MAX / 3 + 1];
    struct xs_perm perms[XENSTORE_PAYLOAD_MAX / 3];
    unsigned int count = request_args(r, args, sizeof(args) / sizeof(args[0]));
    path_t path;
    int rc;

    if (count < 2 || count > sizeof(args) / sizeof(args[0])) {
        return -EINVAL;
    }
    for (unsigned int i = 1; i < count; i++) {
        if (xs_perm_parse(args[i], &perms[i - 1])) {
            return -EINVAL;
        }
    }
    rc = get_path(r, args[0], true, path);
    return rc ? rc : store_set_perms(r->x, r->who, r->tx, path, perms, count - 1);
}

/* ------------------------------------------------------------------ watches */

/*
 * Completes the path of a watch; *rel is how much of event paths the client does not want to see.
 */
static int watch_path(const struct request *r, const char *given, path_t path, size_t *rel)
{
    char base[24];

    *rel = 0;
    if (given[0] == '@') {
        return strlen(given) > XENSTORE_REL_PATH_MAX ? -EINVAL : path_complete(given, "", path);
    }
    if (given[0] != '/') {
        base_of(r->c, base);
        *rel = strlen(base) + 1;
    }
    return get_path(r, given, false, path);
}

static int parse_depth(const char *text, unsigned int *depth)
{
    uint16_t value;

    if (parse_domid(text, &value) || value == WATCH_ANY_DEPTH) {
        return -EINVAL;
    }
    *depth = value;
    return 0;
}

static int req_watch(struct request *r)
{
    const char *args[3];
    unsigned int depth = WATCH_ANY_DEPTH, count = request_args(r, args, 3);
    struct watch *w;
    size_t rel;
    path_t path;
    int rc;

    if (count != 2 && count != 3) {
        return -EINVAL;
    }
    rc = count == 3 ? parse_depth(args[2], &depth) : 0;
    if (!rc) {
        rc = watch_path(r, args[0], path, &rel);
    }
    if (!rc) {
        rc = watch_add(r->x, r->c, path, rel, args[1], depth, &w);
    }
    if (!rc) {
        record_watch(&r->x->journal, w);
        conn_queue_event(r->x, w, path);
    }
    return rc;
}

static int req_unwatch(struct request *r)
{
    const char *args[2];
    struct watch *w;
    size_t rel;
    path_t path;

    if (request_args(r, args, 2) < 2) {
        return -EINVAL;
    }
    if (watch_path(r, args[0], path, &rel)) {
        return -EINVAL;
    }
    w = watch_find(r->x, r->c, path, args[1]);
    if (!w) {
        return -ENOENT;
    }
    record_unwatch(&r->x->journal, w);
    r->c->lost -= w->lost;
    watch_del(r->x, w);
    return 0;
}

static int req_reset_watches(struct request *r)
{
    list_for_safe(it, &r->c->watches) {
        struct watch *w = list_entry(it, struct watch, by_conn);

        record_unwatch(&r->x->journal, w);
        watch_del(r->x, w);
    }
    r->c->lost = 0;
    tx_drop_all(r->x, r->c);
    return 0;
}

/* ------------------------------------------------------------------ transactions */

static int req_tx_start(struct request *r)
{
    char text[16];
    struct tx *tx;
    int rc;

    if (r->tx) {
        return -EBUSY;
    }
    rc = tx_start(r->x, r->c, &tx);
    if (rc) {
        return rc;
    }
    record_tx(&r->x->journal, r->c, tx->id);
    snprintf(text, sizeof(text), "%u", tx->id);
    return answer_str(r, text);
}

static int req_tx_end(struct request *r)
{
    const char *arg;

    if (request_args(r, &arg, 1) != 1 || (strcmp(arg, "T") && strcmp(arg, "F"))) {
        return -EINVAL;
    }
    if (!r->tx) {
        return -ENOENT;
    }
    return tx_end(r->x, r->tx, *arg == 'T');
}

/* ------------------------------------------------------------------ dispatch */

#define NO_TX 1u      /* the transaction number is not looked at */
#define PRIV 2u       /* Domain 0 only */

static const struct {
    const char *name;
    int (*handle)(struct request *r);
    unsigned int flags;
} types[] = {
    [XS_CONTROL] = { "CONTROL", req_control, PRIV },
    [XS_DIRECTORY] = { "DIRECTORY", req_directory, 0 },
    [XS_READ] = { "READ", req_read, 0 },
    [XS_GET_PERMS] = { "GET_PERMS", req_get_perms, 0 },
    [XS_WATCH] = { "WATCH", req_watch, NO_TX },
    [XS_UNWATCH] = { "UNWATCH", req_unwatch, NO_TX },
    [XS_TRANSACTION_START] = { "TRANSACTION_START", req_tx_start, 0 },
    [XS_TRANSACTION_END] = { "TRANSACTION_END", req_tx_end, 0 },
    [XS_INTRODUCE] = { "INTRODUCE", req_introduce, PRIV },
    [XS_RELEASE] = { "RELEASE", req_release, PRIV },
    [XS_GET_DOMAIN_PATH] = { "GET_DOMAIN_PATH", req_domain_path, 0 },
    [XS_WRITE] = { "WRITE", req_write, 0 },
    [XS_MKDIR] = { "MKDIR", req_mkdir, 0 },
    [XS_RM] = { "RM", req_rm, 0 },
    [XS_SET_PERMS] = { "SET_PERMS", req_set_perms, 0 },
    [XS_IS_DOMAIN_INTRODUCED] = { "IS_DOMAIN_INTRODUCED", req_is_introduced, PRIV },
    [XS_RESUME] = { "RESUME", req_resume, PRIV },
    [XS_SET_TARGET] = { "SET_TARGET", req_set_target, PRIV },
    [XS_RESET_WATCHES] = { "RESET_WATCHES", req_reset_watches, 0 },
    [XS_DIRECTORY_PART] = { "DIRECTORY_PART", req_directory_part, 0 },
};

static int dispatch(struct request *r, const struct xsd_sockmsg *hdr)
{
    if (hdr->type >= sizeof(types) / sizeof(types[0]) || !types[hdr->type].handle) {
        return -ENOSYS;
    }
    if ((types[hdr->type].flags & PRIV) && !r->who->priv) {
        return -EACCES;
    }
    if (hdr->tx_id && !(types[hdr->type].flags & NO_TX)) {
        r->tx = tx_find(r->c, hdr->tx_id);
        if (!r->tx) {
            return -ENOENT;
        }
    }
    return types[hdr->type].handle(r);
}

static void trace(const struct request *r, const struct xsd_sockmsg *hdr, int rc)
{
    const char *name = hdr->type < sizeof(types) / sizeof(types[0]) ? types[hdr->type].name : NULL;

    if (r->x->log && r->x->log_on) {
        xsd_trace(r->x, "%s %u tx %u %s %.*s -> %s", r->c->dom ? "domain" : "socket",
                  r->c->dom ? r->c->dom->domid : r->c->id, hdr->tx_id, name ? name : "?",
                  (int)strnlen(r->in, r->len), r->in, rc ? xs_errno_name(-rc) : "OK");
    }
}

size_t request_handle(struct xsd *x, struct conn *c)
{
    struct xsd_sockmsg hdr, reply;
    char payload[XENSTORE_PAYLOAD_MAX + 1];
    struct request r = { .x = x, .c = c, .who = c->who, .in = payload,
                         .out = c->area->out + XS_HDR_SIZE };
    size_t mark = journal_mark(&x->journal);
    int rc;

    memcpy(&hdr, c->area->in, sizeof(hdr));
    memcpy(payload, c->area->in + XS_HDR_SIZE, hdr.len);
    payload[hdr.len] = 0;
    r.len = hdr.len;
    rc = dispatch(&r, &hdr);
    trace(&r, &hdr, rc);
    if (rc && hdr.type != XS_TRANSACTION_END) {
        /* an error has changed nothing, but the end of a transaction */
        journal_rewind(&x->journal, mark);
    }
    if (rc) {
        r.out_len = 0;
        answer_str(&r, xs_errno_name(-rc));
    } else if (!r.answered) {
        answer_str(&r, "OK");
    }
    reply = (struct xsd_sockmsg){ .type = rc ? XS_ERROR : hdr.type, .req_id = hdr.req_id,
                                  .tx_id = hdr.tx_id, .len = (uint32_t)r.out_len };
    memcpy(c->area->out, &reply, sizeof(reply));
    tx_bound_memory(x);
    return XS_HDR_SIZE + r.out_len;
}
