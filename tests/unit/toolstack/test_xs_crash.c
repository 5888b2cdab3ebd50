/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kill -9: a daemon in a child process serves guests over shared ring pages and is killed at random
 * instants, again and again; each time a new one starts from the files that are left. The guests
 * (this process) notice nothing: every request gets exactly one answer, the right one, in order;
 * every change is there; every watched change is told.
 */
#include "xs_host.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define GUESTS 3
#define KILLS 150
#define PATIENCE 100000    /* looks without an answer: half a minute and more */

static struct host h;
static char dir[] = "/tmp/xs_crash.XXXXXX";
static struct ringfile rings;

static void child(bool first)
{
    CHECK(!xsd_init(&h.x, &host_ops, &h));
    if (first) {
        CHECK(!rings_create(&rings, dir));
        h.x.rings = &rings;
        for (uint16_t i = 0; i <= GUESTS; i++) {
            host_domain(&h, i);
        }
    } else {
        if (crash_resume(&h.x, dir, &rings)) {
            _exit(7);
        }
        restore_rings(&h.x, false);
    }
    if (save_journal(&h.x, dir) || store_check(&h.x)) {
        _exit(8);
    }
    for (unsigned int n = 1; ; n++) {
        host_run(&h, 1);
        h.x.now_ms = n / 100;
        /* often: be killed in the middle of it too */
        if (n % 5000 == 0 && save_journal(&h.x, dir)) {
            _exit(9);
        }
    }
}

static pid_t spawn(bool first)
{
    pid_t pid = fork();

    if (!pid) {
        child(first);
    }
    return pid;
}

/* A guest that does one thing after the other and checks the answers. */
struct client {
    uint16_t domid;
    unsigned int step, tx_step;
    uint32_t req_id, tx;
    char out[XS_MSG_MAX];
    size_t out_len, out_done;
    char in[XS_MSG_MAX];
    size_t in_done;
    bool waiting;
    unsigned int written, answers, agains;    /* written: last number given to the watched node */
    bool event_since_write;
};

static void request(struct client *c, uint32_t type, uint32_t tx, const void *body, size_t len)
{
    struct xsd_sockmsg hdr = { .type = type, .req_id = ++c->req_id, .tx_id = tx,
                               .len = (uint32_t)len };

    memcpy(c->out, &hdr, sizeof(hdr));
    memcpy(c->out + sizeof(hdr), body, len);
    c->out_len = sizeof(hdr) + len;
    c->out_done = 0;
    c->waiting = true;
}

static void request_write(struct client *c, uint32_t tx, const char *path, unsigned int value)
{
    char body[128];
    size_t n = (size_t)sprintf(body, "%s", path) + 1;

    n += (size_t)sprintf(body + n, "%u", value);
    request(c, XS_WRITE, tx, body, n);
}

/* The script of a guest: a round of eight requests, over and over. */
static void next_request(struct client *c)
{
    char body[64];

    switch (c->step % 8) {
    case 0:
        /* the last change of the watched node was told */
        CHECK(c->step < 8 || c->event_since_write);
        c->event_since_write = false;
        request_write(c, 0, "watched/k", ++c->written);
        break;
    case 1:
        request(c, XS_READ, 0, "watched/k", 10);
        break;
    case 2:
        request(c, XS_TRANSACTION_START, 0, "", 1);
        break;
    case 3:
        request_write(c, c->tx, "counter", c->tx_step + 1);
        break;
    case 4:
        request(c, XS_TRANSACTION_END, c->tx, "T", 2);
        break;
    case 5:
        request(c, XS_READ, 0, "counter", 8);
        break;
    case 6:
        sprintf(body, "extra%c%u", 0, c->step);
        request(c, XS_WATCH, 0, body, 6 + strlen(body + 6) + 1);
        break;
    case 7:
        sprintf(body, "extra%c%u", 0, c->step - 1);
        request(c, XS_UNWATCH, 0, body, 6 + strlen(body + 6) + 1);
        break;
    }
}

static void take_answer(struct client *c, const struct xsd_sockmsg *hdr, const char *body)
{
    int rc = hdr->type == XS_ERROR ? -xs_errno_value(body) : 0;
    unsigned int step = c->step++;

    CHECK(c->waiting && hdr->req_id == c->req_id);
    c->waiting = false;
    c->answers++;
    switch (step % 8) {
    case 1:
        CHECK(!rc && (unsigned int)atoi(body) == c->written);
        break;
    case 2:
        c->tx = (uint32_t)strtoul(body, NULL, 10);
        CHECK(!rc && c->tx);
        break;
    case 4:
        CHECK(!rc || rc == -EAGAIN);
        c->tx_step += !rc;
        c->agains += rc == -EAGAIN;
        break;
    case 5:
        CHECK(c->tx_step ? !rc && (unsigned int)atoi(body) == c->tx_step : rc == -ENOENT);
        break;
    default:
        CHECK(!rc);
    }
    if (rc && rc != -EAGAIN && check_failures < 20) {
        printf("guest %u step %u: %s\n", c->domid, step, strerror(-rc));
    }
}

static void take_input(struct client *c)
{
    struct xsd_sockmsg hdr;

    for (;;) {
        size_t want = sizeof(hdr), n;

        if (c->in_done >= sizeof(hdr)) {
            memcpy(&hdr, c->in, sizeof(hdr));
            CHECK(hdr.len <= XENSTORE_PAYLOAD_MAX);
            want += hdr.len;
            if (c->in_done == want) {
                c->in_done = 0;
                if (hdr.type == XS_WATCH_EVENT) {
                    c->event_since_write |= strstr(c->in + sizeof(hdr), "watched/k") != NULL;
                } else {
                    take_answer(c, &hdr, c->in + sizeof(hdr));
                }
                continue;
            }
        }
        n = ring_get(h.page[c->domid], c->in + c->in_done, want - c->in_done);
        c->in_done += n;
        if (!n) {
            return;
        }
        c->in[c->in_done] = 0;
    }
}

/* Moves the octets of a request that has been made. */
static void pump(struct client *c)
{
    if (c->waiting && c->out_done < c->out_len) {
        c->out_done += ring_put(h.page[c->domid], c->out + c->out_done, c->out_len - c->out_done);
    }
    take_input(c);
}

static void run_client(struct client *c)
{
    pump(c);
    if (!c->waiting && (c->step % 8 || c->step == 0 || c->event_since_write)) {
        next_request(c);
    }
}

static void wait_idle(struct client *c)
{
    for (int i = 0; c->waiting && i < 60000; i++) {
        struct timespec ts = { .tv_nsec = 1000000 };

        pump(c);
        nanosleep(&ts, NULL);
    }
}

/* What every guest needs first: its directory and its watch. */
static void prepare(struct client *zero, struct client *c)
{
    char body[64];
    size_t n = (size_t)sprintf(body, "/local/domain/%u", c->domid) + 1;

    c->step = zero->step = 3;    /* a step whose answer is just OK */
    request(zero, XS_MKDIR, 0, body, n);
    wait_idle(zero);
    zero->step = 3;
    n += (size_t)sprintf(body + n, "n%u", c->domid) + 1;
    request(zero, XS_SET_PERMS, 0, body, n);
    wait_idle(zero);
    request(c, XS_WATCH, 0, "watched\0t", 10);
    wait_idle(c);
    c->step = 0;
}

static unsigned int answers_of(const struct client *c)
{
    unsigned int sum = 0;

    for (int i = 0; i < GUESTS; i++) {
        sum += c[i].answers;
    }
    return sum;
}

/* Lets the guests go on until they have had so many answers. False: they get none any more. */
static bool go_on(struct client *c, unsigned int answers)
{
    struct timespec ts = { .tv_nsec = 300000 };
    unsigned int end = answers_of(c) + answers;

    for (int idle = 0; answers_of(c) < end && idle < PATIENCE; idle++) {
        for (int i = 0; i < GUESTS; i++) {
            run_client(&c[i]);
        }
        nanosleep(&ts, NULL);
    }
    return answers_of(c) >= end;
}

static void killed_again_and_again(void)
{
    static struct client zero = { .domid = 0 }, c[GUESTS];
    struct timespec ts = { .tv_nsec = 300000 };
    unsigned int agains = 0;
    pid_t pid = spawn(true);

    while (!__atomic_load_n(&h.page[GUESTS]->server_features, __ATOMIC_ACQUIRE)) {
        nanosleep(&ts, NULL);    /* it clears the pages first */
    }
    for (int i = 0; i < GUESTS; i++) {
        c[i].domid = (uint16_t)(i + 1);
        prepare(&zero, &c[i]);
    }
    for (int kills = 0; kills < KILLS && check_failures < 20; kills++) {
        int status;

        /* soon after its start, or after some work; at any instant of it */
        CHECK(go_on(c, rnd(3) ? rnd(40) : 0));
        nanosleep(&(struct timespec){ .tv_nsec = rnd(3000000) }, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        CHECK(WIFSIGNALED(status));    /* not ended by itself */
        pid = spawn(false);
    }
    for (int i = 0; i < GUESTS; i++) {
        wait_idle(&c[i]);
        CHECK(!c[i].waiting);
        agains += c[i].agains;
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    printf("%u answers, %u transactions to be done again\n", answers_of(c), agains);
}

int main(void)
{
    char cmd[64];

    setvbuf(stdout, NULL, _IOLBF, 0);
    memset(&h, 0, sizeof(h));
    for (int i = 0; i < HOST_DOMAINS; i++) {
        h.page[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        h.exists[i] = i <= GUESTS;
    }
    if (!mkdtemp(dir)) {
        return 1;
    }
    TEST(killed_again_and_again);
    snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
    return system(cmd) || check_failures ? 1 : 0;
}
