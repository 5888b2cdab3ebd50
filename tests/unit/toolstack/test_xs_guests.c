/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests that misbehave: one that never reads its answers, one that floods, one that makes events
 * for another that does not read, one that spoils the transactions of others. What they can cost is
 * bounded, and others go on.
 */
#include "xs_host.h"

#include <stdarg.h>

#include <sys/stat.h>
#include <syslog.h>

static struct host h;
static int said;    /* messages to syslog */

void vsyslog(int priority, const char *fmt, va_list ap)
{
    (void)priority, (void)fmt, (void)ap;
    said++;
}

static void set_up(void)
{
    host_three_guests(&h);
}

static void tear_down(void)
{
    CHECK(!store_check(&h.x));
    host_free(&h);
}

/* Requests without reading: the ring fills, the daemon stops taking, nothing piles up. */
static void never_reads(void)
{
    struct xsd_sockmsg hdr = { .type = XS_GET_DOMAIN_PATH, .len = 2 };
    size_t put = 0;
    struct msg m;

    set_up();
    for (int i = 0; i < 5000; i++) {
        char all[sizeof(hdr) + 2];

        memcpy(all, &hdr, sizeof(hdr));
        memcpy(all + sizeof(hdr), "1", 2);
        put += ring_put(h.page[1], all + put % sizeof(all), sizeof(all) - put % sizeof(all));
        host_run(&h, 3);
    }
    CHECK(put < 3000);    /* one ring each way and a message */
    CHECK(!guest_str(&h, 2, XS_READ, 0, "/local/domain/2", &m) && !h.page[1]->error);
    /* It may still change its mind. */
    for (int i = 0; i < 20; i++) {
        CHECK(guest_recv(&h, 1, &m) && m.hdr.type == XS_GET_DOMAIN_PATH);
    }
    tear_down();
}

/*
 * Events for a guest that does not read: bounded, and when it reads it hears of every watched path.
 */
static void events_pile_up(void)
{
    char path[64];
    struct msg m;
    bool heard[20] = { false }, last = false;
    size_t peak = 0;
    int n = 0;

    set_up();
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "/local/domain/2/w%d", i);
        CHECK(!guest_str2(&h, 1, XS_WATCH, path, path + 16));
        guest_recv(&h, 1, &m);
    }
    for (int i = 0; i < 30000; i++) {
        snprintf(path, sizeof(path), "w%d/k%d", i % 20, i % 700);
        CHECK(!guest_write(&h, 2, 0, path, "v"));
        peak = h.x.by_domid[1]->mem > peak ? h.x.by_domid[1]->mem : peak;
    }
    CHECK(peak < 128u << 10);
    CHECK(!guest_str(&h, 3, XS_READ, 0, "/local/domain/3", &m));
    while (guest_recv(&h, 1, &m)) {
        int k = atoi(strstr(m.body, "/w") + 2);

        n++;
        CHECK(m.hdr.type == XS_WATCH_EVENT && k >= 0 && k < 20);
        /* the watched path itself: something was lost */
        heard[k] |= !strchr(strstr(m.body, "/w") + 1, '/');
    }
    for (int i = 0; i < 20; i++) {
        CHECK(heard[i]);
    }
    CHECK(n < 3000 && !h.x.by_domid[1]->conn->event_count && !h.x.by_domid[1]->conn->lost);
    CHECK(!guest_write(&h, 2, 0, "w3/k1", "last"));
    while (guest_recv(&h, 1, &m)) {
        last |= !strcmp(m.body, "/local/domain/2/w3/k1");
    }
    CHECK(last);
    tear_down();
}

/* The same event twice is one event while it waits. */
static void same_event(void)
{
    struct msg m;
    int n = 0;

    set_up();
    CHECK(!guest_str2(&h, 1, XS_WATCH, "/local/domain/2/a", "t") && guest_recv(&h, 1, &m));
    h.page[1]->rsp_cons -= XENSTORE_RING_SIZE;    /* the answer ring is full: it does not read */
    h.x.by_domid[1]->conn->area->out_prod = h.page[1]->rsp_cons + XENSTORE_RING_SIZE;
    for (int i = 0; i < 1000; i++) {
        CHECK(!guest_write(&h, 2, 0, "a", "v"));
    }
    n = (int)h.x.by_domid[1]->conn->event_count;
    CHECK(n == 1);    /* one is on its way out already, one waits */
    tear_down();
}

/* Every connection gets its turn while one floods. */
static void fair_turns(void)
{
    struct xsd_sockmsg hdr = { .type = XS_READ, .len = 2 };
    char one[sizeof(hdr) + 2], drain[4096];
    int flooded = 0, served = 0;

    set_up();
    memcpy(one, &hdr, sizeof(hdr));
    memcpy(one + sizeof(hdr), "/", 2);
    for (int i = 0; i < 1000; i++) {
        while (XENSTORE_RING_SIZE - (h.page[1]->req_prod - h.page[1]->req_cons) >= sizeof(one)) {
            ring_put(h.page[1], one, sizeof(one));
        }
        ring_put(h.page[2], one, sizeof(one));
        host_run(&h, 1);    /* one turn for each */
        flooded += ring_get(h.page[1], drain, sizeof(drain)) > 0;
        served += ring_get(h.page[2], drain, sizeof(drain)) > 0;
    }
    CHECK(flooded > 900 && served > 900);
    tear_down();
}

/*
 * A guest that keeps changing what Domain 0's transactions look at is slowed down, so that one
 * succeeds (XSA-206).
 */
static void conflicts_cost(void)
{
    int tries = 0, rc = -EAGAIN;
    struct msg m;

    set_up();
    CHECK(!guest_write(&h, 1, 0, "busy", "0"));
    while (rc == -EAGAIN && tries++ < 1000) {
        uint32_t tx = guest_tx(&h, 0);

        CHECK(!guest_str(&h, 0, XS_READ, tx, "/local/domain/1/busy", &m));
        CHECK(!guest_write(&h, 0, tx, "/result", "x"));
        guest_send(&h, 1, XS_WRITE, 0, "busy\0v", 6);
        host_run(&h, 5);
        while (guest_recv(&h, 1, &m)) {
        }
        rc = guest_str(&h, 0, XS_TRANSACTION_END, tx, "T", &m);
        h.x.now_ms += 5;
    }
    CHECK(rc == 0 && tries < 30);
    h.x.now_ms += 10000;
    while (guest_recv(&h, 1, &m)) {
    }
    CHECK(!guest_str(&h, 1, XS_READ, 0, "busy", &m));    /* and gets its right back */
    tear_down();
}

/*
 * A domain that is introduced again starts anew: half a request, watches and transactions are
 * forgotten.
 */
static void introduced_again(void)
{
    struct msg m;
    uint32_t tx;

    set_up();
    CHECK(!guest_str2(&h, 1, XS_WATCH, "x", "t") && guest_recv(&h, 1, &m));
    tx = guest_tx(&h, 1);
    ring_put(h.page[1], "half a header", 9);
    host_run(&h, 10);
    CHECK(!domain_introduce(&h.x, 1, 0x1001, 9) && h.x.by_domid[1]->local_port == 201);
    CHECK(!h.page[1]->req_prod && !h.x.by_domid[1]->watches && !h.x.by_domid[1]->txs);
    CHECK(guest_str(&h, 1, XS_READ, tx, "/", &m) == -ENOENT);
    CHECK(!guest_str(&h, 1, XS_GET_DOMAIN_PATH, 0, "1", &m));
    tear_down();
}

/* The trace of requests, when it is on: a request is one line, and the file does not grow for ever. */
static void the_trace_is_bounded(void)
{
    static char much[2000];
    char dir[] = "/tmp/xs_trace.XXXXXX", path[64], body[80];
    struct stat st;
    size_t most = 0;
    long lines = 0;
    struct msg m;
    FILE *f;
    int c;

    set_up();
    CHECK(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/log", dir);
    CHECK(!guest_call(&h, 0, XS_CONTROL, 0, body,
                      (size_t)sprintf(body, "logfile%c%s", 0, path) + 1, &m, NULL));
    memset(much, '\n', sizeof(much) - 1);
    for (int i = 0; i < 12000; i++) {
        guest_str(&h, 1, XS_READ, 0, much, &m);
        CHECK(!stat(path, &st));
        most = (size_t)st.st_size > most ? (size_t)st.st_size : most;
    }
    CHECK(most > 15 << 20 && most < 17 << 20 && st.st_size < 9 << 20);
    f = fopen(path, "r");
    while ((c = fgetc(f)) != EOF) {
        lines += c == '\n';
    }
    fclose(f);
    CHECK(lines < st.st_size / 1000);
    unlink(path);
    strcat(path, ".1");
    CHECK(!unlink(path) && !rmdir(dir));
    tear_down();
}

/* What a guest can make xenstored say is little, and how much was left unsaid is told. */
static void few_messages(void)
{
    set_up();
    for (int i = 0; i < 10000; i++) {
        h.x.now_ms += 100;
        h.page[1]->req_prod = h.page[1]->req_cons + 5000;    /* cannot be */
        host_run(&h, 2);
        h.page[1]->connection = XENSTORE_RECONNECT;
        host_run(&h, 2);
    }
    CHECK(said > 5 && said < 30 && h.x.by_domid[1]->notes.refused > 10);
    tear_down();
}

int main(void)
{
    TEST(never_reads);
    TEST(events_pile_up);
    TEST(same_event);
    TEST(fair_turns);
    TEST(conflicts_cost);
    TEST(introduced_again);
    TEST(the_trace_is_bounded);
    TEST(few_messages);
    return TEST_RESULT();
}
