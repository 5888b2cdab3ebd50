/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main loop: connections that end while others have their turn, new clients, domains that die
 * in the middle of a request, and all of it at random under AddressSanitizer. The sockets and the
 * sleep are real; the hypervisor is xs_host.h's.
 */
#include "xs_host.h"

#include <sys/eventfd.h>
#include <sys/un.h>

#define TOOLS 4

static struct host h;
static struct loop loop;
static char path[] = "/tmp/xs_loop.XXXXXX/socket";
static int tool[TOOLS];    /* the tools' ends; -1: not connected */

static int connect_tool(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(addr.sun_path, path);
    CHECK(!connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
    return fd;
}

/* The event descriptor is always readable, so that no pass sleeps. */
static void set_up(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    host_init(&h);
    strcpy(addr.sun_path, path);
    loop = (struct loop){ .x = &h.x, .listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0),
                          .event_fd = eventfd(1, 0) };
    unlink(path);
    CHECK(!bind(loop.listen_fd, (struct sockaddr *)&addr, sizeof(addr)) &&
          !listen(loop.listen_fd, 64));
    host_domain(&h, 0);
    for (int i = 0; i < TOOLS; i++) {
        tool[i] = -1;
    }
}

static void tear_down(void)
{
    for (int i = 0; i < TOOLS; i++) {
        close(tool[i]);
    }
    CHECK(!store_check(&h.x));
    host_free(&h);
    close(loop.listen_fd);
    close(loop.event_fd);
    free(loop.set);
}

static void passes(int n)
{
    while (n--) {
        loop_pass(&loop);
    }
}

static void tool_send(int fd, uint32_t type, const void *body, size_t len)
{
    struct xsd_sockmsg hdr = { .type = type, .len = (uint32_t)len };

    CHECK(send(fd, &hdr, sizeof(hdr), MSG_NOSIGNAL) == sizeof(hdr) &&
          send(fd, body, len, MSG_NOSIGNAL) == (ssize_t)len);
}

/* The next message for a tool that is no event; its type, or 0 when there is none. */
static uint32_t tool_recv(int fd, struct msg *m)
{
    while (recv(fd, &m->hdr, sizeof(m->hdr), MSG_DONTWAIT) == sizeof(m->hdr)) {
        CHECK(recv(fd, m->body, m->hdr.len, MSG_DONTWAIT) == (ssize_t)m->hdr.len);
        m->body[m->hdr.len] = 0;
        if (m->hdr.type != XS_WATCH_EVENT) {
            return m->hdr.type;
        }
    }
    return 0;
}

/* The connection whose turn is next ends in the turn before. */
static void release_of_the_next(void)
{
    struct msg m;

    set_up();
    tool[0] = connect_tool();
    passes(1);
    for (uint16_t i = 1; i < 6; i++) {
        host_domain(&h, i);
    }
    for (char d = '1'; d < '6'; d++) {
        char arg[2] = { d, 0 };

        list_for(it, &h.x.conns) {
            list_entry(it, struct conn, link)->ready = true;
        }
        tool_send(tool[0], XS_RELEASE, arg, 2);
        passes(1);
        CHECK(tool_recv(tool[0], &m) == XS_RELEASE && !domain_find(&h.x, (unsigned int)d - '0'));
    }
    tear_down();
}

/* Two tools end what the other would end; the one that is after both finds nothing half done. */
static void released_twice_in_a_pass(void)
{
    struct msg m;

    set_up();
    for (int i = 0; i < 3; i++) {
        tool[i] = connect_tool();
    }
    passes(1);
    host_domain(&h, 1);
    tool_send(tool[0], XS_RELEASE, "1", 2);
    tool_send(tool[1], XS_RELEASE, "1", 2);
    tool_send(tool[2], XS_INTRODUCE, "1\0" "4097\0" "5", 9);
    passes(3);
    CHECK(tool_recv(tool[0], &m) == XS_RELEASE && tool_recv(tool[1], &m) == XS_ERROR &&
          tool_recv(tool[2], &m) == XS_INTRODUCE);
    CHECK(h.x.by_domid[1]->conn && !h.x.by_domid[1]->conn->dead);
    CHECK(!guest_str(&h, 1, XS_GET_DOMAIN_PATH, 0, "1", &m));
    tear_down();
}

/* A domain goes with half a request in its ring; its successor does not inherit that half. */
static void dies_in_the_middle(void)
{
    uint32_t tx;
    struct msg m;

    set_up();
    tool[0] = connect_tool();
    passes(1);
    tool_send(tool[0], XS_WATCH, "@releaseDomain\0t", 17);
    passes(3);
    CHECK(tool_recv(tool[0], &m) == XS_WATCH);
    host_domain(&h, 1);
    tx = guest_tx(&h, 1);
    CHECK(tx && !guest_str2(&h, 1, XS_WATCH, "x", "t"));
    ring_put(h.page[1], "\2\0\0\0half", 8);
    h.pending[1] = true;
    passes(2);
    CHECK(h.x.by_domid[1]->conn->area->in_cons - area_in_start(h.x.by_domid[1]->conn->area) == 8);
    h.dying[1] = h.virq = true;
    passes(2);
    CHECK(!domain_find(&h.x, 1) && list_empty(&h.x.txs) && h.x.watched.count == 1);
    CHECK(recv(tool[0], &m, sizeof(m), MSG_DONTWAIT) > (ssize_t)sizeof(m.hdr) &&
          !strcmp(m.body, "@releaseDomain"));
    host_domain(&h, 1);
    CHECK(!guest_str(&h, 1, XS_GET_DOMAIN_PATH, 0, "1", &m));
    CHECK(guest_str(&h, 1, XS_READ, tx, "/", &m) == -ENOENT);
    tear_down();
}

/* A client that hangs up is forgotten at once, with its watches; others are accepted meanwhile. */
static void clients_come_and_go(void)
{
    struct msg m;

    set_up();
    for (int i = 0; i < 200; i++) {
        int fd = connect_tool();

        passes(1);
        tool_send(fd, XS_WATCH, "/x\0t", 5);
        passes(3);
        CHECK(tool_recv(fd, &m) == XS_WATCH && h.x.watched.count == 1);
        tool_send(fd, XS_READ, "/x", 3);
        close(fd);
        passes(3);
        CHECK(!h.x.watched.count);
    }
    CHECK(list_entry(h.x.conns.next, struct conn, link)->link.next == &h.x.conns);    /* Domain 0 */
    tear_down();
}

/* A domain that waits for its write credit is what the loop sleeps for, and goes on then. */
static void sleeps_for_the_slow(void)
{
    struct msg m;

    set_up();
    host_domain(&h, 1);
    h.x.now_ms = 1000;
    for (int i = 0; i < 20; i++) {
        domain_conflict(&h.x, 1);
    }
    guest_send(&h, 1, XS_GET_DOMAIN_PATH, 0, "1", 2);
    h.pending[1] = true;
    host_events(&h);
    while (!loop_turns(&h.x)) {
    }
    CHECK(loop_turns(&h.x) == 500 && !guest_recv(&h, 1, &m));
    h.x.now_ms += 500;
    CHECK(guest_recv(&h, 1, &m) && loop_turns(&h.x) == -1);
    tear_down();
}

/* The live update is asked for while a connection that has ended waits to be freed. */
static struct buf stream;

static int take_stream(void *arg, const char *binary, const char *args)
{
    struct host *host = arg;

    (void)binary;
    (void)args;
    save_state(&host->x, &stream, true, 3, 4);
    return -EIO;
}

static void live_update_beside_the_dead(void)
{
    static struct xsd_ops ops;
    struct host n = { 0 };
    struct restored from;
    const char *what;
    struct msg m;

    set_up();
    ops = host_ops;
    ops.live_update = take_stream;
    h.x.ops = &ops;
    tool[0] = connect_tool();
    tool[1] = connect_tool();
    passes(1);
    host_domain(&h, 1);
    tool_send(tool[1], XS_CONTROL, "live-update\0-f\0/bin/true", 25);
    passes(3);
    CHECK(tool_recv(tool[1], &m) == XS_CONTROL);
    tool_send(tool[0], XS_RELEASE, "1", 2);
    tool_send(tool[1], XS_CONTROL, "live-update\0-s", 15);
    passes(2);
    CHECK(tool_recv(tool[0], &m) == XS_RELEASE && stream.len && !stream.failed);
    n.exists[0] = true;
    CHECK(!xsd_init(&n.x, &host_ops, &n));
    CHECK(!restore_stream(&n.x, stream.data, stream.len, true, 0, 0, &from, &what));
    CHECK(!domain_find(&n.x, 1) && !store_check(&n.x));
    list_for(it, &n.x.conns) {
        list_entry(it, struct conn, link)->fd = -1;    /* not ours to close */
    }
    xsd_free(&n.x);
    buf_free(&stream);
    tear_down();
}

/* ------------------------------------------------------------------ at random */

static void a_tool_acts(int i)
{
    char body[32];
    uint16_t d = (uint16_t)(1 + rnd(5));

    if (tool[i] < 0) {
        tool[i] = connect_tool();
        return;
    }
    switch (rnd(8)) {
    case 0:
        close(tool[i]);
        tool[i] = -1;
        break;
    case 1:
        tool_send(tool[i], XS_RELEASE, body, (size_t)sprintf(body, "%u", d) + 1);
        break;
    case 2:
    case 3:
        tool_send(tool[i], XS_INTRODUCE, body, (size_t)sprintf(body, "%u%c4097%c%u", d, 0, 0,
                                                               1 + rnd(3)) + 1);
        break;
    case 4:
        tool_send(tool[i], XS_WATCH, body, (size_t)sprintf(body, "@releaseDomain%c%u", 0,
                                                           rnd(9)) + 1);
        break;
    case 5:
        tool_send(tool[i], XS_SET_TARGET, body, (size_t)sprintf(body, "%u%c%u", d, 0,
                                                                1 + rnd(5)) + 1);
        break;
    case 6:
        tool_send(tool[i], XS_WRITE, body, (size_t)sprintf(body, "/local/domain/%u/a%cv", d, 0));
        break;
    default:
        tool_send(tool[i], XS_RM, body, (size_t)sprintf(body, "/local/domain/%u", d) + 1);
    }
}

static void a_domain_acts(uint16_t d)
{
    struct xsd_sockmsg hdr = { .type = rnd(30), .len = rnd(8) };
    char junk[4096];

    switch (rnd(6)) {
    case 0:
        h.exists[d] = h.dying[d] = false;
        h.virq = true;
        break;
    case 1:
        h.exists[d] = true;
        h.dying[d] = rnd(4) == 0;
        h.shutdown[d] = rnd(4) == 0;
        h.virq = true;
        break;
    case 2:
        h.page[d]->req_prod = rnd(4) ? h.page[d]->req_cons : rnd(5000);
        h.page[d]->connection = rnd(2) ? XENSTORE_RECONNECT : XENSTORE_CONNECTED;
        break;
    case 3:
        ring_get(h.page[d], junk, sizeof(junk));
        break;
    default:
        ring_put(h.page[d], &hdr, sizeof(hdr));
        ring_put(h.page[d], "a\0b\0T\0", hdr.len);
    }
    h.pending[d] = true;
}

static void everything_at_once(void)
{
    static char drain[65536];

    set_up();
    for (uint16_t d = 1; d < 6; d++) {
        host_domain(&h, d);
    }
    for (int i = 0; i < 30000; i++) {
        for (int k = (int)rnd(4); k >= 0; k--) {
            if (rnd(2)) {
                a_tool_acts((int)rnd(TOOLS));
            } else {
                a_domain_acts((uint16_t)(1 + rnd(5)));
            }
        }
        h.x.now_ms += rnd(20);
        passes(1);
        for (int k = 0; k < TOOLS; k++) {
            while (recv(tool[k], drain, sizeof(drain), MSG_DONTWAIT) > 0) {
            }
        }
        CHECK(i % 1000 || !store_check(&h.x));
    }
    tear_down();
}

int main(void)
{
    *strrchr(path, '/') = 0;
    CHECK(mkdtemp(path));
    path[strlen(path)] = '/';
    TEST(release_of_the_next);
    TEST(released_twice_in_a_pass);
    TEST(dies_in_the_middle);
    TEST(clients_come_and_go);
    TEST(sleeps_for_the_slow);
    TEST(live_update_beside_the_dead);
    TEST(everything_at_once);
    unlink(path);
    *strrchr(path, '/') = 0;
    rmdir(path);
    return TEST_RESULT();
}
