/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store against a model: random operations of Domain 0 and three guests, in and out of
 * transactions, are done here and in a flat list of nodes with the rules of xenstore.txt written
 * down a second time. Every answer must be the model's. A commit that succeeds must be one that can
 * be done at its end: all it has read is still so, and the result is that of its changes made then.
 * One that fails must have a change in between as its reason.
 */
#include "xs_host.h"

#define MAX_NODES 400
#define MAX_LOG 64
#define MAX_TX 8

struct mnode {
    char path[64], value[16];
    struct xs_perm perms[3];
    int nperms;
};

struct mstore {
    struct mnode n[MAX_NODES];    /* in the order of making */
    int count;
};

enum op { OP_WRITE, OP_MKDIR, OP_RM, OP_PERMS };
struct mop {
    enum op op;
    uint16_t who;
    char path[64], value[16];
    struct xs_perm perms[3];
    int nperms;
};

struct mtx {
    bool open;
    uint16_t who;
    struct tx *tx;
    struct mstore view;
    struct mop log[MAX_LOG];
    int nlog, changes_at_start;
};

static struct mstore store;
static struct mtx txs[MAX_TX];
static int changes, commits, conflicts;

static struct mnode *m_find(struct mstore *s, const char *path)
{
    for (int i = 0; i < s->count; i++) {
        if (!strcmp(s->n[i].path, path)) {
            return &s->n[i];
        }
    }
    return NULL;
}

static void m_parent(const char *path, char *out)
{
    if (out != path) {
        strcpy(out, path);
    }
    *strrchr(out, '/') = 0;
    if (!*out) {
        strcpy(out, "/");
    }
}

static unsigned int m_perm(uint16_t who, const struct mnode *n)
{
    if (!who || n->perms[0].domid == who) {
        return 7;
    }
    for (int i = 1; i < n->nperms; i++) {
        if (n->perms[i].domid == who) {
            return n->perms[i].access;
        }
    }
    return n->perms[0].access;
}

/* 0 and the node, or the error that a caller of these rights sees. */
static int m_get(struct mstore *s, uint16_t who, const char *path, unsigned int need,
                 struct mnode **out)
{
    struct mnode *n = m_find(s, path), *above = NULL;
    char up[64];
    int rc;

    *out = n;
    if (n && (m_perm(who, n) & need) == need) {
        return 0;
    }
    rc = n ? -EACCES : -ENOENT;
    strcpy(up, path);
    while (!above) {
        m_parent(up, up);
        above = m_find(s, up);
    }
    return m_perm(who, above) & need ? rc : -EACCES;
}

static void m_make(struct mstore *s, uint16_t who, const char *path, const char *value)
{
    char up[64];
    struct mnode *parent, *n;

    m_parent(path, up);
    if (!m_find(s, up)) {
        m_make(s, who, up, "");
    }
    parent = m_find(s, up);
    n = &s->n[s->count++];
    strcpy(n->path, path);
    strcpy(n->value, value);
    memcpy(n->perms, parent->perms, sizeof(n->perms));
    n->nperms = parent->nperms;
    if (who) {
        n->perms[0].domid = who;
    }
}

static void m_remove(struct mstore *s, const char *path)
{
    int kept = 0;

    for (int i = 0; i < s->count; i++) {
        if (!path_is_child(s->n[i].path, path)) {
            s->n[kept++] = s->n[i];
        }
    }
    s->count = kept;
}

static int m_do(struct mstore *s, const struct mop *op)
{
    struct mnode *n;
    char up[64];
    int rc = m_get(s, op->who, op->path,
                   op->op == OP_PERMS ? XS_PERM_WRITE | XS_PERM_OWNER : XS_PERM_WRITE, &n);

    switch (op->op) {
    case OP_WRITE:
        if (!rc) {
            strcpy(n->value, op->value);
        } else if (rc == -ENOENT) {
            m_make(s, op->who, op->path, op->value);
            rc = 0;
        }
        return rc;
    case OP_MKDIR:
        if (rc == -ENOENT) {
            m_make(s, op->who, op->path, "");
            rc = 0;
        }
        return rc;
    case OP_RM:
        if (rc == -ENOENT) {
            m_parent(op->path, up);
            return m_find(s, up) ? 0 : -ENOENT;
        }
        if (!rc) {
            m_remove(s, op->path);
        }
        return rc;
    default:
        if (!rc && op->who && op->perms[0].domid != n->perms[0].domid) {
            return -EPERM;
        }
        if (!rc) {
            memcpy(n->perms, op->perms, sizeof(n->perms));
            n->nperms = op->nperms;
        }
        return rc;
    }
}

static void random_path(char *path)
{
    int depth = 1 + (int)rnd(3);

    strcpy(path, "/m");
    for (int i = 0; i < depth; i++) {
        char el[4] = { '/', (char)('a' + rnd(4)), 0 };

        strcat(path, el);
    }
}

static int real_do(struct xsd *x, const struct actor *who, struct tx *tx, const struct mop *op)
{
    switch (op->op) {
    case OP_WRITE:
        return store_write(x, who, tx, op->path, op->value, strlen(op->value));
    case OP_MKDIR:
        return store_mkdir(x, who, tx, op->path);
    case OP_RM:
        return store_rm(x, who, tx, op->path);
    default:
        return store_set_perms(x, who, tx, op->path, op->perms, (size_t)op->nperms);
    }
}

static void random_op(struct mop *op, uint16_t who)
{
    memset(op, 0, sizeof(*op));
    op->op = (enum op[]){ OP_WRITE, OP_WRITE, OP_WRITE, OP_MKDIR, OP_RM, OP_PERMS }[rnd(6)];
    op->who = who;
    random_path(op->path);
    snprintf(op->value, sizeof(op->value), "%u", rnd(100000));
    op->nperms = 1 + (int)rnd(3);
    for (int i = 0; i < op->nperms; i++) {
        op->perms[i] = (struct xs_perm){ .domid = (uint16_t)rnd(4), .access = (uint8_t)rnd(4) };
    }
}

static void compare_read(struct xsd *x, const struct actor *who, struct tx *tx, struct mstore *s)
{
    struct mnode *m;
    struct node *n;
    char path[64];
    int want, got, k = 0;

    random_path(path);
    want = m_get(s, who->domid, path, XS_PERM_READ, &m);
    got = store_lookup(x, who, tx, path, XS_PERM_READ, SEES_NODE | SEES_CHILDREN, &n);
    CHECK(want == got);
    if (want || got) {
        return;
    }
    CHECK(n->value_len == strlen(m->value) &&
          !memcmp(n->value ? n->value : "", m->value, n->value_len));
    CHECK(n->nperms == m->nperms && !memcmp(n->perms, m->perms, n->nperms * sizeof(n->perms[0])));
    for (int i = 0; i < s->count; i++) {
        char up[64];

        m_parent(s->n[i].path, up);
        if (!strcmp(up, path)) {
            CHECK(k < (int)n->nchild && !strcmp(n->child[k]->name, strrchr(s->n[i].path, '/') + 1));
            k++;
        }
    }
    CHECK(k == (int)n->nchild);
}

static void compare_all(struct xsd *x)
{
    struct node *n, *parent;
    int count = 0;

    walk_start(x->walk, x->root, "/");
    while ((n = walk_next(x->walk, &parent))) {
        struct mnode *m = m_find(&store, x->walk->path);

        if (!strncmp(x->walk->path, "/tool", 5)) {
            continue;
        }
        count++;
        CHECK(m && n->value_len == strlen(m->value) &&
              !memcmp(n->value ? n->value : "", m->value, n->value_len));
        CHECK(m && n->nperms == m->nperms &&
              !memcmp(n->perms, m->perms, n->nperms * sizeof(n->perms[0])));
    }
    CHECK(count == store.count);
    CHECK(!store_check(x));
}

static void step(struct xsd *x, const struct actor *who, struct conn *c)
{
    struct mtx *t = &txs[rnd(MAX_TX)];
    bool in_tx = t->open && t->who == who->domid && rnd(4);
    struct mop op;
    int want, got;

    if (!t->open && !rnd(4)) {
        if (!tx_start(x, c, &t->tx)) {
            t->open = true;
            t->who = who->domid;
            t->view = store;
            t->nlog = 0;
            t->changes_at_start = changes;
        }
        return;
    }
    if (!rnd(3)) {
        compare_read(x, who, in_tx ? t->tx : NULL, in_tx ? &t->view : &store);
        return;
    }
    if (in_tx && t->nlog == MAX_LOG) {
        return;
    }
    random_op(&op, who->domid);
    want = m_do(in_tx ? &t->view : &store, &op);
    got = real_do(x, who, in_tx ? t->tx : NULL, &op);
    CHECK(want == got);
    if (want) {
        return;
    }
    if (in_tx) {
        t->log[t->nlog++] = op;
    } else {
        changes++;
    }
}

static void end_tx(struct xsd *x, struct mtx *t, bool do_commit)
{
    int rc = tx_end(x, t->tx, do_commit);

    t->open = false;
    if (!do_commit) {
        CHECK(!rc);
        return;
    }
    CHECK(rc == 0 || rc == -EAGAIN);
    if (rc) {
        CHECK(changes != t->changes_at_start);
        conflicts++;
        return;
    }
    for (int i = 0; i < t->nlog; i++) {
        /* What went through in the view must go through now. */
        CHECK(!m_do(&store, &t->log[i]));
    }
    changes += t->nlog;
    commits++;
}

static void against_model(void)
{
    struct host h;
    struct conn *conns[4];
    struct actor who[4];
    int fd;

    host_init(&h);
    conns[0] = host_socket(&h, &fd);
    for (uint16_t i = 1; i < 4; i++) {
        conns[i] = host_domain(&h, i);
    }
    h.x.quota[QUOTA_TRANSACTIONS] = 0;
    store.count = 1;
    strcpy(store.n[0].path, "/");
    store.n[0].nperms = 1;
    for (int i = 0; i < 4; i++) {
        who[i] = *conns[i]->who;
    }
    for (int i = 0; i < 4; i++) {
        /* Everybody may begin somewhere. */
        struct mop op = { .op = OP_MKDIR, .nperms = 1, .perms = { { .access = i ? 3 : 1 } } };

        snprintf(op.path, sizeof(op.path), i ? "/m/%c" : "/m", 'a' + i - 1);
        CHECK(!m_do(&store, &op) && !real_do(&h.x, &who[0], NULL, &op));
        op.op = OP_PERMS;
        CHECK(!m_do(&store, &op) && !real_do(&h.x, &who[0], NULL, &op));
    }
    for (int i = 0; i < 150000 && check_failures < 20; i++) {
        int k = (int)rnd(4);

        step(&h.x, &who[k], conns[k]);
        if (!rnd(20)) {
            struct mtx *t = &txs[rnd(MAX_TX)];

            if (t->open) {
                end_tx(&h.x, t, rnd(5));
            }
        }
        if (!rnd(2000)) {
            compare_all(&h.x);
        }
    }
    compare_all(&h.x);
    printf("%d commits, %d conflicts, %d changes\n", commits, conflicts, changes);
    CHECK(commits > 500 && conflicts > 100);
    close(fd);
    host_free(&h);
}

int main(void)
{
    TEST(against_model);
    CHECK(!node_bytes_total);    /* every node of every view was given back */
    printf("%s nothing_left\n", node_bytes_total ? "FAIL" : "ok");
    return TEST_RESULT();
}
