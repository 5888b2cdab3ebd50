/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The planned restart: the stream has the layout of xenstore-migration.md, a new daemon made from
 * it goes on with nodes, permissions, watches, half-read requests, unsent answers and events;
 * transactions end with EAGAIN. Then the reader is fed with cut and damaged streams.
 */
#include "xs_host.h"

static struct host h;

/*
 * A busy store: three guests, watches, a transaction, half a request, an answer and events that
 * wait.
 */
static uint32_t make_busy(void)
{
    uint32_t tx;
    struct msg m;

    host_three_guests(&h);
    CHECK(!guest_write(&h, 1, 0, "a/b", "value") && !guest_str2(&h, 1, XS_SET_PERMS, "a/b", "b1"));
    CHECK(!guest_call(&h, 1, XS_SET_PERMS, 0, "a/b\0n1\0r2\0w3", 13, &m, NULL));
    CHECK(!guest_str2(&h, 1, XS_WATCH, "c", "rel") && guest_recv(&h, 1, &m));
    CHECK(!guest_str2(&h, 2, XS_WATCH, "/local/domain/1/a", "abs") && guest_recv(&h, 2, &m));
    CHECK(!guest_call(&h, 0, XS_WATCH, 0, "/x\0d\0""2", 7, &m, NULL) && guest_recv(&h, 0, &m));
    CHECK(!guest_str2(&h, 0, XS_SET_TARGET, "3", "2"));
    CHECK(!guest_call(&h, 0, XS_CONTROL, 0, "quota\0set\0watches\0""99", 21, &m, NULL));
    tx = guest_tx(&h, 1);
    CHECK(!guest_write(&h, 1, tx, "in-tx", "x"));
    ring_put(h.page[2], "\2\0\0\0\7\0\0\0", 8);    /* half a header of a READ */
    host_run(&h, 10);
    guest_send(&h, 3, XS_GET_DOMAIN_PATH, 0, "3", 2);
    CHECK(!guest_write(&h, 1, 0, "a/b", "value2"));    /* an event for 2 */
    CHECK(!guest_write(&h, 1, 0, "a/c", "3"));         /* and another */
    return tx;
}

/*
 * Makes the new daemon from the stream of the old; the pages stay. Returns the result of reading.
 */
static int make_new(struct host *n, const struct buf *b)
{
    struct restored from;
    const char *what;
    int rc;

    memcpy(n, &h, sizeof(h));
    CHECK(!xsd_init(&n->x, &host_ops, n));
    rc = restore_stream(&n->x, b->data, b->len, true, 0, 0, &from, &what);
    if (!rc) {
        CHECK(from.socket_fd == 33 && from.evtchn_fd == 44);
    }
    return rc;
}

static void layout(void)
{
    static const unsigned char head[] = {
        'x', 'e', 'n', 's', 't', 'o', 'r', 'e', 0, 0, 0, 2, 0, 0, 0, 0,    /* header, big endian */
        1, 0, 0, 0, 8, 0, 0, 0, 33, 0, 0, 0, 44, 0, 0, 0,                 /* GLOBAL_DATA */
    };
    static const unsigned char tail[] = { 0, 0, 0, 0, 0, 0, 0, 0 };        /* END */
    struct buf b = { 0 };
    bool node = false, watch = false, conn = false;
    size_t at = 16;

    make_busy();
    save_state(&h.x, &b, true, 33, 44);
    CHECK(!b.failed && b.len > 500 && b.len % 8 == 0);
    CHECK(!memcmp(b.data, head, sizeof(head)) && !memcmp(b.data + b.len - 8, tail, 8));
    while (at < b.len) {
        uint32_t type, len;
        const char *body = b.data + at + 8;

        memcpy(&type, b.data + at, 4);
        memcpy(&len, b.data + at + 4, 4);
        CHECK(type <= REC_WATCH_DATA_EXTENDED || type == (uint32_t)REC_DOMAIN_STATE);
        /* conn 0, tx 0, lengths 18 and 6, access 0, 3 permissions, n 1, r 2, w 3 */
        node |= type == 5 && len == 54 &&
                !memcmp(body, "\0\0\0\0\0\0\0\0\x14\0\6\0\0\0\3\0n\0\1\0r\0\2\0w\0\3\0"
                              "/local/domain/1/a/b\0value2", 54);
        watch |= type == 8 && len == 18 && !memcmp(body + 4, "\2\0\4\0\xff\xff\0\0c\0rel", 14);
        /* ring of domain 2, no target */
        conn |= type == 2 && !memcmp(body + 4, "\0\0\0\0\2\0\xf4\x7f", 8);
        at += 8 + ((len + 7) & ~7u);
    }
    CHECK(at == b.len && watch && conn && node);
    buf_free(&b);
    host_free(&h);
}

static void goes_on(void)
{
    uint32_t tx = make_busy();
    struct buf b = { 0 };
    struct host n;
    struct msg m;
    int events = 0;

    save_state(&h.x, &b, true, 33, 44);
    CHECK(!make_new(&n, &b));
    restore_rings(&n.x, true);
    n.req_id = h.req_id;
    CHECK(!store_check(&n.x) && n.x.quota[QUOTA_WATCHES] == 99 && n.x.by_domid[3]->who.target == 2);
    CHECK(n.x.by_domid[1]->nodes == h.x.by_domid[1]->nodes && n.x.by_domid[1]->watches == 1);
    /* The answer for 3, the events for 2, then the other half of its request. */
    CHECK(guest_recv(&n, 3, &m) && m.hdr.type == XS_GET_DOMAIN_PATH &&
          !strcmp(m.body, "/local/domain/3"));
    CHECK(guest_recv(&n, 2, &m) && m.hdr.type == XS_WATCH_EVENT &&
          !strcmp(m.body, "/local/domain/1/a/b"));
    CHECK(guest_recv(&n, 2, &m) && m.hdr.type == XS_WATCH_EVENT &&
          !strcmp(m.body, "/local/domain/1/a/c"));
    ring_put(n.page[2], "\0\0\0\0\x14\0\0\0/local/domain/1/a/b", 28);
    CHECK(guest_recv(&n, 2, &m) && m.hdr.type == XS_READ && m.hdr.req_id == 7 &&
          !strcmp(m.body, "value2"));
    CHECK(!guest_call(&n, 1, XS_GET_PERMS, 0, "a/b", 4, &m, NULL) &&
          !memcmp(m.body, "n1\0r2\0w3", 9));
    /* The transaction is known, and must be done again. */
    CHECK(!guest_str(&n, 1, XS_READ, tx, "a/b", &m) && !guest_write(&n, 1, tx, "in-tx", "y"));
    CHECK(guest_str(&n, 1, XS_TRANSACTION_END, tx, "T", &m) == -EAGAIN && !n.x.by_domid[1]->txs);
    CHECK(!guest_call(&n, 1, XS_WRITE, 0, "c\0v", 3, &m, &events));
    CHECK(guest_recv(&n, 1, &m) && !strcmp(m.body, "c") && !strcmp(m.body + 2, "rel"));
    CHECK(!guest_write(&n, 0, 0, "/x/1/2/3", "") && !guest_write(&n, 0, 0, "/x/y", "") &&
          guest_recv(&n, 0, &m));
    CHECK(!strcmp(m.body, "/x/y") && !guest_recv(&n, 0, &m));
    buf_free(&b);
    xsd_free(&n.x);
    host_free(&h);
}

/* What was partly in the ring is completed, not sent twice. */
static void half_sent(void)
{
    char value[1501], got[2000];
    struct buf b = { 0 };
    struct host n;
    size_t first;
    struct xsd_sockmsg hdr;

    host_init(&h);
    host_domain(&h, 0);
    for (int i = 0; i < 1500; i++) {
        value[i] = (char)('a' + i % 23);
    }
    value[1500] = 0;
    CHECK(!guest_write(&h, 0, 0, "/big", value));
    guest_send(&h, 0, XS_READ, 0, "/big", 5);
    host_run(&h, 10);
    save_state(&h.x, &b, true, 33, 44);
    CHECK(!make_new(&n, &b));
    restore_rings(&n.x, true);
    first = ring_get(n.page[0], got, sizeof(got));
    CHECK(first == XENSTORE_RING_SIZE);
    host_run(&n, 10);
    CHECK(ring_get(n.page[0], got + first, sizeof(got) - first) == 16 + 1500 - first);
    memcpy(&hdr, got, sizeof(hdr));
    CHECK(hdr.len == 1500 && !memcmp(got + 16, value, 1500));
    buf_free(&b);
    xsd_free(&n.x);
    host_free(&h);
}

/*
 * Cut anywhere, or with a byte changed: refused or accepted, never worse; what is accepted is
 * consistent.
 */
static void broken_streams(void)
{
    struct buf b = { 0 };
    int refused = 0;

    make_busy();
    save_state(&h.x, &b, true, 33, 44);
    for (int i = 0; i < 4000; i++) {
        struct buf bad = { 0 };
        struct restored from;
        const char *what;
        struct host n = h;

        buf_add(&bad, b.data, i % 2 ? b.len : rnd((uint32_t)b.len));
        for (int k = (int)rnd(4) + (i % 2); k > 0 && bad.len > 33; k--) {
            bad.data[32 + rnd((uint32_t)bad.len - 32)] ^= (char)(1 << rnd(8));
        }
        CHECK(!xsd_init(&n.x, &host_ops, &n));
        refused += !!restore_stream(&n.x, bad.data ? bad.data : "", bad.len, true, 0, 0, &from,
                                    &what);
        store_check(&n.x);
        list_for(it, &n.x.conns) {
            list_entry(it, struct conn, link)->fd = -1;    /* not ours to close */
        }
        xsd_free(&n.x);
        buf_free(&bad);
    }
    CHECK(refused > 2000);
    buf_free(&b);
    host_free(&h);
}

int main(void)
{
    TEST(layout);
    TEST(goes_on);
    TEST(half_sent);
    TEST(broken_streams);
    return TEST_RESULT();
}
