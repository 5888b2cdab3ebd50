/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wire format and paths: error names, permission strings, what is a valid path; and the daemon
 * fed with broken messages: random octets, wrong lengths, missing nuls, every type. It must answer
 * or cut the connection, and its accounts must be right afterwards.
 */
#include "xs_host.h"

static void errors_and_perms(void)
{
    struct xs_perm p;
    char text[XS_PERM_STRLEN];

    CHECK(!strcmp(xs_errno_name(EAGAIN), "EAGAIN") && xs_errno_value("EAGAIN") == EAGAIN);
    CHECK(!strcmp(xs_errno_name(ELOOP), "EINVAL") && xs_errno_value("EWHAT") == EIO);
    CHECK(!xs_perm_parse("b12", &p) && p.access == (XS_PERM_READ | XS_PERM_WRITE) && p.domid == 12);
    CHECK(!xs_perm_parse("w0", &p) && p.access == XS_PERM_WRITE);
    CHECK(!xs_perm_parse("r65535", &p) && xs_perm_format(&p, text) == 6 && !strcmp(text, "r65535"));
    CHECK(xs_perm_parse("", &p) && xs_perm_parse("r", &p) && xs_perm_parse("x1", &p));
    CHECK(xs_perm_parse("r65536", &p) && xs_perm_parse("r-1", &p) && xs_perm_parse("r1 ", &p));
}

static void paths(void)
{
    char longest[XENSTORE_ABS_PATH_MAX + 3];
    path_t out;

    CHECK(path_valid("/", 2048, false) && path_valid("/a-b_c@/D9", 2048, false));
    CHECK(!path_valid("", 2048, false) && !path_valid("a", 2048, false) &&
          !path_valid("/a/", 2048, false));
    CHECK(!path_valid("//", 2048, false) && !path_valid("/a//b", 2048, false) &&
          !path_valid("/a b", 2048, false));
    CHECK(!path_valid("/a\xff", 2048, false) && !path_valid("/a.b", 2048, false));
    CHECK(!path_valid("@releaseDomain", 2048, false) && path_valid("@releaseDomain", 2048, true));
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[2048] = 0;
    CHECK(path_valid(longest, 2048, false));
    longest[2048] = 'a';
    longest[2049] = 0;
    CHECK(!path_valid(longest, 2048, false));
    memcpy(longest, "/local/domain/12345/", 20);
    longest[2049] = 'a';
    longest[20 + 2048] = 0;
    CHECK(path_valid(longest, 2048, false));
    longest[20 + 2048] = 'a';
    longest[20 + 2049] = 0;
    CHECK(!path_valid(longest, 2048, false));
    CHECK(!path_complete("x/y", "/local/domain/3", out) && !strcmp(out, "/local/domain/3/x/y"));
    CHECK(!path_complete("/x", "/local/domain/3", out) && !strcmp(out, "/x"));
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = 0;
    CHECK(path_complete(longest, "/local/domain/3", out) == -EINVAL);
    CHECK(path_is_child("/a/b", "/a") && path_is_child("/a", "/a") && !path_is_child("/ab", "/a"));
    CHECK(path_is_child("/x", "/") && path_levels_below("/a/b/c", "/a") == 2 &&
          path_levels_below("/a", "/") == 1);
}

/* Every type with odd payloads from a guest: an answer each time. */
static void odd_payloads(void)
{
    static const struct { const char *body; size_t len; } odd[] = {
        { "", 0 }, { "\0", 1 }, { "\0\0\0\0", 4 }, { "/a", 2 }, { "/a\0", 3 }, { "/a\0b",
                                                                                 4 }, { "/a\0b\0",
                                                                                        5 },
        { "1\0", 2 }, { "-1\0", 3 }, { "99999999999999999999\0", 21 }, { "/a\0n1\0n2\0x\0", 11 },
        { "1\0\62\0\63\0", 6 }, { "T\0", 2 }, { "T", 1 }, { "F\0F\0", 4 }, { "@releaseDomain\0t\0",
                                                                             17 },
        { "@releaseDomain/5\0t\0""1\0", 21 }, { "/\0", 2 }, { "//\0t\0", 5 }, { "/a\0t\0-1\0", 8 },
        { "@\0n1\0", 5 },
    };
    struct host h;
    struct msg m;

    host_init(&h);
    host_domain(&h, 1);
    for (uint32_t type = 0; type < 40; type++) {
        for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
            int rc = guest_call(&h, 1, type, rnd(2), odd[i].body, odd[i].len, &m, NULL);

            CHECK(rc != -EPIPE);
            CHECK(type < XS_TYPE_COUNT || rc == -ENOSYS);
        }
    }
    CHECK(guest_call(&h, 1, 0xffffffffu, 0, "", 0, &m, NULL) == -ENOSYS);
    CHECK(guest_str(&h, 1, XS_CONTROL, 0, "check", &m) == -EACCES);
    CHECK(guest_str(&h, 1, XS_RELEASE, 0, "1", &m) == -EACCES);
    CHECK(!store_check(&h.x));
    host_free(&h);
}

/* Random octets as messages, with lengths mostly in range; a cut connection is introduced again. */
static void random_messages(void)
{
    struct host h;
    struct msg m;

    host_init(&h);
    host_domain(&h, 2);
    for (int i = 0; i < 20000; i++) {
        struct xsd_sockmsg hdr = { .type = rnd(24), .req_id = (uint32_t)i, .tx_id = rnd(4),
                                   .len = rnd(20) ? rnd(60) : rnd(5000) };
        char body[5000];

        for (uint32_t k = 0; k < hdr.len; k++) {
            body[k] = "\0\0/aab/c@01tTF\xff"[rnd(16)];
        }
        ring_put(h.page[2], &hdr, sizeof(hdr));
        for (uint32_t done = 0; done < hdr.len; ) {
            size_t n = ring_put(h.page[2], body + done, hdr.len - done);

            done += (uint32_t)n;
            host_run(&h, 10);
            if (!n) {
                break;
            }
        }
        while (guest_recv(&h, 2, &m)) {
        }
        if (h.page[2]->error) {
            CHECK(h.page[2]->error == XENSTORE_ERROR_PROTO);
            h.page[2]->connection = XENSTORE_RECONNECT;
            host_run(&h, 10);
            CHECK(h.page[2]->connection == XENSTORE_CONNECTED && !h.page[2]->error &&
                  !h.page[2]->req_prod);
        }
    }
    CHECK(guest_write(&h, 2, 0, "/local/domain/2", "x") == -EACCES);
    CHECK(!store_check(&h.x));
    host_free(&h);
}

/* Random ring indices: the connection stops with the error that xs_wire.h names, others go on. */
static void broken_indices(void)
{
    struct host h;
    struct msg m;

    host_init(&h);
    host_domain(&h, 1);
    host_domain(&h, 2);
    for (int i = 0; i < 1000; i++) {
        h.page[1]->req_prod = rnd(1u << 31) * 2 + rnd(2);
        h.page[1]->rsp_cons = rnd(1u << 31) * 2 + rnd(2);
        h.page[1]->req_cons = rnd(1u << 31);
        h.page[1]->rsp_prod = rnd(1u << 31);
        host_run(&h, 50);
        CHECK(!guest_str(&h, 2, XS_GET_DOMAIN_PATH, 0, "7", &m) &&
              !strcmp(m.body, "/local/domain/7"));
        if (h.page[1]->error) {
            h.page[1]->connection = XENSTORE_RECONNECT;
            host_run(&h, 10);
            CHECK(!h.page[1]->error);
        }
    }
    host_free(&h);
}

/* A tool whose message is too long loses its connection, and no other does. */
static void long_from_socket(void)
{
    struct xsd_sockmsg hdr = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };
    struct host h;
    int bad, good;
    char c;

    host_init(&h);
    host_socket(&h, &bad);
    host_socket(&h, &good);
    CHECK(write(bad, &hdr, sizeof(hdr)) == sizeof(hdr));
    host_run(&h, 10);
    CHECK(read(bad, &c, 1) == 0);
    hdr = (struct xsd_sockmsg){ .type = XS_READ, .req_id = 7, .len = 2 };
    CHECK(write(good, &hdr, sizeof(hdr)) == sizeof(hdr) && write(good, "/\0", 2) == 2);
    host_run(&h, 10);
    CHECK(read(good, &hdr, sizeof(hdr)) == sizeof(hdr) && hdr.type == XS_READ && hdr.req_id == 7 &&
          !hdr.len);
    close(bad);
    close(good);
    host_free(&h);
}

int main(void)
{
    TEST(errors_and_perms);
    TEST(paths);
    TEST(odd_payloads);
    TEST(random_messages);
    TEST(broken_indices);
    TEST(long_from_socket);
    return TEST_RESULT();
}
