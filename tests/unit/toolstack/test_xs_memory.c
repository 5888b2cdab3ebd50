/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hostile guest can make the daemon hold: each way by itself and all at once, measured on
 * the real heap (AddressSanitizer's allocator tells of each piece), against the bound of
 * docs/xenstore.md. Forty such guests together have forty times as much, and no more.
 */
#include "xs_host.h"

/* Of AddressSanitizer; gcc does not install the header. */
int __sanitizer_install_malloc_and_free_hooks(void (*alloc)(const volatile void *p, size_t size),
                                              void (*release)(const volatile void *p));
size_t __sanitizer_get_allocated_size(const volatile void *p);

#define QUOTA (2560u << 10)         /* the quota "memory" */
#define BESIDE (160u << 10)         /* buffers, events, what is not charged */
#define PAST (4u << 20)             /* kept for the transactions of all guests */
#define REQUEST (12u << 20)         /* for the time of one request */
#define PIECE 16                    /* what an allocator takes for itself, which the hooks do not see */

static struct host h;
static size_t live, peak;
static bool counting;

static void count_alloc(const volatile void *p, size_t size)
{
    (void)p;
    if (counting) {
        live += size + PIECE;
        peak = live > peak ? live : peak;
    }
}

static void count_free(const volatile void *p)
{
    if (counting && p) {
        live -= __sanitizer_get_allocated_size(p) + PIECE;
    }
}

static void set_up(uint16_t guests)
{
    host_init(&h);
    host_domain(&h, 0);
    h.x.now_ms = 1000;
    for (uint16_t d = 1; d <= guests; d++) {
        char path[32], perm[8];

        host_domain(&h, d);
        snprintf(path, sizeof(path), "/local/domain/%u", d);
        snprintf(perm, sizeof(perm), "n%u", d);
        CHECK(!guest_write(&h, 0, 0, path, "") && !guest_str2(&h, 0, XS_SET_PERMS, path, perm));
    }
    counting = true;
    live = peak = 0;
}

/* The quota is not passed by more than one request can, and everything comes back. */
static void tear_down(uint16_t guests)
{
    size_t held = live;

    for (uint16_t d = 1; d <= guests; d++) {
        CHECK(h.x.by_domid[d]->mem <= QUOTA + (128u << 10));
    }
    CHECK(held <= guests * (size_t)(QUOTA + BESIDE) + PAST);
    CHECK(peak <= guests * (size_t)(QUOTA + BESIDE) + PAST + REQUEST);
    printf("%u guests: %zu KB held, %zu KB at the most\n", guests, held >> 10, peak >> 10);
    for (uint16_t d = 1; d <= guests; d++) {
        h.exists[d] = false;
    }
    domain_check_all(&h.x);
    host_run(&h, 3);
    CHECK((ssize_t)live <= 64 << 10);
    CHECK(!store_check(&h.x) && !h.x.view_bytes);
    counting = false;
    host_free(&h);
}

/* A relative path of that length, different for each n. */
static const char *long_path(size_t len, int n)
{
    static char path[2100];

    memset(path, 'p', sizeof(path));
    for (size_t i = 200; i < len; i += 200) {
        path[i] = '/';
    }
    sprintf(path, "%07d", n);
    path[7] = 'p';
    path[len] = 0;
    return path;
}

static int write_value(uint16_t d, uint32_t tx, const char *path, size_t len)
{
    char body[XENSTORE_PAYLOAD_MAX];
    size_t n = strlen(path) + 1;
    struct msg m;

    memcpy(body, path, n);
    memset(body + n, 'v', len);
    return guest_call(&h, d, XS_WRITE, tx, body, n + len, &m, NULL);
}

/* ------------------------------------------------------------------ one way each */

/* Paths looked at in transactions (21 MB were held so). */
static void look_around(uint16_t d)
{
    int rc = 0;
    struct msg m;

    for (int t = 0; t < 10 && !rc; t++) {
        uint32_t tx = guest_tx(&h, d);

        for (int i = 0; i < 600 && !rc; i++) {
            rc = guest_str(&h, d, XS_READ, tx, long_path(2000, i), &m);
            rc = rc == -ENOENT ? 0 : rc;
        }
    }
    CHECK(rc == -ENOMEM);
}

/* Paths that it may not even look at leave nothing behind. */
static void look_where_it_may_not(uint16_t d)
{
    char path[2100];
    uint32_t tx = guest_tx(&h, d);
    size_t before = h.x.by_domid[d]->mem;
    struct msg m;

    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "/local/domain/0/%s", long_path(1900, i));
        CHECK(guest_str(&h, d, XS_READ, tx, path, &m) == -EACCES);
    }
    CHECK(h.x.by_domid[d]->mem == before);
}

static void watch_all(uint16_t d)
{
    char token[1900];
    int rc = 0;
    struct msg m;

    memset(token, 't', sizeof(token));
    token[sizeof(token) - 1] = 0;
    for (int i = 0; i < 128 && !rc; i++) {
        rc = guest_str2(&h, d, XS_WATCH, long_path(2000, i), token);
        guest_recv(&h, d, &m);
    }
    CHECK(!rc || rc == -ENOMEM);
    CHECK(rc || guest_str2(&h, d, XS_WATCH, "x", "t") == -E2BIG);
}

static void own_much(uint16_t d)
{
    char path[64];
    int rc = 0;

    for (int i = 0; i < 1100 && !rc; i++) {
        snprintf(path, sizeof(path), "d%d/n%d", i / 50, i);
        rc = write_value(d, 0, path, 2000);
    }
    CHECK(rc == -ENOMEM || rc == -ENOSPC);
}

/* Directories that once had many children: the room for them must not stay. */
static void own_what_was_large(uint16_t d)
{
    char path[64];
    struct msg m;

    for (int dir = 0; dir < 40; dir++) {
        for (int i = 0; i < 300; i++) {
            snprintf(path, sizeof(path), "%d/%d", dir, i);
            CHECK(!write_value(d, 0, path, 0));
        }
        for (int i = 0; i < 300; i++) {
            snprintf(path, sizeof(path), "%d/%d", dir, i);
            CHECK(!guest_str(&h, d, XS_RM, 0, path, &m));
        }
    }
    CHECK(live < h.x.by_domid[d]->mem + (64u << 10));
}

/* Events that it makes for itself and does not read. */
static void hear_much(uint16_t d)
{
    char path[64];

    CHECK(!guest_str2(&h, d, XS_WATCH, ".", "t") || true);
    CHECK(!guest_str2(&h, d, XS_WATCH, "e", "t"));
    for (int i = 0; i < 3000; i++) {
        snprintf(path, sizeof(path), "/local/domain/%u/e/%d", d, i % 200);
        CHECK(!guest_write(&h, 0, 0, path, "v"));
    }
    CHECK(h.x.by_domid[d]->conn->event_bytes <= (64u << 10) + XS_MSG_MAX);
}

/* A deep tree of full nodes, copied by each of ten transactions. */
static void copy_much(uint16_t d)
{
    char path[1024] = "c";
    int rc = 0;
    struct msg m;

    for (int i = 0; i < 400 && !rc; i++) {
        rc = write_value(d, 0, path, 1900);
        strcat(path, "/c");
    }
    path[strlen(path) > 5 ? strlen(path) - 4 : 1] = 0;
    for (int t = 0; t < 10; t++) {
        uint32_t tx = guest_tx(&h, d);

        rc = write_value(d, tx, path, 1);
        CHECK(!rc || rc == -ENOMEM);
        rc = guest_str(&h, d, XS_RM, tx, path, &m);
        CHECK(!rc || rc == -ENOMEM || rc == -ENOENT);
    }
}

/* Transactions that hold what was, while it is written anew. */
static void hold_the_past(uint16_t d)
{
    char path[64];

    for (int t = 0; t < 10; t++) {
        guest_tx(&h, d);
        for (int i = 0; i < 900; i++) {
            snprintf(path, sizeof(path), "d%d/n%d", i / 50, i);
            if (write_value(d, 0, path, 1900 + (size_t)t)) {
                break;
            }
        }
    }
}

/* A transaction that makes and removes a thousand nodes again and again: its end is bounded work. */
static void commit_much(uint16_t d)
{
    uint32_t tx = guest_tx(&h, d);
    char path[2000] = "m";
    int rc = 0, n = 0;
    struct msg m;

    while (strlen(path) < 1800) {
        strcat(path, "/m");
    }
    while (!rc && n++ < 1000) {
        rc = write_value(d, tx, path, 1);
        if (!rc) {
            rc = guest_str(&h, d, XS_RM, tx, "m", &m);
        }
    }
    CHECK((rc == -ENOSPC || rc == -ENOMEM) && n < 10);
    rc = guest_str(&h, d, XS_TRANSACTION_END, tx, "T", &m);
    CHECK(!rc || rc == -EAGAIN);
}

#define ALONE(way) static void way##_alone(void) { set_up(1); way(1); tear_down(1); }
ALONE(look_around)
ALONE(look_where_it_may_not)
ALONE(watch_all)
ALONE(own_much)
ALONE(own_what_was_large)
ALONE(hear_much)
ALONE(copy_much)
ALONE(hold_the_past)
ALONE(commit_much)

/* ------------------------------------------------------------------ at another's cost */

/* Who may write another's node fills that one's quota, and not more. */
static void write_to_anothers(void)
{
    char path[64], perms[80];
    uint32_t tx[2];
    int rc = 0;
    struct msg m;

    set_up(2);
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "/local/domain/1/s%d/n%d", i / 50, i);
        CHECK(!guest_write(&h, 1, 0, path, ""));
        CHECK(!guest_call(&h, 1, XS_SET_PERMS, 0, perms, (size_t)sprintf(perms, "%s%cn1%cb2", path,
                                                                         0, 0) + 1, &m, NULL));
    }
    h.x.quota[QUOTA_MEMORY] = 300 << 10;
    for (int i = 0; i < 300 && !rc; i++) {
        snprintf(path, sizeof(path), "/local/domain/1/s%d/n%d", i / 50, i);
        rc = write_value(2, 0, path, 1900);
    }
    CHECK(rc == -ENOMEM && h.x.by_domid[1]->mem <= 300u << 10);
    /* Two that fit by themselves, and not together. */
    h.x.quota[QUOTA_MEMORY] = (unsigned int)h.x.by_domid[1]->mem + 3000;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "/local/domain/1/s5/n%d", 280 + i);
        tx[i] = guest_tx(&h, 2);
        CHECK(!write_value(2, tx[i], path, 1900));
    }
    CHECK(!guest_str(&h, 2, XS_TRANSACTION_END, tx[0], "T", &m));
    CHECK(guest_str(&h, 2, XS_TRANSACTION_END, tx[1], "T", &m) == -ENOMEM);
    h.x.quota[QUOTA_MEMORY] = QUOTA;
    CHECK(h.x.by_domid[1]->mem <= (300u << 10) + 3000);
    tear_down(2);
}

/* One that holds the past and views without end does not end another's transaction. */
static void a_neighbours_transaction(void)
{
    uint32_t tx;
    struct msg m;

    set_up(2);
    tx = guest_tx(&h, 2);
    CHECK(!guest_write(&h, 2, tx, "mine", "1"));
    copy_much(1);
    CHECK(!guest_str(&h, 2, XS_TRANSACTION_END, tx, "T", &m));
    CHECK(!guest_str(&h, 2, XS_READ, 0, "mine", &m));
    tear_down(2);
}

/* Programs of Domain 0 that are stopped and do not read what they watch. */
static void tools_that_do_not_read(void)
{
    struct xsd_sockmsg hdr = { .type = XS_WATCH, .len = 4 };
    char path[64], got[4096];
    int fd[3];

    set_up(1);
    for (int i = 0; i < 3; i++) {
        host_socket(&h, &fd[i]);
        CHECK(send(fd[i], &hdr, sizeof(hdr), 0) == sizeof(hdr) && send(fd[i], "/\0t\0", 4, 0) == 4);
        host_run(&h, 10);
    }
    for (int i = 0; i < 20000; i++) {
        snprintf(path, sizeof(path), "n%d", i % 300);
        CHECK(!guest_write(&h, 1, 0, path, "v"));
    }
    CHECK(live < (3 << 20) + (2u << 20));
    for (int i = 0; i < 3; i++) {
        struct conn *c = list_entry(h.x.conns.prev, struct conn, link);

        CHECK(c->event_bytes <= (1u << 20) + XS_MSG_MAX);
        while (recv(fd[i], got, sizeof(got), MSG_DONTWAIT) > 0) {
            host_run(&h, 3);
        }
        close(fd[i]);
    }
    host_run(&h, 3);
    tear_down(1);
}

/* ------------------------------------------------------------------ all at once */

static void everything(uint16_t d)
{
    int rc = 0;
    struct msg m;

    for (int i = 0; i < 128; i++) {
        guest_str2(&h, d, XS_WATCH, long_path(1500, i), "token");
        guest_recv(&h, d, &m);
    }
    for (int t = 0; t < 9; t++) {
        uint32_t tx = guest_tx(&h, d);

        for (int i = 0; i < 20; i++) {
            guest_str(&h, d, XS_READ, tx, long_path(2000, i), &m);
            write_value(d, tx, long_path(1000, i), 900);
        }
    }
    for (int i = 0; i < 500 && !rc; i++) {
        rc = write_value(d, 0, long_path(30, i), 1900);
    }
    /* half a message, and one more that is not read */
    ring_put(h.page[d], "\2\0\0\0\0\0\0\0\0\0\0\0\377\17\0\0half", 20);
    host_run(&h, 3);
}

static void forty_hostile_connections(void)
{
    struct msg m;

    set_up(41);
    for (uint16_t d = 1; d <= 40; d++) {
        everything(d);
    }
    for (uint16_t d = 1; d <= 40; d++) {
        CHECK(h.x.by_domid[d]->mem > QUOTA / 2);
    }
    CHECK(!guest_write(&h, 41, 0, "x", "y") && !guest_str(&h, 41, XS_READ, 0, "x", &m));
    CHECK(!guest_write(&h, 0, 0, "/local/domain/1/y", "z"));
    tear_down(41);
}

int main(void)
{
    __sanitizer_install_malloc_and_free_hooks(count_alloc, count_free);
    TEST(look_around_alone);
    TEST(look_where_it_may_not_alone);
    TEST(watch_all_alone);
    TEST(own_much_alone);
    TEST(own_what_was_large_alone);
    TEST(hear_much_alone);
    TEST(copy_much_alone);
    TEST(hold_the_past_alone);
    TEST(commit_much_alone);
    TEST(write_to_anothers);
    TEST(a_neighbours_transaction);
    TEST(tools_that_do_not_read);
    TEST(forty_hostile_connections);
    return TEST_RESULT();
}
