/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of one xenstored: set-up, tear-down, quota names, messages. See xsd.h.
 */
#include "xsd.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "conn.h"
#include "domain.h"
#include "tx.h"
#include "watch.h"

#define LOG_MAX (16 << 20)

const struct quota_def quota_defs[QUOTA_COUNT] = {
    [QUOTA_NODES] = { "nodes", "Nodes per domain", 1000 },
    [QUOTA_WATCHES] = { "watches", "Watches per domain", 128 },
    [QUOTA_TRANSACTIONS] = { "transactions", "Transactions per domain", 10 },
    [QUOTA_OUTSTANDING] = { "outstanding", "Outstanding requests per domain", 20 },
    [QUOTA_TX_NODES] = { "transaction-nodes", "Max. number of accessed nodes per transaction",
                         1024 },
    [QUOTA_MEMORY] = { "memory", "Total Xenstore memory per domain (error level)", 2560 * 1024 },
    [QUOTA_NODE_SIZE] = { "node-size", "Max. size of a node", 2048 },
    [QUOTA_PATH_MAX] = { "path-max", "Max. length of a node path", XENSTORE_REL_PATH_MAX },
    [QUOTA_PERMS] = { "permissions", "Max. number of permissions per node", 5 },
    [QUOTA_SOFT_MEMORY] = { "soft-memory", "Total Xenstore memory per domain (warning level)",
                            2048 * 1024 },
};

/* A node of the permission n0, outside any tree. */
static struct node *private_node(const char *name)
{
    static const struct xs_perm only_dom0 = { .domid = 0, .access = XS_PERM_NONE };
    struct node *n = node_new(name, strlen(name));

    if (n && node_set_perms(n, &only_dom0, 1)) {
        node_put(n);
        return NULL;
    }
    return n;
}

/* Builds "/", "/tool" and "/tool/xenstored", which exist from the start. */
static int initial_tree(struct xsd *x)
{
    struct node *tool = private_node("tool"), *own = private_node("xenstored");

    x->root = private_node("");
    if (!x->root || !tool || !own || node_reserve_child(x->root) || node_reserve_child(tool)) {
        node_put(tool);
        node_put(own);
        return -ENOMEM;
    }
    node_add_child(tool, own);
    node_add_child(x->root, tool);
    return 0;
}

int xsd_init(struct xsd *x, const struct xsd_ops *ops, void *ops_arg)
{
    static const char *const special[SPECIAL_COUNT] = { "@introduceDomain", "@releaseDomain" };
    int rc;

    memset(x, 0, sizeof(*x));
    x->ops = ops;
    x->ops_arg = ops_arg;
    x->gen = 1;
    x->next_conn_id = x->next_tx_id = 1;
    list_init(&x->domains);
    list_init(&x->conns);
    list_init(&x->txs);
    for (int q = 0; q < QUOTA_COUNT; q++) {
        x->quota[q] = quota_defs[q].value;
    }
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        x->special[i] = private_node(special[i]);
        if (!x->special[i]) {
            return -ENOMEM;
        }
    }
    x->walk = malloc(sizeof(*x->walk));
    rc = initial_tree(x);
    if (rc || !x->walk || !domain_need(x, 0)) {
        return -ENOMEM;
    }
    x->by_domid[0]->nodes = 3;
    for (struct node *n = x->root; n; n = n->nchild ? n->child[0] : NULL) {
        x->by_domid[0]->mem += node_bytes(n);
        x->main_bytes += node_bytes(n);
    }
    return 0;
}

void xsd_free(struct xsd *x)
{
    list_for(it, &x->conns) {
        conn_end(x, list_entry(it, struct conn, link));
    }
    conns_reap(x);
    list_for_safe(it, &x->domains) {
        struct domain *dom = list_entry(it, struct domain, link);

        x->by_domid[dom->domid] = NULL;
        free(dom);
    }
    node_put(x->root);
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        node_put(x->special[i]);
    }
    strmap_free(&x->watched);
    journal_close(&x->journal);
    free(x->delta);
    free(x->walk);
    free(x->log_name);
    free(x->lu_binary);
    free(x->lu_args);
    if (x->log) {
        fclose(x->log);
    }
}

void xsd_reopen_log(struct xsd *x)
{
    FILE *f = x->log_name ? fopen(x->log_name, "ae") : NULL;

    if (f) {
        fclose(x->log);
        x->log = f;
    }
}

/* One file behind the present one, of a bounded size both. */
static void bound_log(struct xsd *x)
{
    struct stat st;
    char *old;

    if (!x->log_name || fstat(fileno(x->log), &st) || st.st_size < LOG_MAX ||
        asprintf(&old, "%s.1", x->log_name) < 0) {
        return;
    }
    rename(x->log_name, old);
    free(old);
    xsd_reopen_log(x);
}

static void log_line(struct xsd *x, const char *fmt, va_list ap)
{
    char text[XENSTORE_PAYLOAD_MAX + 256];
    struct timespec ts;
    struct tm tm;

    bound_log(x);
    vsnprintf(text, sizeof(text), fmt, ap);
    for (char *p = text; *p; p++) {
        *p = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;    /* one line is one request */
    }

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    fprintf(x->log, "%04d%02d%02d %02d:%02d:%02d.%03ld ", tm.tm_year + 1900, tm.tm_mon + 1,
            tm.tm_mday,
            tm.tm_hour, tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000000);
    fprintf(x->log, "%s\n", text);
    fflush(x->log);
}

void xsd_note(struct xsd *x, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsyslog(LOG_NOTICE, fmt, ap);
    va_end(ap);
    if (x->log) {
        va_start(ap, fmt);
        log_line(x, fmt, ap);
        va_end(ap);
    }
}

/* Some messages of a domain at once, then one a minute; of all domains one each ten seconds. */
#define NOTES_OF_ONE 5
#define NOTES_OF_ONE_MS 60000
#define NOTES_OF_ALL 100
#define NOTES_OF_ALL_MS 10000

void xsd_note_about(struct xsd *x, struct domain *dom, const char *fmt, ...)
{
    char text[160], more[48] = "";
    va_list ap;

    if (!limit_take(&dom->notes, x->now_ms, NOTES_OF_ONE, NOTES_OF_ONE_MS)) {
        return;
    }
    if (!limit_take(&x->notes, x->now_ms, NOTES_OF_ALL, NOTES_OF_ALL_MS)) {
        dom->notes.refused++;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (dom->notes.refused) {
        snprintf(more, sizeof(more), " (%u more suppressed)", dom->notes.refused);
        dom->notes.refused = 0;
    }
    xsd_note(x, "domain %u: %s%s", dom->domid, text, more);
}

void xsd_trace(struct xsd *x, const char *fmt, ...)
{
    va_list ap;

    if (x->log && x->log_on) {
        va_start(ap, fmt);
        log_line(x, fmt, ap);
        va_end(ap);
    }
}
