/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state file when things go wrong: no space to grow, none for a successor, and a daemon that
 * dies at each of these points; message buffers that change hands; rights of domains that died.
 * A daemon "dies" by being left where it is: the next one starts from the files.
 */
#include "xs_host.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char dir[] = "/tmp/xs_state.XXXXXX";
static struct host h;
static struct ringfile rings;
static struct loop loop;
static int always;    /* readable: no pass sleeps */

static void start_loop(void)
{
    free(loop.set);
    loop = (struct loop){ .x = &h.x, .listen_fd = -1, .event_fd = always, .dir = dir };
}

static void set_up(void)
{
    host_init(&h);
    h.x.now_ms = 1000000;
    CHECK(!rings_create(&rings, dir));
    h.x.rings = &rings;
    for (uint16_t d = 0; d < 4; d++) {
        char path[32], perm[8];

        host_domain(&h, d);
        if (d) {
            snprintf(path, sizeof(path), "/local/domain/%u", d);
            snprintf(perm, sizeof(perm), "n%u", d);
            CHECK(!guest_write(&h, 0, 0, path, "") &&
                  !guest_str2(&h, 0, XS_SET_PERMS, path, perm));
        }
    }
    CHECK(!save_journal(&h.x, dir));
    start_loop();
}

/* The daemon is killed and another starts, as main.c does. */
static void killed(void)
{
    static struct host old;
    static struct ringfile old_rings;
    const struct journal_header *hdr = h.x.journal.map;

    CHECK(!hdr || hdr->committed);
    memcpy(&old, &h, sizeof(h));
    old_rings = rings;
    list_for(it, &h.x.conns) {
        list_entry(it, struct conn, link)->slot = -1;    /* what is in the file is the next one's */
        list_entry(it, struct conn, link)->area = NULL;
    }
    h.x.rings = NULL;
    xsd_free(&h.x);
    rings_close(&old_rings);
    CHECK(!xsd_init(&h.x, &host_ops, &h));
    h.x.now_ms = old.x.now_ms;
    CHECK(!crash_resume(&h.x, dir, &rings));
    restore_rings(&h.x, false);
    save_journal(&h.x, dir);
    domain_check_all(&h.x);
    journal_commit(&h.x.journal);
    CHECK(!store_check(&h.x));
    start_loop();
}

static void tear_down(void)
{
    char cmd[64];

    CHECK(!store_check(&h.x));
    host_free(&h);
    rings_close(&rings);
    snprintf(cmd, sizeof(cmd), "rm -rf %s/*", dir);
    CHECK(!system(cmd));
}

static bool value_is(const char *path, const char *value)
{
    struct msg m;

    return !guest_str(&h, 0, XS_READ, 0, path, &m) && !strcmp(m.body, value);
}

/* No file of this process may become longer: what a full disk does, without one. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit = { bytes, RLIM_INFINITY };

    CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
}

static bool there_is_a_file(void)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "%s/state", dir);
    return !stat(path, &st);
}

/* One pass that would sleep is not entered: time is moved instead. */
static void pass_after(int64_t ms)
{
    h.x.now_ms += ms;
    list_for(it, &h.x.conns) {
        list_entry(it, struct conn, link)->ready = true;
    }
    loop_pass(&loop);
}

static void write_much(int from, int count)
{
    static char value[1900];
    char path[32];

    memset(value, 'v', sizeof(value) - 1);
    for (int i = from; i < from + count; i++) {
        snprintf(path, sizeof(path), "/fill/%d", i % 300);
        CHECK(!guest_write(&h, 0, 0, path, value));
    }
}

/* Full: the file goes, is tried for again less and less often, and comes back. */
static void a_full_disk(void)
{
    int tries = 0;
    struct msg m;

    set_up();
    CHECK(!guest_str2(&h, 1, XS_WATCH, "w", "t") && guest_recv(&h, 1, &m));
    limit_files(300 << 10);
    write_much(0, 200);
    pass_after(0);
    CHECK(!there_is_a_file() && loop.lost && !h.x.journal.active);
    CHECK(!guest_write(&h, 0, 0, "/meanwhile", "1"));
    for (int64_t waited = 0; waited < 600000; waited += 500) {
        int64_t before = loop.retry_at;

        pass_after(500);
        tries += loop.retry_at != before;
    }
    CHECK(tries > 5 && tries < 20 && !there_is_a_file());
    /* an event waits for a guest that does not read */
    CHECK(!guest_write(&h, 1, 0, "w", "x"));
    limit_files(RLIM_INFINITY);
    pass_after(60000);
    CHECK(there_is_a_file() && !loop.lost && h.x.journal.active);
    CHECK(!guest_write(&h, 0, 0, "/after", "2"));
    killed();
    CHECK(value_is("/meanwhile", "1") && value_is("/after", "2"));
    CHECK(guest_recv(&h, 1, &m) && m.hdr.type == XS_WATCH_EVENT);
    write_much(0, 2000);
    pass_after(0);
    CHECK(there_is_a_file() && !loop.lost);
    tear_down();
}

/* It can be had again at once by being shorter. */
static void full_but_room_for_less(void)
{
    set_up();
    limit_files(800 << 10);
    for (int i = 0; i < 250; i++) {
        CHECK(!guest_write(&h, 0, 0, "/same", i % 2 ? "1" : "2"));
        write_much(0, 2);
        pass_after(0);
        CHECK(there_is_a_file() && !loop.lost);
    }
    killed();
    CHECK(value_is("/same", "1"));
    limit_files(RLIM_INFINITY);
    tear_down();
}

/* A successor cannot be made: the long one goes on, also over a death, and loses nothing. */
static void no_room_for_a_successor(void)
{
    char path[64];

    set_up();
    snprintf(path, sizeof(path), "%s/state.new", dir);
    CHECK(!mkdir(path, 0700));
    write_much(0, 900);
    CHECK(journal_is_long(&h.x.journal));
    pass_after(0);
    CHECK(there_is_a_file() && !loop.lost && journal_is_long(&h.x.journal) && loop.backoff == 1000);
    CHECK(!guest_write(&h, 1, 0, "a", "1"));
    killed();
    CHECK(value_is("/local/domain/1/a", "1") && there_is_a_file());
    CHECK(!guest_write(&h, 1, 0, "a", "2"));
    killed();
    CHECK(value_is("/local/domain/1/a", "2"));
    CHECK(!rmdir(path));
    pass_after(60000);
    CHECK(!journal_is_long(&h.x.journal) && there_is_a_file());
    killed();
    CHECK(value_is("/local/domain/1/a", "2"));
    tear_down();
}

/* A domain ends, another takes over the slot of its message buffers, then the daemon dies. */
static void a_slot_changes_hands(void)
{
    struct msg m;

    set_up();
    for (int i = 0; i < 20; i++) {
        uint16_t gone = (uint16_t)(1 + i % 3), next = (uint16_t)(4 + i % 5);

        h.exists[gone] = false;
        domain_check_all(&h.x);
        journal_commit(&h.x.journal);
        host_run(&h, 3);
        host_domain(&h, next);
        journal_commit(&h.x.journal);
        if (i % 4 == 3) {
            killed();
        }
        CHECK(!guest_str(&h, next, XS_GET_DOMAIN_PATH, 0, "1", &m));
        h.exists[next] = false;
        domain_check_all(&h.x);
        journal_commit(&h.x.journal);
        host_run(&h, 3);
        host_domain(&h, gone);
        journal_commit(&h.x.journal);
        killed();
        CHECK(!guest_str(&h, gone, XS_GET_DOMAIN_PATH, 0, "1", &m));
    }
    tear_down();
}

/* ------------------------------------------------------------------ rights of the dead */

static void dies_and_comes_again(uint16_t d)
{
    h.exists[d] = false;
    domain_check_all(&h.x);
    journal_commit(&h.x.journal);
    host_run(&h, 3);
    host_domain(&h, d);
    journal_commit(&h.x.journal);
}

static void make_private(uint16_t d)
{
    char path[40], perm[8];

    snprintf(path, sizeof(path), "/local/domain/%u/private", d);
    snprintf(perm, sizeof(perm), "n%u", d);
    CHECK(!guest_write(&h, 0, 0, path, "secret") && !guest_str2(&h, 0, XS_SET_PERMS, path, perm));
}

/* A device model is not that of the next domain with its target's number. */
static void target_ends(void)
{
    struct msg m;

    for (int crash = 0; crash < 3; crash++) {
        set_up();
        CHECK(!guest_str2(&h, 0, XS_SET_TARGET, "1", "2"));
        make_private(2);
        CHECK(!guest_str(&h, 1, XS_READ, 0, "/local/domain/2/private", &m));
        if (crash == 1) {
            killed();
            CHECK(!guest_str(&h, 1, XS_READ, 0, "/local/domain/2/private", &m));
        }
        dies_and_comes_again(2);
        if (crash == 2) {
            killed();
        }
        make_private(2);
        CHECK(guest_str(&h, 1, XS_READ, 0, "/local/domain/2/private", &m) == -EACCES);
        CHECK(guest_write(&h, 1, 0, "/local/domain/2/private/x", "") == -EACCES);
        tear_down();
    }
}

/* Permissions given to a domain, before or in a transaction that outlives it, are not its heir's. */
static void permissions_end(void)
{
    uint32_t tx;
    struct msg m;

    for (int crash = 0; crash < 2; crash++) {
        set_up();
        make_private(1);
        CHECK(!guest_call(&h, 1, XS_SET_PERMS, 0, "private\0n1\0r2", 14, &m, NULL));
        CHECK(!guest_str(&h, 2, XS_READ, 0, "/local/domain/1/private", &m));
        tx = guest_tx(&h, 1);
        CHECK(!guest_write(&h, 1, tx, "new", "v"));
        CHECK(!guest_call(&h, 1, XS_SET_PERMS, tx, "new\0n1\0b2", 10, &m, NULL));
        dies_and_comes_again(2);
        if (crash) {
            killed();
        }
        CHECK(guest_str(&h, 1, XS_TRANSACTION_END, tx, "T", &m) == -EAGAIN);
        CHECK(guest_str(&h, 2, XS_READ, 0, "/local/domain/1/private", &m) == -EACCES);
        CHECK(guest_str(&h, 2, XS_READ, 0, "/local/domain/1/new", &m) == -EACCES);
        tear_down();
    }
}

/* A transaction that makes a domain the owner of a node does so for that domain only. */
static void owner_ends(void)
{
    uint32_t tx;
    struct msg m;

    set_up();
    tx = guest_tx(&h, 0);
    CHECK(!guest_write(&h, 0, tx, "/gift", "v"));
    CHECK(!guest_call(&h, 0, XS_SET_PERMS, tx, "/gift\0n2", 9, &m, NULL));
    dies_and_comes_again(2);
    CHECK(guest_str(&h, 0, XS_TRANSACTION_END, tx, "T", &m) == -EAGAIN);
    tx = guest_tx(&h, 0);
    CHECK(!guest_write(&h, 0, tx, "/gift", "v"));
    CHECK(!guest_call(&h, 0, XS_SET_PERMS, tx, "/gift\0n2", 9, &m, NULL));
    h.exists[2] = false;
    domain_check_all(&h.x);
    CHECK(guest_str(&h, 0, XS_TRANSACTION_END, tx, "T", &m) == -EAGAIN);
    tear_down();
}

/* What a dead domain leaves is one record, however much it was and whoever named it. */
static void an_end_is_one_record(void)
{
    char path[64], perms[80];
    uint64_t before;

    set_up();
    for (int i = 0; i < 250; i++) {
        snprintf(path, sizeof(path), "/local/domain/1/n%d", i);
        CHECK(!guest_write(&h, 1, 0, path, "value"));
        CHECK(!guest_call(&h, 1, XS_SET_PERMS, 0, perms, (size_t)sprintf(perms, "%s%cn1%cr2", path,
                                                                         0, 0) + 1,
                          &(struct msg){ 0 }, NULL));
    }
    before = journal_position(&h.x.journal);
    dies_and_comes_again(2);
    CHECK(journal_position(&h.x.journal) - before < 500);
    killed();
    CHECK(guest_str(&h, 2, XS_READ, 0, "/local/domain/1/n7", &(struct msg){ 0 }) == -EACCES);
    tear_down();
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    CHECK(mkdtemp(dir));
    always = eventfd(1, 0);
    TEST(a_full_disk);
    TEST(full_but_room_for_less);
    TEST(no_room_for_a_successor);
    TEST(a_slot_changes_hands);
    TEST(target_ends);
    TEST(permissions_end);
    TEST(owner_ends);
    TEST(an_end_is_one_record);
    rmdir(dir);
    free(loop.set);
    return TEST_RESULT();
}
