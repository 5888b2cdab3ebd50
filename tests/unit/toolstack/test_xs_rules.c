/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of xenstore.txt beyond single operations: watches (relative, special, depth,
 * permissions, removal), quotas, long directories, domain management, CONTROL. Everything goes over
 * rings.
 */
#include "xs_host.h"

static struct host h;
static int tool;    /* the other end of a tool's socket */

static void set_up(void)
{
    host_init(&h);
    CHECK(host_domain(&h, 0));
    for (uint16_t i = 1; i < 4; i++) {
        char path[64], perm[8];

        host_domain(&h, i);
        snprintf(path, sizeof(path), "/local/domain/%u", i);
        snprintf(perm, sizeof(perm), "n%u", i);
        CHECK(!guest_write(&h, 0, 0, path, "") && !guest_str2(&h, 0, XS_SET_PERMS, path, perm));
    }
    host_socket(&h, &tool);
}

static void tear_down(void)
{
    CHECK(!store_check(&h.x));
    close(tool);
    host_free(&h);
}

/* Expects the next message of a domain to be this event. */
static bool event_is(uint16_t domid, const char *path, const char *token)
{
    struct msg m;

    return guest_recv(&h, domid,
                      &m) && m.hdr.type == XS_WATCH_EVENT && !m.hdr.req_id && !m.hdr.tx_id &&
           !strcmp(m.body, path) && !strcmp(m.body + strlen(path) + 1, token);
}

static bool nothing_for(uint16_t domid)
{
    struct msg m;

    return !guest_recv(&h, domid, &m);
}

static void watches(void)
{
    set_up();
    CHECK(!guest_str2(&h, 1, XS_WATCH, "a", "rel") && event_is(1, "a", "rel"));
    CHECK(!guest_str2(&h, 1, XS_WATCH, "/local/domain/1/a", "abs") &&
          event_is(1, "/local/domain/1/a", "abs"));
    CHECK(guest_str2(&h, 1, XS_WATCH, "a", "rel") == -EEXIST);
    CHECK(guest_str2(&h, 1, XS_WATCH, "/a/", "t") == -EINVAL);
    CHECK(!guest_write(&h, 1, 0, "a/b", "1"));
    CHECK(event_is(1, "a/b", "rel") && event_is(1, "/local/domain/1/a/b", "abs") && nothing_for(1));
    /* A recursive removal tells a watch below of its own path. */
    CHECK(!guest_str2(&h, 1, XS_WATCH, "a/b", "low") && event_is(1, "a/b", "low"));
    CHECK(!guest_str(&h, 0, XS_RM, 0, "/local/domain/1/a", &(struct msg){ 0 }));
    CHECK(event_is(1, "a", "rel") && event_is(1, "/local/domain/1/a", "abs") &&
          event_is(1, "a/b", "low"));
    CHECK(nothing_for(1));
    CHECK(!guest_str2(&h, 1, XS_UNWATCH, "a", "rel") &&
          guest_str2(&h, 1, XS_UNWATCH, "a", "rel") == -ENOENT);
    CHECK(!guest_write(&h, 1, 0, "a", "2") && event_is(1, "/local/domain/1/a", "abs") &&
          nothing_for(1));
    CHECK(!guest_str(&h, 1, XS_RESET_WATCHES, 0, "", &(struct msg){ 0 }));
    CHECK(!guest_write(&h, 1, 0, "a", "3") && nothing_for(1) && !h.x.by_domid[1]->watches);
    tear_down();
}

static void watch_depth(void)
{
    static const char zero[] = "/d\0z\0""0", one[] = "/d\0o\0""1";
    struct msg m;

    set_up();
    CHECK(!guest_call(&h, 0, XS_WATCH, 0, zero, sizeof(zero), &m, NULL) && event_is(0, "/d", "z"));
    CHECK(!guest_call(&h, 0, XS_WATCH, 0, one, sizeof(one), &m, NULL) && event_is(0, "/d", "o"));
    CHECK(!guest_write(&h, 2, 0, "x", "") && !guest_write(&h, 0, 0, "/d", "") &&
          event_is(0, "/d", "z"));
    CHECK(event_is(0, "/d", "o") && nothing_for(0));
    CHECK(!guest_write(&h, 0, 0, "/d/e", "") && event_is(0, "/d/e", "o") && nothing_for(0));
    CHECK(!guest_write(&h, 0, 0, "/d/e/f", "") && nothing_for(0));
    CHECK(guest_call(&h, 0, XS_WATCH, 0, "/d\0t\0x", 7, &m, NULL) == -EINVAL);
    CHECK(h.page[1]->server_features & XS_FEATURE_WATCH_DEPTH);
    tear_down();
}

/* Changes of a transaction are told when it is committed, and then only. */
static void watch_transaction(void)
{
    struct msg m;
    uint32_t tx;

    set_up();
    CHECK(!guest_str2(&h, 0, XS_WATCH, "/local/domain/2", "t") &&
          event_is(0, "/local/domain/2", "t"));
    tx = guest_tx(&h, 2);
    CHECK(!guest_write(&h, 2, tx, "k", "v") && nothing_for(0));
    CHECK(guest_str(&h, 2, XS_READ, 0, "k", &m) == -ENOENT &&
          !guest_str(&h, 2, XS_READ, tx, "k", &m));
    CHECK(!guest_str(&h, 2, XS_TRANSACTION_END, tx, "F", &m) && nothing_for(0));
    tx = guest_tx(&h, 2);
    CHECK(!guest_write(&h, 2, tx, "k", "v"));
    CHECK(!guest_str(&h, 2, XS_TRANSACTION_END, tx, "T", &m) &&
          event_is(0, "/local/domain/2/k", "t"));
    CHECK(nothing_for(0));
    CHECK(guest_str(&h, 2, XS_TRANSACTION_END, tx, "T", &m) == -ENOENT);
    tx = guest_tx(&h, 2);
    CHECK(guest_str(&h, 2, XS_TRANSACTION_START, tx, "", &m) == -EBUSY);
    CHECK(guest_str(&h, 3, XS_READ, tx + 77, "k", &m) == -ENOENT);
    CHECK(!guest_str(&h, 2, XS_READ, tx, "k", &m) &&
          !guest_write(&h, 0, 0, "/local/domain/2/k", "w"));
    /* still its own view */
    CHECK(!guest_str(&h, 2, XS_READ, tx, "k", &m) && !strcmp(m.body, "v"));
    CHECK(!guest_write(&h, 2, tx, "other", "x"));
    CHECK(guest_str(&h, 2, XS_TRANSACTION_END, tx, "T", &m) == -EAGAIN);
    CHECK(guest_str(&h, 2, XS_READ, 0, "other", &m) == -ENOENT && !h.x.by_domid[2]->txs);
    tear_down();
}

/* Nobody hears of what he may not read (XSA-115). */
static void watch_secrets(void)
{
    set_up();
    CHECK(!guest_write(&h, 2, 0, "/local/domain/2/pub", "") &&
          !guest_write(&h, 2, 0, "/local/domain/2/pub/sec", ""));
    CHECK(!guest_str2(&h, 1, XS_WATCH, "/local/domain/2", "spy") &&
          event_is(1, "/local/domain/2", "spy"));
    CHECK(!guest_write(&h, 2, 0, "pub/sec", "1") && nothing_for(1));
    CHECK(!guest_str2(&h, 2, XS_SET_PERMS, "pub/sec", "r2") &&
          event_is(1, "/local/domain/2/pub/sec", "spy"));
    CHECK(!guest_str2(&h, 2, XS_SET_PERMS, "pub/sec", "n2"));
    CHECK(event_is(1, "/local/domain/2/pub/sec", "spy"));    /* could be read before */
    CHECK(!guest_write(&h, 2, 0, "pub/sec", "2") && nothing_for(1));
    /* Special events: not without permission. */
    CHECK(!guest_str2(&h, 1, XS_WATCH, "@releaseDomain", "r") &&
          event_is(1, "@releaseDomain", "r"));
    CHECK(!guest_str2(&h, 0, XS_WATCH, "@releaseDomain", "r") &&
          event_is(0, "@releaseDomain", "r"));
    host_domain(&h, 5);
    CHECK(!guest_str(&h, 0, XS_RELEASE, 0, "5", &(struct msg){ 0 }));
    CHECK(event_is(0, "@releaseDomain", "r") && nothing_for(1));
    CHECK(guest_str2(&h, 1, XS_SET_PERMS, "@releaseDomain", "n1") == -EACCES);
    CHECK(!guest_call(&h, 0, XS_SET_PERMS, 0, "@releaseDomain\0n0\0r1", 21, &(struct msg){ 0 },
                      NULL));
    host_domain(&h, 5);
    CHECK(!guest_str(&h, 0, XS_RELEASE, 0, "5", &(struct msg){ 0 }));
    CHECK(event_is(1, "@releaseDomain", "r"));
    tear_down();
}

static void special_with_domid(void)
{
    struct msg m;

    set_up();
    CHECK(!guest_call(&h, 0, XS_WATCH, 0, "@releaseDomain\0d\0""1", 19, &m, NULL));
    CHECK(event_is(0, "@releaseDomain", "d"));
    CHECK(!guest_str2(&h, 0, XS_WATCH, "@releaseDomain/6", "six") &&
          event_is(0, "@releaseDomain/6", "six"));
    host_domain(&h, 5);
    host_domain(&h, 6);
    CHECK(!guest_str(&h, 0, XS_RELEASE, 0, "5", &m) && event_is(0, "@releaseDomain/5", "d") &&
          nothing_for(0));
    h.exists[6] = false;
    domain_check_all(&h.x);
    CHECK(event_is(0, "@releaseDomain/6", "six") && event_is(0, "@releaseDomain/6", "d") &&
          nothing_for(0));
    tear_down();
}

/* A shutdown is told once, again after RESUME; death takes the nodes and the rights along. */
static void death(void)
{
    struct msg m;

    set_up();
    CHECK(!guest_str2(&h, 0, XS_WATCH, "@releaseDomain", "r") &&
          event_is(0, "@releaseDomain", "r"));
    h.shutdown[3] = true;
    domain_check_all(&h.x);
    domain_check_all(&h.x);
    CHECK(event_is(0, "@releaseDomain", "r") && nothing_for(0));
    CHECK(!guest_str(&h, 0, XS_RESUME, 0, "3", &m));
    domain_check_all(&h.x);
    CHECK(event_is(0, "@releaseDomain", "r") && nothing_for(0));
    CHECK(!guest_write(&h, 3, 0, "a/b/c", "x") && !guest_write(&h, 1, 0, "shared", "x"));
    CHECK(!guest_call(&h, 1, XS_SET_PERMS, 0, "shared\0n1\0b3", 13, &m, NULL));
    CHECK(!guest_write(&h, 3, 0, "/local/domain/1/shared", "by3"));
    CHECK(!guest_str2(&h, 1, XS_WATCH, "/local/domain/3", "t") &&
          event_is(1, "/local/domain/3", "t"));
    h.exists[3] = false;
    domain_check_all(&h.x);
    CHECK(event_is(0, "@releaseDomain", "r"));
    CHECK(guest_str(&h, 0, XS_READ, 0, "/local/domain/3", &m) == -ENOENT && !h.x.by_domid[3]);
    /* A new domain of that number has not the rights of the old. */
    host_domain(&h, 3);
    CHECK(guest_write(&h, 3, 0, "/local/domain/1/shared", "x") == -EACCES);
    CHECK(!guest_str(&h, 0, XS_IS_DOMAIN_INTRODUCED, 0, "3", &m) && m.body[0] == 'T');
    tear_down();
}

static void targets(void)
{
    set_up();
    CHECK(guest_write(&h, 2, 0, "/local/domain/1/x", "") == -EACCES);
    CHECK(guest_str2(&h, 0, XS_SET_TARGET, "2", "9") == -ENOENT);
    CHECK(!guest_str2(&h, 0, XS_SET_TARGET, "2", "1") &&
          !guest_write(&h, 2, 0, "/local/domain/1/x", ""));
    h.exists[1] = false;
    domain_check_all(&h.x);
    CHECK(h.x.by_domid[2]->who.target == DOMID_INVALID);
    tear_down();
}

/* ------------------------------------------------------------------ quotas */

static void quota_nodes(void)
{
    char path[64];
    int rc = 0, n = 0;
    struct msg m;

    set_up();
    while (!rc && n < 2000) {
        snprintf(path, sizeof(path), "d%d/n%d", n / 30, n);
        rc = guest_write(&h, 1, 0, path, "");
        n += !rc;
    }
    CHECK(rc == -ENOSPC && h.x.by_domid[1]->nodes == 1000);
    CHECK(!guest_write(&h, 1, 0, "d0/n0", "change is fine"));
    CHECK(!guest_write(&h, 0, 0, "/local/domain/1/by-dom0", "no limit") &&
          !guest_str(&h, 1, XS_RM, 0, "d0", &m));
    CHECK(!guest_write(&h, 1, 0, "again", ""));
    CHECK(!guest_str(&h, 1, XS_RM, 0, "d1", &m) && !guest_str(&h, 1, XS_RM, 0, "d2", &m));
    /* Several transactions together do not get around it. */
    for (int t = 0; t < 3; t++) {
        uint32_t tx[3];

        for (int i = 0; i < 3; i++) {
            tx[i] = guest_tx(&h, 1);
            for (int k = 0; k < 60; k++) {
                snprintf(path, sizeof(path), "t%d/x%d-%d-%d", i, t, i, k);
                guest_write(&h, 1, tx[i], path, "");
            }
        }
        for (int i = 0; i < 3; i++) {
            guest_str(&h, 1, XS_TRANSACTION_END, tx[i], "T", &m);
        }
    }
    CHECK(h.x.by_domid[1]->nodes <= 1000 && !h.x.by_domid[1]->txs);
    tear_down();
}

static void quota_others(void)
{
    char value[XENSTORE_PAYLOAD_MAX], path[64], body[64];
    struct msg m;
    int rc = 0, n = 0;
    size_t len;

    set_up();
    memset(value, 'v', sizeof(value));
    value[2100] = 0;
    CHECK(guest_write(&h, 1, 0, "big", value) == -ENOSPC && !guest_write(&h, 0, 0, "/big", value));
    for (; !rc && n < 500; n += !rc) {
        snprintf(path, sizeof(path), "w%d", n);
        rc = guest_str2(&h, 1, XS_WATCH, path, "t");
    }
    CHECK(rc == -E2BIG && n == 128);
    for (n = 0, rc = 0; !rc && n < 50; n += !rc) {
        rc = guest_str(&h, 1, XS_TRANSACTION_START, 0, "", &m);
    }
    CHECK(rc == -ENOSPC && n == 10);
    CHECK(!guest_write(&h, 1, 0, "p", ""));
    len = (size_t)sprintf(body, "p%cn1%cr2%cr3%cr4%cr5%cr6", 0, 0, 0, 0, 0, 0) + 1;
    CHECK(guest_call(&h, 1, XS_SET_PERMS, 0, body, len, &m, NULL) == -ENOSPC);
    len = (size_t)sprintf(body, "p%cn1%cr2%cr3%cr0%cb2", 0, 0, 0, 0, 0) + 1;
    CHECK(!guest_call(&h, 1, XS_SET_PERMS, 0, body, len, &m, NULL));
    CHECK(!guest_str(&h, 1, XS_GET_PERMS, 0, "p", &m) && m.hdr.len == 15 &&
          !memcmp(m.body, "n1\0r2\0r3\0r0\0b2", 15));
    len = (size_t)sprintf(body, "p%cn2", 0) + 1;
    CHECK(guest_call(&h, 1, XS_SET_PERMS, 0, body, len, &m, NULL) == -EPERM);
    /* no such domain */
    CHECK(guest_call(&h, 0, XS_SET_PERMS, 0, "/big\0n15", 9, &m, NULL) == -ENOENT);
    CHECK(!guest_call(&h, 0, XS_CONTROL, 0, "quota\0set\0nodes\0""5", 18, &m, NULL));
    CHECK(!guest_write(&h, 2, 0, "a/b/c/d", "") && guest_write(&h, 2, 0, "e", "") == -ENOSPC);
    CHECK(guest_call(&h, 0, XS_CONTROL, 0, "quota\0set\0nodez\0""5", 18, &m, NULL) == -EINVAL);
    tear_down();
}

static void quota_memory(void)
{
    char value[1500], path[64];
    int rc = 0;

    set_up();
    h.x.quota[QUOTA_NODES] = 0;
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    for (int n = 0; !rc && n < 5000; n++) {
        snprintf(path, sizeof(path), "d%d/n%d", n / 20, n);
        rc = guest_write(&h, 1, 0, path, value);
    }
    CHECK(rc == -ENOMEM && h.x.by_domid[1]->mem <= h.x.quota[QUOTA_MEMORY] + 4096);
    CHECK(h.x.by_domid[1]->soft_noted);
    tear_down();
}

/* A guest cannot make the daemon keep much of the past by leaving transactions open. */
static void transactions_keep_little(void)
{
    char value[1800], path[64], c = 'a';
    uint32_t first = 0;
    struct msg m;

    set_up();
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = 0;
    for (uint16_t dom = 1; dom < 4; dom++) {
        for (int t = 0; t < 10; t++, c++) {
            uint32_t tx = guest_tx(&h, dom);

            first = first ? first : tx;
            for (int n = 0; n < 900; n++) {
                value[0] = c;
                snprintf(path, sizeof(path), "d%d/n%d", n / 30, n);
                CHECK(!guest_write(&h, dom, 0, path, value));
            }
        }
        CHECK(node_bytes_total - h.x.main_bytes < 20u << 20);
    }
    /* The oldest was given up: it goes on, but not to a good end. */
    CHECK(!guest_write(&h, 1, first, "x", "1"));
    CHECK(guest_str(&h, 1, XS_TRANSACTION_END, first, "T", &m) == -EAGAIN);
    tear_down();
}

/* ------------------------------------------------------------------ long directories, CONTROL */

static void directory_in_parts(void)
{
    char path[64], offset[16], gen[24] = "";
    size_t at = 0;
    struct msg m;
    int names = 0;
    bool done = false;

    set_up();
    for (int i = 0; i < 900; i++) {
        snprintf(path, sizeof(path), "/dir/child-number-%d", i);
        CHECK(!guest_write(&h, 0, 0, path, ""));
    }
    CHECK(guest_str(&h, 0, XS_DIRECTORY, 0, "/dir", &m) == -E2BIG);
    while (!done) {
        char body[64];
        size_t n = (size_t)sprintf(body, "/dir%c%zu", 0, at) + 1, g;

        CHECK(!guest_call(&h, 0, XS_DIRECTORY_PART, 0, body, n, &m, NULL));
        g = strlen(m.body) + 1;
        CHECK(!*gen || !strcmp(gen, m.body));
        strcpy(gen, m.body);
        for (size_t p = g; p < m.hdr.len; p += strlen(m.body + p) + 1) {
            if (!m.body[p]) {
                done = true;
                break;
            }
            snprintf(offset, sizeof(offset), "-%d", names++);
            CHECK(!strcmp(strrchr(m.body + p, '-'), offset));
            at += strlen(m.body + p) + 1;
        }
        CHECK(m.hdr.len <= XENSTORE_PAYLOAD_MAX && m.hdr.len > g);
    }
    CHECK(names == 900);
    CHECK(!guest_write(&h, 0, 0, "/dir/one-more", ""));
    CHECK(!guest_call(&h, 0, XS_DIRECTORY_PART, 0, "/dir\0""0", 7, &m, NULL) &&
          strcmp(gen, m.body));
    tear_down();
}

static void control(void)
{
    struct msg m;

    set_up();
    CHECK(!guest_str(&h, 0, XS_CONTROL, 0, "check", &m) && !strcmp(m.body, "OK"));
    CHECK(!guest_str(&h, 0, XS_CONTROL, 0, "quota", &m) && strstr(m.body, "nodes"));
    CHECK(!guest_str(&h, 0, XS_CONTROL, 0, "help", &m) && strstr(m.body, "live-update"));
    CHECK(guest_str(&h, 0, XS_CONTROL, 0, "nonsense", &m) == -EINVAL);
    CHECK(!guest_str2(&h, 0, XS_CONTROL, "quota", "1"));
    CHECK(guest_str2(&h, 0, XS_CONTROL, "quota", "77") == -ENOENT);
    /* The check finds a wrong account. */
    h.x.by_domid[1]->nodes += 3;
    CHECK(!guest_str(&h, 0, XS_CONTROL, 0, "check", &m) && strstr(m.body, "faults"));
    h.x.by_domid[1]->nodes -= 3;
    tear_down();
}

int main(void)
{
    TEST(watches);
    TEST(watch_depth);
    TEST(watch_transaction);
    TEST(watch_secrets);
    TEST(special_with_domid);
    TEST(death);
    TEST(targets);
    TEST(quota_nodes);
    TEST(quota_others);
    TEST(quota_memory);
    TEST(transactions_keep_little);
    TEST(directory_in_parts);
    TEST(control);
    return TEST_RESULT();
}
