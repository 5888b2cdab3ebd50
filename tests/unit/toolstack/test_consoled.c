/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenconsoled with its real loop, logs and ptys, on a hypervisor and a store that are arrays here:
 * guests that flood ports, nodes, rings and messages; guests that end at once; a number that is
 * given again; many guests' logs. Nobody is kept waiting, nothing grows without bound, no line of
 * one guest is another's.
 */
#include <syslog.h>

#include "check.h"

static int messages;
#define syslog(...) ((void)messages++)
#define main consoled_main
#include "xenconsoled/console.c"
#include "xenconsoled/guest.c"
#include "xenconsoled/guests.c"
#include "xenconsoled/hvlog.c"
#include "xenconsoled/log.c"
#include "xenconsoled/pty.c"
#include "xenconsoled/main.c"
#undef main

#include <dirent.h>
#include <sys/eventfd.h>

#define DOMAINS 300
#define EVENTS 16

/* ------------------------------------------------------------------ the world */

static struct {
    bool exists, dying;
    unsigned int incarnation;
    struct xencons_interface ring;
    bool pending, masked, floods;    /* floods: pending again as soon as it is unmasked */
    bool cannot_bind;
    char name[32];
} dom[DOMAINS];
static struct { char path[64], token[32]; } event[EVENTS];
static unsigned int nevents, reads, endless;    /* endless: a guest that writes this node for ever */
static bool watched[DOMAINS];
static char last_tty[64];
static int always;

int hv_open(struct hv *hv) { (void)hv; return 0; }
int hv_evtchn_open(void) { return always; }
int hv_gnttab_open(void) { return always; }
int hv_evtchn_bind_virq(int fd, unsigned int virq) { (void)fd; (void)virq; return -ENOSYS; }
int hv_evtchn_unbind(int fd, unsigned int port) { (void)fd; dom[port].pending = false; return 0; }
int hv_evtchn_notify(int fd, unsigned int port) { (void)fd; (void)port; return 0; }
int hv_gnttab_unmap(int fd, void *page) { (void)fd; (void)page; return 0; }
void hv_unmap(void *page, size_t count) { (void)page; (void)count; }
void *hv_buf_get(struct hv *hv, size_t n) { (void)hv; return calloc(1, n); }
void hv_buf_put(struct hv *hv, void *p, size_t n) { (void)hv; (void)n; free(p); }
int hv_sysctl(struct hv *hv, struct xen_sysctl *op) { (void)hv; (void)op; return -ENOSYS; }
void oom_kill_last(void) { }

int hv_map_foreign(struct hv *hv, uint32_t domid, const xen_pfn_t *frames, size_t count, int prot,
                   void **out)
{
    (void)hv, (void)domid, (void)frames, (void)count, (void)prot, (void)out;
    return -EINVAL;
}

/* The local port has the domain's number. */
int hv_evtchn_bind_interdomain(int fd, unsigned int domid, unsigned int port)
{
    (void)fd, (void)port;
    dom[domid].masked = false;
    return dom[domid].cannot_bind ? -EINVAL : (int)domid;
}

int hv_gnttab_map(int fd, unsigned int domid, uint32_t ref, void **page)
{
    (void)fd, (void)ref;
    *page = &dom[domid].ring;
    return dom[domid].exists ? 0 : -ESRCH;
}

int hv_evtchn_pending(int fd)
{
    static int from;

    (void)fd;
    for (int i = 0; i < DOMAINS; i++) {
        from = (from + 1) % DOMAINS;
        if (dom[from].pending && !dom[from].masked) {
            dom[from].pending = false;
            dom[from].masked = true;
            return from;
        }
    }
    return -EAGAIN;
}

int hv_evtchn_unmask(int fd, unsigned int port)
{
    (void)fd;
    dom[port].masked = false;
    dom[port].pending |= dom[port].floods;
    return 0;
}

int hv_domain_list(struct hv *hv, uint32_t first, struct xen_domctl_getdomaininfo *list,
                   unsigned int max)
{
    int n = 0;

    (void)hv;
    for (uint32_t i = first; i < DOMAINS && (unsigned int)n < max; i++) {
        if (dom[i].exists) {
            list[n++] = (struct xen_domctl_getdomaininfo){
                .domain = (domid_t)i, .flags = dom[i].dying ? XEN_DOMINF_dying : 0,
                .shared_info_frame = 1000 * dom[i].incarnation + i };
        }
    }
    return n;
}

int xs_open(struct xs **xs) { *xs = (struct xs *)&event; return 0; }
void xs_close(struct xs *xs) { (void)xs; }
int xs_fd(const struct xs *xs) { (void)xs; return -1; }

static void tell(const char *path, const char *token)
{
    if (nevents < EVENTS) {
        snprintf(event[nevents].path, 64, "%s", path);
        snprintf(event[nevents++].token, 32, "%s", token);
    }
}

int xs_watch(struct xs *xs, const char *path, const char *token)
{
    (void)xs;
    watched[atoi(token)] = true;
    tell(path, token);
    return 0;
}

int xs_unwatch(struct xs *xs, const char *path, const char *token)
{
    (void)xs, (void)path;
    watched[atoi(token)] = false;
    return 0;
}

int xs_poll_event(struct xs *xs, char **path, char **token)
{
    const char *p, *t;
    char buf[64], number[16];

    (void)xs;
    if (nevents) {
        nevents--;
        p = event[nevents].path;
        t = event[nevents].token;
    } else if (endless) {
        snprintf(buf, sizeof(buf), "/local/domain/1/console%s", endless == 1 ? "/backend-id" : "/port");
        snprintf(number, sizeof(number), "1");
        p = buf;
        t = number;
    } else {
        return -EAGAIN;
    }
    *path = malloc(strlen(p) + strlen(t) + 2);
    strcpy(*path, p);
    *token = *path + strlen(p) + 1;
    strcpy(*token, t);
    return 0;
}

int xs_readf(struct xs *xs, xs_tx_t tx, char **value, const char *fmt, ...)
{
    char path[128];
    unsigned int d;
    va_list ap;

    (void)xs, (void)tx;
    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    reads++;
    if (sscanf(path, "/local/domain/%u/", &d) != 1 || !dom[d].exists) {
        return -ENOENT;
    }
    if (strstr(path, "/type")) {
        return -ENOENT;
    }
    *value = strdup(strstr(path, "/name") ? dom[d].name : "7");
    return 0;
}

int xs_write(struct xs *xs, xs_tx_t tx, const char *path, const void *value, size_t len)
{
    (void)xs, (void)tx, (void)path;
    snprintf(last_tty, sizeof(last_tty), "%.*s", (int)len, (const char *)value);
    return 0;
}

/* ------------------------------------------------------------------ helpers */

static struct daemon d;
static struct hvlog h;
static struct pollfd *set;
static nfds_t room;
static char dir[] = "/tmp/test_consoled.XXXXXX";

static void passes(int n, int64_t ms)
{
    while (n--) {
        d.now_ms += ms;
        pass(&d, &h, &set, &room);
    }
}

static void begin(void)
{
    memset(dom, 0, sizeof(dom));
    nevents = reads = endless = 0;
    messages = 0;
    d = (struct daemon){ .evtchn = always, .gntdev = always, .now_ms = 5000, .log_dir = dir,
                         .log_limit = 256 << 10, .log_total = 32 << 20 };
    d.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    h = (struct hvlog){ .port = -1, .log.fd = -1 };
}

static void comes(unsigned int i, const char *name)
{
    dom[i].exists = true;
    dom[i].dying = false;
    dom[i].incarnation++;
    memset(&dom[i].ring, 0, sizeof(dom[i].ring));
    snprintf(dom[i].name, sizeof(dom[i].name), "%s", name);
    tell("@introduceDomain", TOKEN_INTRODUCE);
}

static void goes(unsigned int i)
{
    dom[i].exists = false;
    tell("@releaseDomain", TOKEN_RELEASE);
}

static void end(void)
{
    char cmd[64];

    for (unsigned int i = 0; i < DOMAINS; i++) {
        dom[i].exists = false;
    }
    tell("@releaseDomain", TOKEN_RELEASE);
    passes(5, 2000);
    CHECK(!d.guests);
    close(d.inotify);
    snprintf(cmd, sizeof(cmd), "rm -f %s/*", dir);
    CHECK(!system(cmd));
}

static void say(unsigned int i, const char *text)
{
    struct xencons_interface *r = &dom[i].ring;

    for (; *text; text++) {
        r->out[MASK_XENCONS_IDX(r->out_prod, r->out)] = *text;
        r->out_prod++;
    }
    dom[i].pending = true;
}

static bool log_has(const char *name, const char *text)
{
    char path[96], all[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "%s/guest-%s.log", dir, name);
    f = fopen(path, "r");
    n = f ? fread(all, 1, sizeof(all) - 1, f) : 0;
    all[n] = 0;
    if (f) {
        fclose(f);
    }
    return strstr(all, text);
}

static size_t logs_size(void)
{
    DIR *dp = opendir(dir);
    struct dirent *e;
    struct stat st;
    size_t sum = 0;

    while ((e = readdir(dp))) {
        sum += !strncmp(e->d_name, "guest-", 6) && !fstatat(dirfd(dp), e->d_name, &st, 0)
                   ? (size_t)st.st_size : 0;
    }
    closedir(dp);
    return sum;
}

/* ------------------------------------------------------------------ floods */

/* A port that is sent to without pause: the loop goes on, others are served, and it is held back. */
static void a_port_floods(void)
{
    begin();
    comes(1, "evil");
    comes(2, "good");
    passes(2, 200);
    dom[1].floods = dom[1].pending = true;
    for (int i = 0; i < 1000; i++) {
        dom[1].ring.out_prod += 3000;    /* indices that make no sense, each time others */
        passes(1, 0);
    }
    CHECK(dom[1].masked && guest_of_domid(&d, 1)->held);
    say(2, "hello\n");
    passes(2, 0);
    CHECK(log_has("good", "hello"));
    dom[1].floods = false;
    passes(2, 100);
    say(1, "still here\n");
    passes(2, 100);
    CHECK(!dom[1].masked && log_has("evil", "still here"));
    end();
}

/* A guest that writes without pause while it is read gets its share of a period. */
static void a_ring_floods(void)
{
    struct guest *g;
    size_t before;

    begin();
    comes(1, "evil");
    passes(2, 200);
    g = guest_of_domid(&d, 1);
    before = g->log.size;
    for (int i = 0; i < 1000; i++) {
        dom[1].ring.out_prod = g->con.out_cons + 2048;
        dom[1].pending = true;
        passes(1, 0);
    }
    CHECK(g->paused && g->in_period <= (128u << 10) + 2048 && g->log.size - before <= 256u << 10);
    end();
}

/* Nodes that are the guest's own are not looked at; others not more often than ten times a second. */
static void nodes_flood(void)
{
    unsigned int before;

    begin();
    comes(1, "evil");
    comes(2, "good");
    passes(5, 200);
    before = reads;
    endless = 1;
    passes(20, 10);
    CHECK(reads == before);
    endless = 2;
    passes(50, 10);
    CHECK(reads - before <= 7 * 3 && reads > before);
    say(2, "hello\n");
    passes(2, 0);
    CHECK(log_has("good", "hello"));
    end();
}

/* What a guest can cause in the system's log is bounded, in number and over time. */
static void messages_are_few(void)
{
    begin();
    comes(1, "evil");
    dom[1].cannot_bind = true;
    passes(2, 200);
    messages = 0;
    for (int i = 0; i < 600; i++) {
        tell("/local/domain/1/console/port", "1");
        passes(1, 1000);
    }
    CHECK(messages > 0 && messages < 20);
    end();
}

/* ------------------------------------------------------------------ ends */

/* The last lines go to the log and to the terminal, though the guest is gone when they are read. */
static void last_lines(void)
{
    char got[4096];
    size_t n = 0;
    ssize_t k;
    int tty;

    begin();
    comes(1, "short");
    passes(2, 200);
    tty = open(last_tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
    passes(3, 10);
    say(1, "first\nlast words\n");
    goes(1);
    passes(2, 10);
    CHECK(log_has("short", "last words") && d.guests && d.guests->gone_at);
    CHECK(poll(&(struct pollfd){ .fd = tty, .events = POLLIN }, 1, 60000) == 1);
    passes(20, 40);    /* it takes its time */
    CHECK(d.guests);
    while ((k = read(tty, got + n, sizeof(got) - 1 - n)) > 0) {
        n += (size_t)k;
    }
    got[n] = 0;
    CHECK(strstr(got, "first\nlast words\n"));
    passes(5, 40);
    CHECK(!d.guests);
    close(tty);

    /* One that nobody reads does not stay. */
    comes(1, "short");
    passes(2, 200);
    tty = open(last_tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
    passes(3, 10);
    say(1, "unread\n");
    goes(1);
    passes(2, 10);
    CHECK(d.guests);
    passes(2, 4000);
    CHECK(!d.guests);
    close(tty);
    end();
}

/* It spoke and ended before it was looked at for the first time. */
static void ended_at_once(void)
{
    begin();
    passes(2, 100);
    comes(1, "quick");
    say(1, "quick words\n");
    dom[1].dying = false;
    passes(1, 0);
    goes(1);
    passes(2, 0);
    CHECK(log_has("quick", "quick words"));
    end();
}

/* The number is given to another domain between two looks: nothing of the first is the second's. */
static void a_number_comes_again(void)
{
    begin();
    comes(1, "first");
    passes(2, 200);
    say(1, "of the first\n");
    passes(2, 0);
    CHECK(log_has("first", "of the first"));
    dom[1].exists = false;
    comes(1, "second");    /* port and reference are the same */
    passes(2, 200);
    say(1, "of the second\n");
    passes(2, 0);
    CHECK(log_has("second", "of the second") && !log_has("first", "of the second"));
    CHECK(!log_has("second", "of the first"));
    end();
}

/* ------------------------------------------------------------------ logs */

static void chatter(unsigned int i, size_t bytes)
{
    char line[1024];

    memset(line, 'x', sizeof(line));
    line[1022] = '\n';
    line[1023] = 0;
    for (size_t n = 0; n < bytes; n += 1023) {
        say(i, line);
        passes(1, 10);
    }
}

/* Many guests, ever other names: all logs together stay within their bound, the newest are kept. */
static void all_logs_are_bounded(void)
{
    char name[32], last[32];

    begin();
    d.log_total = 1 << 20;
    for (unsigned int i = 1; i < 100; i++) {
        snprintf(name, sizeof(name), "g%u", i);
        comes(1 + i % 5, name);
        passes(2, 200);
        chatter(1 + i % 5, 40 << 10);
        CHECK(logs_size() <= d.log_total);
        goes(1 + i % 5);
        passes(2, 200);
    }
    snprintf(last, sizeof(last), "g%u", 98);
    CHECK(log_has(last, "xxxx"));
    for (unsigned int i = 1; i < 60; i++) {
        snprintf(name, sizeof(name), "h%u", i);
        comes(i, name);
        passes(1, 200);
        chatter(i, 20 << 10);
        CHECK(logs_size() <= d.log_total);
    }
    end();
}

int main(void)
{
    CHECK(mkdtemp(dir));
    always = eventfd(1, 0);
    TEST(a_port_floods);
    TEST(a_ring_floods);
    TEST(nodes_flood);
    TEST(messages_are_few);
    TEST(last_lines);
    TEST(ended_at_once);
    TEST(a_number_comes_again);
    TEST(all_logs_are_bounded);
    free(set);
    rmdir(dir);
    return TEST_RESULT();
}
