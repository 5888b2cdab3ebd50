/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenconsoled: carries the consoles of guests between their rings, log files and ptys.
 *
 * Options are those of Xen's daemon. It may be stopped, killed and started at any time: see
 * guests.c. xenstored may go away and come back: it is connected to again.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "guests.h"
#include "hvlog.h"
#include "libdaemon/oom.h"
#include "libhv/evtchn.h"
#include "libhv/gnttab.h"

#define RECONNECT_MS 200
#define NO_INOTIFY_MS 500

static const char usage[] =
    "Usage: xenconsoled [options]\n"
    "  -i, --interactive          stay in the foreground\n"
    "  -v, --verbose              messages to standard error as well\n"
    "      --log=none|guest|hv|all  what is logged (guest)\n"
    "      --log-dir=DIR          where to (/var/log/xen/console)\n"
    "      --log-size=KIB         a log is moved to FILE.1 when it is that long (256)\n"
    "      --log-total=MIB        all guests' logs together; shorter ones if there are many (32)\n"
    "      --pid-file=FILE        (/run/xen/xenconsoled.pid)\n"
    "  -t, --timestamp=none|guest|hv|all   a time in front of each line (none)\n"
    "      --replace-escape       a dot for each ESC in the logs\n"
    "Accepted without effect: -o, --overflow-data; -V.\n";

enum { WHAT_GUEST = 1, WHAT_HV = 2 };

struct options {
    bool foreground, verbose, replace_escape;
    int log, stamp;
    const char *log_dir, *pid_file;
    unsigned long log_kib, log_total_mib;
};

static volatile sig_atomic_t stop, reopen;

static void on_signal(int sig)
{
    if (sig == SIGHUP) {
        reopen = 1;
    } else {
        stop = 1;
    }
}

/* Returns -1 for a word that is none of them. */
static int parse_what(const char *word)
{
    static const char *const words[] = { "none", "guest", "hv", "all" };

    for (int i = 0; i < 4; i++) {
        if (!strcmp(word, words[i])) {
            return i;
        }
    }
    return -1;
}

static const struct option long_options[] = {
    { "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
    { "verbose", no_argument, NULL, 'v' }, { "interactive", no_argument, NULL, 'i' },
    { "log", required_argument, NULL, 'l' }, { "log-dir", required_argument, NULL, 'd' },
    { "log-size", required_argument, NULL, 's' }, { "log-total", required_argument, NULL, 'T' },
    { "pid-file", required_argument, NULL, 'p' },
    { "timestamp", required_argument, NULL, 't' }, { "overflow-data", required_argument, NULL,
                                                     'o' },
    { "replace-escape", no_argument, NULL, 'e' }, { NULL, 0, NULL, 0 },
};

static int set_option(struct options *o, int c)
{
    switch (c) {
    case 'i':
        o->foreground = true;
        return 0;
    case 'v':
        o->verbose = true;
        return 0;
    case 'l':
        o->log = parse_what(optarg);
        return o->log < 0 ? 2 : 0;
    case 't':
        o->stamp = parse_what(optarg);
        return o->stamp < 0 ? 2 : 0;
    case 'd':
        o->log_dir = optarg;
        return 0;
    case 's':
        o->log_kib = strtoul(optarg, NULL, 10);
        return o->log_kib >= 8 && o->log_kib <= (1u << 20) ? 0 : 2;
    case 'T':
        o->log_total_mib = strtoul(optarg, NULL, 10);
        return o->log_total_mib >= 1 && o->log_total_mib <= (1u << 20) ? 0 : 2;
    case 'p':
        o->pid_file = optarg;
        return 0;
    case 'e':
        o->replace_escape = true;
        return 0;
    case 'o':
    case 'V':
        return 0;
    default:
        return 2;
    }
}

static int parse(int argc, char **argv, struct options *o)
{
    int c, rc;

    *o = (struct options){ .log = WHAT_GUEST, .log_dir = "/var/log/xen/console", .log_kib = 256,
                           .log_total_mib = 32, .pid_file = "/run/xen/xenconsoled.pid" };
    while ((c = getopt_long(argc, argv, "hVvit:o:", long_options, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return -1;
        }
        rc = set_option(o, c);
        if (rc) {
            fputs(usage, stderr);
            return rc;
        }
    }
    return 0;
}

static int fail(const char *what, int err)
{
    fprintf(stderr, "xenconsoled: %s: %s\n", what, strerror(err));
    return 1;
}

static void make_dirs(const char *path)
{
    char copy[256];

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *p = copy + 1; *p; p++) {
        if (*p == '/') {
            *p = 0;
            mkdir(copy, 0755);
            *p = '/';
        }
    }
}

/* One daemon only: two would take turns at the guests' output. */
static int take_pid_file(const char *path)
{
    int fd;

    make_dirs(path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || lockf(fd, F_TLOCK, 0) < 0 || ftruncate(fd, 0) < 0 ||
        dprintf(fd, "%d\n", (int)getpid()) < 0) {
        return -errno;
    }
    return 0;
}

static int open_devices(struct daemon *d)
{
    int rc = hv_open(&d->hv);

    if (rc) {
        return rc;
    }
    d->evtchn = hv_evtchn_open();
    if (d->evtchn < 0) {
        return d->evtchn;
    }
    d->gntdev = hv_gnttab_open();
    if (d->gntdev < 0) {
        return d->gntdev;
    }
    d->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return 0;
}

static void set_clock(struct daemon *d)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    d->now_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ------------------------------------------------------------------ loop */

#define PORTS_A_PASS 256
#define FIXED 3    /* xenstore, event channels, inotify */

static nfds_t fill_poll(struct daemon *d, struct pollfd **set, nfds_t *room)
{
    nfds_t n = FIXED;

    for (struct guest *g = d->guests; g; g = g->next) {
        n++;
    }
    if (n > *room) {
        struct pollfd *grown = realloc(*set, 2 * n * sizeof(**set));

        if (!grown) {
            return 0;
        }
        *set = grown;
        *room = 2 * n;
    }
    (*set)[0] = (struct pollfd){ .fd = d->xs ? xs_fd(d->xs) : -1, .events = POLLIN };
    (*set)[1] = (struct pollfd){ .fd = d->evtchn, .events = POLLIN };
    (*set)[2] = (struct pollfd){ .fd = d->inotify, .events = POLLIN };
    n = FIXED;
    for (struct guest *g = d->guests; g; g = g->next) {
        bool room_in = circle_used(&g->con.to_guest) < g->con.to_guest.size;

        g->poll_at = -1;
        if (g->con.client) {
            g->poll_at = (int)n;
            (*set)[n] = (struct pollfd){ .fd = g->pty.master, .events = room_in ? POLLIN : 0 };
            (*set)[n++].events |= circle_used(&g->con.to_pty) ? POLLOUT : 0;
        }
    }
    return n;
}

/*
 * A port stays masked until all that are pending have been read, so that one that is sent to without
 * pause comes once; what does not fit comes in the next pass.
 */
static void take_port_events(struct daemon *d, struct hvlog *h)
{
    unsigned int unmask[PORTS_A_PASS], count = 0;
    int port;

    for (int i = 0; i < PORTS_A_PASS && (port = hv_evtchn_pending(d->evtchn)) >= 0; i++) {
        struct guest *g = guest_of_port(d, (unsigned int)port);

        if (!g && port == h->port) {
            hvlog_copy(h, d);
        }
        if (!g || guest_port_event(g)) {
            unmask[count++] = (unsigned int)port;
        }
    }
    while (count) {
        hv_evtchn_unmask(d->evtchn, unmask[--count]);
    }
}

static void check_clients(struct daemon *d)
{
    char drain[4096];

    while (d->inotify >= 0 && read(d->inotify, drain, sizeof(drain)) > 0) {
    }
    for (struct guest *g = d->guests; g; g = g->next) {
        guest_check_client(g);
    }
}

static void reopen_logs(struct daemon *d, struct hvlog *h)
{
    reopen = 0;
    for (struct guest *g = d->guests; g; g = g->next) {
        log_reopen(&g->log);
    }
    log_reopen(&h->log);
}

/* Everybody's turn, then a sleep until there is something to do, which is taken note of. */
static void pass(struct daemon *d, struct hvlog *h, struct pollfd **set, nfds_t *room)
{
    int timeout;
    nfds_t n;

    if (!d->xs && !guests_connect(d)) {
        syslog(LOG_NOTICE, "connected to xenstored");
    }
    if (d->xs) {
        guests_take_events(d);
    }
    timeout = guests_work(d);
    if (timeout < 0) {
        timeout = !d->xs ? RECONNECT_MS : d->inotify < 0 ? NO_INOTIFY_MS : -1;
    }
    n = fill_poll(d, set, room);
    if (reopen) {
        reopen_logs(d, h);
    }
    if (!n || poll(*set, n, timeout) < 0) {
        return;
    }
    for (struct guest *g = d->guests; g; g = g->next) {
        if (g->poll_at >= 0 && (*set)[g->poll_at].revents) {
            guest_pty_event(d, g, (*set)[g->poll_at].revents);
        }
    }
    if ((*set)[1].revents) {
        take_port_events(d, h);
    }
    if ((*set)[2].revents || d->inotify < 0) {
        check_clients(d);
    }
}

static void loop(struct daemon *d, struct hvlog *h)
{
    struct pollfd *set = NULL;
    nfds_t room = 0;

    while (!stop) {
        set_clock(d);
        pass(d, h, &set, &room);
    }
    free(set);
}

static void set_up_process(void)
{
    struct sigaction sa = { .sa_handler = on_signal };
    struct rlimit files = { 65536, 65536 };

    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGHUP, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    struct daemon d = { .evtchn = -1, .gntdev = -1, .inotify = -1 };
    struct hvlog h = { .port = -1, .log.fd = -1 };
    struct options o;
    int rc = parse(argc, argv, &o);

    if (rc) {
        return rc < 0 ? 0 : rc;
    }
    set_up_process();
    openlog("xenconsoled", LOG_PID | (o.verbose ? LOG_PERROR : 0), LOG_DAEMON);
    d.log_dir = o.log & WHAT_GUEST ? o.log_dir : NULL;
    d.log_limit = o.log_kib << 10;
    d.log_total = o.log_total_mib << 20;
    d.stamp = o.stamp & WHAT_GUEST;
    d.replace_escape = o.replace_escape;
    make_dirs(o.log_dir);
    mkdir(o.log_dir, 0755);
    rc = open_devices(&d);
    if (rc) {
        return fail("cannot reach the hypervisor (modules xen-privcmd, xen-evtchn, xen-gntdev?)",
                    -rc);
    }
    if (!o.foreground && daemon(0, 0) < 0) {
        return fail("fork", errno);
    }
    oom_kill_last();
    rc = take_pid_file(o.pid_file);
    if (rc) {
        syslog(LOG_ERR, "%s: %s: does another xenconsoled run?", o.pid_file, strerror(-rc));
        return fail(o.pid_file, -rc);
    }
    if ((o.log & WHAT_HV) && (rc = hvlog_open(&h, &d, o.log_dir, d.log_limit, o.stamp & WHAT_HV))) {
        syslog(LOG_WARNING, "the hypervisor's messages cannot be logged: %s", strerror(-rc));
    }
    loop(&d, &h);
    return 0;
}
