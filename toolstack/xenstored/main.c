/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstored: the process. Command line, start; then loop.c.
 *
 * At start the state comes from a live update (--live-update, internal), from the file that a
 * daemon which died has left in the run directory, or is new.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "backend.h"
#include "domain.h"
#include "libdaemon/oom.h"
#include "live.h"
#include "loop.h"
#include "options.h"
#include "rings.h"

static struct xsd xsd;
static struct backend backend = { .evtchn = -1, .gntdev = -1, .listen_fd = -1 };
static struct ringfile ringfile;
static volatile sig_atomic_t stop, reopen;

static void on_signal(int sig)
{
    if (sig == SIGHUP) {
        reopen = 1;
    } else {
        stop = 1;
    }
}

static int fail(const char *what, int err)
{
    fprintf(stderr, "xenstored: %s: %s\n", what, strerror(err));
    syslog(LOG_ERR, "%s: %s", what, strerror(err));
    return 1;
}

/* ------------------------------------------------------------------ start */

static int listen_on(const char *dir)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t old;
    int rc;

    if (fd < 0) {
        return -errno;
    }
    if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket",
                 dir) >= (int)sizeof(addr.sun_path)) {
        close(fd);
        return -ENAMETOOLONG;
    }
    unlink(addr.sun_path);
    old = umask(0177);
    rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64) ? -errno : 0;
    umask(old);
    if (rc) {
        close(fd);
    }
    return rc ? rc : fd;
}

/* Writes our number to the pid file, and keeps it locked: there must be one xenstored only. */
static int take_pid_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0) {
        return -errno;
    }
    if (lockf(fd, F_TLOCK, 0) < 0) {
        return -errno;
    }
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
        return -errno;
    }
    return 0;    /* the descriptor stays open as long as we live */
}

/*
 * Forks; the parent waits until the child is ready and ends with its verdict. Returns the pipe to
 * tell it.
 */
static int become_daemon(void)
{
    int p[2];
    char verdict = 1;
    pid_t pid;

    if (pipe2(p, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
        return -errno;
    }
    if (pid) {
        close(p[1]);
        if (read(p[0], &verdict, 1) != 1) {
            verdict = 1;
        }
        _exit(verdict);
    }
    close(p[0]);
    setsid();
    if (chdir("/") < 0) {
        return -errno;
    }
    return p[1];
}

static void report_ready(int pipe_fd)
{
    int null;

    if (pipe_fd < 0) {
        return;
    }
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        close(null);
    }
    if (write(pipe_fd, "", 1) != 1) {
        syslog(LOG_WARNING, "nobody waits for the start of xenstored");
    }
    close(pipe_fd);
}

/* A new store in place of one that was half restored. */
static int start_over(const struct options *opt)
{
    if (xsd_init(&xsd, &backend_ops, &backend)) {
        return -ENOMEM;
    }
    memcpy(xsd.quota, opt->quota, sizeof(xsd.quota));
    return rings_create(&ringfile, opt->dir);
}

static int resume_live(const struct options *opt)
{
    struct restored from;
    int rc = start_over(opt);

    xsd.rings = &ringfile;
    if (!rc) {
        rc = live_resume(&xsd, opt->live_fd, &from);
    }
    if (rc) {
        return rc;
    }
    backend.listen_fd = from.socket_fd;
    if (opt->use_hypervisor) {
        rc = backend_open(&backend, from.evtchn_fd);
    }
    if (!rc) {
        restore_rings(&xsd, true);
    }
    return rc;
}

static int resume_or_begin(const struct options *opt)
{
    int rc;

    if (opt->use_hypervisor) {
        rc = backend_open(&backend, -1);
        if (rc) {
            return fail("cannot reach the hypervisor (are its modules loaded?)", -rc);
        }
    }
    rc = xsd_init(&xsd, &backend_ops, &backend);
    memcpy(xsd.quota, opt->quota, sizeof(xsd.quota));
    if (!rc) {
        rc = opt->fresh ? -ENOENT : crash_resume(&xsd, opt->dir, &ringfile);
    }
    if (!rc) {
        restore_rings(&xsd, false);
        xsd_note(&xsd, "resumed the store of a former xenstored");
    }
    if (rc) {
        rc = start_over(opt);    /* what a failed attempt has left in xsd is not worth keeping */
        xsd.rings = rc ? NULL : &ringfile;
        rc = rc == -ENOMEM ? rc : 0;
    }
    return rc ? fail("start", -rc) : 0;
}

static int start(const struct options *opt)
{
    int rc;

    if (mkdir(opt->dir, 0755) < 0 && errno != EEXIST) {
        return fail(opt->dir, errno);
    }
    if (opt->pid_file && (rc = take_pid_file(opt->pid_file))) {
        return fail(opt->pid_file, -rc);
    }
    if (opt->live_fd >= 0) {
        rc = resume_live(opt);
        if (rc) {
            return fail("live update", -rc);
        }
    } else if ((rc = resume_or_begin(opt))) {
        return rc;
    }
    if (backend.listen_fd < 0 && (backend.listen_fd = listen_on(opt->dir)) < 0) {
        return fail("socket", -backend.listen_fd);
    }
    if (opt->use_hypervisor && (rc = backend_introduce_dom0(&backend))) {
        return fail("cannot connect the kernel of Domain 0 (/dev/xen/xenbus_backend)", -rc);
    }
    if (opt->trace_file) {
        xsd.log = fopen(opt->trace_file, "ae");
        xsd.log_name = strdup(opt->trace_file);
        xsd.log_on = xsd.log;
    }
    if (!save_journal(&xsd, opt->dir) && xsd.rings) {
        rings_clean(&ringfile, opt->dir);
    }
    domain_check_all(&xsd);
    journal_commit(&xsd.journal);
    return 0;
}

/* ------------------------------------------------------------------ loop */

static void set_clock(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    xsd.now_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void run(const char *dir)
{
    struct loop l = { .x = &xsd, .listen_fd = backend.listen_fd, .event_fd = backend.evtchn,
                      .dir = dir };

    while (!stop) {
        set_clock();
        if (reopen) {
            reopen = 0;
            xsd_reopen_log(&xsd);
        }
        loop_pass(&l);
    }
    free(l.set);
}

static void set_up_process(void)
{
    struct sigaction sa = { .sa_handler = on_signal };
    struct rlimit files = { 65536, 65536 };
    uint64_t seed = 0;

    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGHUP, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed)) {
        str_hash_seed(seed);
    }
    openlog("xenstored", LOG_PID, LOG_DAEMON);
    oom_kill_last();
}

int main(int argc, char **argv)
{
    struct options opt;
    int rc = parse_options(argc, argv, &opt), ready = -1;

    if (rc) {
        return rc < 0 ? 0 : rc;
    }
    set_up_process();
    set_clock();
    backend.x = &xsd;
    backend.argv = argv;
    if (opt.fork && opt.live_fd < 0) {
        ready = become_daemon();
        if (ready < 0) {
            return fail("fork", -ready);
        }
    }
    rc = start(&opt);
    if (rc) {
        return rc;
    }
    if (opt.print_pid) {
        printf("%d\n", (int)getpid());
        fflush(stdout);
    }
    report_ready(ready);
    run(opt.dir);
    return 0;
}
