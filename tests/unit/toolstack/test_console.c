/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenconsoled's ring and buffers: output in order across wraps, a hostile guest's indices, input
 * only as far as there is room, the last lines for whom comes later; and log files that stay within
 * their bound.
 */
#include "check.h"
#include "xenconsoled/console.c"
#include "xenconsoled/log.c"

static struct xencons_interface ring;
static struct console con;

static void say(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ring.out[MASK_XENCONS_IDX(ring.out_prod, ring.out)] = text[i];
        ring.out_prod++;
    }
}

static void set_up(uint32_t at)
{
    memset(&ring, 0, sizeof(ring));
    ring.out_prod = ring.out_cons = ring.in_prod = ring.in_cons = at;
    CHECK(!console_init(&con));
    console_attach(&con, &ring);
}

/* Whatever is taken in whatever pieces is what was said; the indices pass 2^32. */
static void output_in_order(void)
{
    unsigned char next_in = 0, next_out = 0;
    char buf[2048];

    set_up(0xfffff000u);
    for (int i = 0; i < 20000; i++) {
        char piece[64];
        size_t len = (size_t)(i * 7) % sizeof(piece), n;

        for (size_t k = 0; k < len; k++) {
            piece[k] = (char)next_in++;
        }
        say(piece, len);
        while ((n = console_take(&con, buf, (size_t)(i % 50) + 1))) {
            for (size_t k = 0; k < n; k++) {
                CHECK((unsigned char)buf[k] == next_out++);
            }
        }
    }
    CHECK(next_in == next_out && ring.out_cons == ring.out_prod);
    console_free(&con);
}

static void hostile_indices(void)
{
    static const uint32_t bad[] = { 2049, 4096, 0x7fffffff, 0x80000000, 0xffffffff };
    char buf[2048];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set_up(100);
        ring.out_prod = 100 + bad[i];
        CHECK(console_take(&con, buf, sizeof(buf)) == 0 && ring.out_cons == ring.out_prod);
        say("ok", 2);
        CHECK(console_take(&con, buf, sizeof(buf)) == 2 && !memcmp(buf, "ok", 2));
        ring.out_cons = 12345;    /* ours counts */
        say("x", 1);
        CHECK(console_take(&con, buf, sizeof(buf)) == 1);
        circle_push(&con.to_guest, "abc", 3);
        ring.in_cons = 100 + bad[i];
        CHECK(!console_feed(&con) || ring.in_prod - 100 <= 3);
        console_free(&con);
    }
}

static void input_as_there_is_room(void)
{
    char text[3000];

    set_up(0xfffffff0u);
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)('a' + i % 26);
    }
    CHECK(circle_push(&con.to_guest, text, sizeof(text)) == 0);
    CHECK(console_feed(&con) && ring.in_prod - 0xfffffff0u == 1024 && !console_feed(&con));
    for (uint32_t i = 0; i < 1024; i++) {
        CHECK(ring.in[MASK_XENCONS_IDX(0xfffffff0u + i, ring.in)] == text[i]);
    }
    ring.in_cons += 10;
    CHECK(console_feed(&con) && circle_used(&con.to_guest) == 3000 - 1034);
    console_free(&con);
}

/* Who comes first reads the last lines, from the start of one; who is slow loses the oldest. */
static void last_lines_first(void)
{
    const char *data;
    char line[64];
    size_t len;

    set_up(0);
    for (int i = 0; i < 3000; i++) {
        console_keep(&con, line, (size_t)snprintf(line, sizeof(line), "line %d\n", i));
    }
    CHECK(!circle_used(&con.to_pty));
    console_client_came(&con);
    len = circle_peek(&con.to_pty, &data);
    CHECK(len > 1000 && !memcmp(data, "line ", 5) && circle_used(&con.to_pty) <= HISTORY_BYTES);
    for (int i = 0; i < 20000; i++) {
        console_keep(&con, line, (size_t)snprintf(line, sizeof(line), "more %d\n", i));
    }
    CHECK(circle_used(&con.to_pty) == TO_PTY_BYTES);
    console_client_left(&con);
    CHECK(!circle_used(&con.to_pty) && !con.client);
    console_free(&con);

    set_up(0);
    console_keep(&con, "short", 5);
    console_client_came(&con);
    CHECK(circle_peek(&con.to_pty, &data) == 5 && !memcmp(data, "short", 5));
    console_free(&con);
}

static size_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? 0 : (size_t)st.st_size;
}

static void logs_are_bounded(void)
{
    char dir[] = "/tmp/test_console.XXXXXX", path[64], line[64], tail[100];
    struct logfile l;
    size_t n;

    CHECK(mkdtemp(dir));
    CHECK(!log_open(&l, dir, "guest-a/../b.log", 10000, false, true));
    snprintf(path, sizeof(path), "%s/guest-a_.._b.log", dir);
    for (int i = 0; i < 5000; i++) {
        log_write(&l, line, (size_t)snprintf(line, sizeof(line), "line %d\033\n", i));
        CHECK(size_of(path) <= 10000);
    }
    n = log_tail(&l, tail, sizeof(tail));
    CHECK(n == sizeof(tail) && !memcmp(tail + n - 11, "line 4999.\n", 11));
    log_close(&l);
    CHECK(!log_open(&l, dir, "guest-a/../b.log", 10000, true, false) && l.size == size_of(path));
    log_write(&l, "one\ntwo\n", 8);
    n = log_tail(&l, tail, 30);
    CHECK(n == 30 && tail[4] == '[' && !memcmp(tail + 26, "two\n", 4));
    log_close(&l);
    unlink(path);
    strcat(path, ".1");
    CHECK(size_of(path) && size_of(path) <= 10000 && !unlink(path) && !rmdir(dir));
}

int main(void)
{
    TEST(output_in_order);
    TEST(hostile_indices);
    TEST(input_as_there_is_room);
    TEST(last_lines_first);
    TEST(logs_are_bounded);
    return TEST_RESULT();
}
