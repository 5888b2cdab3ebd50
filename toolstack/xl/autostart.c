/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl autostart: starts the guests of /etc/xen/auto (files NAME.cfg) side by side, but where depends= or
 * autostart_delay= order them, with one line of status each; and stops all guests with a time
 * limit. What is wrong with one guest never stops another. Called by Domain 0's init.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"
#include <xen/sched.h>

#define AUTO_DIR      "/etc/xen/auto"
#define MAX_GUESTS    256
#define STOP_SECONDS  60
#define STOP_ROUNDS   8
#define ERROR_MAX     2048
#define FDS_TO_CLOSE  128

enum phase { WAITING, RUNNING, UP, FAILED };

struct job {
    char *path;
    char name[GUEST_NAME_MAX + 1];
    char *kernel;
    char **depends;
    unsigned int n_depends, delay;
    enum phase phase;
    pid_t pid;
    int error_fd;               /* what the start says on its standard error */
    struct timespec begun;
};

struct run {
    struct job *job;
    int jobs;
    struct timespec begun;
};

static double seconds_since(const struct timespec *from)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static int is_config(const struct dirent *d)
{
    return d->d_name[0] != '.' && !fnmatch("*.cfg", d->d_name, 0) && d->d_type != DT_DIR;
}

/* Name, order and delay; a file that cannot be read is started all the same, to have its error. */
static void read_job(struct job *j)
{
    struct cfg_log log = { .warn = NULL };
    struct guest_config g;
    struct cfg cfg;
    const char *base = strrchr(j->path, '/');

    snprintf(j->name, sizeof(j->name), "%.64s", base ? base + 1 : j->path);
    if (!cfg_load(&cfg, j->path, &log) && !guest_config_read(&cfg, &g, &log)) {
        snprintf(j->name, sizeof(j->name), "%s", g.name);
        j->delay = g.autostart_delay;
        j->depends = g.depends;
        j->n_depends = g.n_depends;
        j->kernel = g.kernel;
        g.kernel = NULL;
        g.depends = NULL;
        g.n_depends = 0;
        guest_config_free(&g);
    }
    cfg_free(&cfg);
}

static int find_jobs(const char *dir, struct run *r)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, is_config, alphasort);

    if (n < 0)
        return errno == ENOENT ? 0 : xl_error("cannot read %s: %s", dir, strerror(errno));
    r->job = calloc((size_t)n + 1, sizeof(*r->job));
    for (int i = 0; i < n; i++) {
        struct job *j = &r->job[r->jobs];

        if (r->job && r->jobs < MAX_GUESTS &&
            asprintf(&j->path, "%s/%s", dir, entries[i]->d_name) >= 0) {
            read_job(j);
            r->jobs++;
        }
        free(entries[i]);
    }
    free(entries);
    return 0;
}

static const struct job *job_named(const struct run *r, const char *name)
{
    for (int i = 0; i < r->jobs; i++)
        if (!strcmp(r->job[i].name, name))
            return &r->job[i];
    return NULL;
}

/* Whether all that J depends on is up; the name of what failed goes to *BROKEN. */
static bool ready(const struct run *r, const struct job *j, const char **broken)
{
    bool all = seconds_since(&r->begun) >= j->delay;

    *broken = NULL;
    for (unsigned int i = 0; i < j->n_depends; i++) {
        const struct job *other = job_named(r, j->depends[i]);

        if (!other || other->phase == FAILED)
            *broken = j->depends[i];
        else if (other->phase != UP)
            all = false;
    }
    return all && !*broken;
}

/* The child of a start: does what 'xl create -q FILE' does, with the kernels that are here already.
 */
static int create_in_child(const struct job *j, int error_fd)
{
    char *argv[] = { "create", "-q", j->path, NULL };
    struct xl xl = { .hv.privcmd = -1 };
    int rc;

    dup2(error_fd, STDERR_FILENO);
    /* The guest's monitor will be a child of this process: it must not hold our pipes. */
    for (int fd = STDERR_FILENO + 1; fd < FDS_TO_CLOSE; fd++)
        close(fd);
    optind = 1;
    rc = cmd_create(&xl, 3, argv);
    xl_close(&xl);
    return rc;
}

/* Unpacks kernels that several guests share, once. A kernel that is broken is reported by its
 * guests. */
static void preload_shared(const struct run *r)
{
    struct build_error ignored;

    for (int i = 0; i < r->jobs; i++) {
        int users = 0, first = i;

        for (int j = r->jobs - 1; r->job[i].kernel && j >= 0; j--) {
            if (r->job[j].kernel && !strcmp(r->job[j].kernel, r->job[i].kernel)) {
                users++;
                first = j;
            }
        }
        if (users > 1 && first == i)
            kernel_preload(r->job[i].kernel, &ignored);
    }
}

static void start_job(struct job *j)
{
    int fds[2];

    clock_gettime(CLOCK_MONOTONIC, &j->begun);
    if (pipe2(fds, O_CLOEXEC)) {
        j->phase = FAILED;
        return;
    }
    j->pid = fork();
    if (j->pid == 0) {
        close(fds[0]);
        _exit(create_in_child(j, fds[1]));
    }
    close(fds[1]);
    /* Whatever keeps the other end open, reading must not block the other guests. */
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    j->error_fd = fds[0];
    j->phase = j->pid > 0 ? RUNNING : FAILED;
}

/* The first line that a start printed on its standard error, but for notes and warnings. */
static char *read_error(struct job *j, char *text, size_t size)
{
    ssize_t n = read(j->error_fd, text, size - 1);
    char *line = text, *end;

    text[n > 0 ? n : 0] = '\0';
    close(j->error_fd);
    while ((!strncmp(line, "xl: note: ", 10) || !strncmp(line, "xl: warning: ", 13)) &&
           (end = strchr(line, '\n')))
        line = end + 1;
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void finish_job(struct job *j, int status)
{
    char text[ERROR_MAX], *error = read_error(j, text, sizeof(text));

    j->phase = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? UP : FAILED;
    if (j->phase == UP)
        printf("guest %-24s [ up ]  %.1f s\n", j->name, seconds_since(&j->begun));
    else
        printf("guest %-24s [failed]  %s\n", j->name,
               *error ? error + (strncmp(error, "xl: ", 4) ? 0 : 4) : "no reason given");
    fflush(stdout);
}

/* Starts whatever may start. Returns how many are not finished. */
static int start_ready(struct run *r)
{
    int open_jobs = 0;

    for (int i = 0; i < r->jobs; i++) {
        struct job *j = &r->job[i];
        const char *broken;

        if (j->phase == WAITING && ready(r, j, &broken))
            start_job(j);
        else if (j->phase == WAITING && broken) {
            printf("guest %-24s [failed]  it depends on '%s', which is not up\n", j->name, broken);
            j->phase = FAILED;
        }
        open_jobs += j->phase == WAITING || j->phase == RUNNING;
    }
    return open_jobs;
}

static bool reap(struct run *r)
{
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);

    for (int i = 0; pid > 0 && i < r->jobs; i++) {
        if (r->job[i].pid == pid && r->job[i].phase == RUNNING) {
            finish_job(&r->job[i], status);
            return true;
        }
    }
    return pid > 0;
}

/* True if every job that is left waits for another that is left: a circle. */
static bool stuck(const struct run *r)
{
    const char *broken;

    for (int i = 0; i < r->jobs; i++) {
        const struct job *j = &r->job[i];

        if (j->phase == RUNNING || (j->phase == WAITING && (ready(r, j, &broken) || broken ||
                                    seconds_since(&r->begun) < j->delay)))
            return false;
    }
    return true;
}

static int start_all(const char *dir)
{
    struct timespec pause = { .tv_nsec = 20000000L };
    struct run r = { .jobs = 0 };
    int failed = 0;

    clock_gettime(CLOCK_MONOTONIC, &r.begun);
    unlink(XL_STOPPING);
    if (find_jobs(dir, &r))
        return EXIT_FAILURE;
    preload_shared(&r);
    while (start_ready(&r)) {
        if (stuck(&r)) {
            printf("guests that depend on each other in a circle are not started\n");
            break;
        }
        if (!reap(&r))
            nanosleep(&pause, NULL);
    }
    for (int i = 0; i < r.jobs; i++)
        failed += r.job[i].phase != UP;
    printf("guests: %d up, %d failed\n", r.jobs - failed, failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool has_shut_down(const dominfo_t *d)
{
    return d->flags & XEN_DOMINF_shutdown &&
           (d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) != SHUTDOWN_suspend;
}

/* One guest of a stop. */
struct stop {
    dominfo_t dom;
    char name[GUEST_NAME_MAX + 1];
};

/* Waits until the guest is gone, or has shut down and is removed here: not every guest has a monitor. */
static void stop_one(struct xl *xl, const struct stop *s, const struct timespec *begun,
                     unsigned long limit)
{
    struct timespec pause = { .tv_nsec = 50000000L };
    dominfo_t now;

    for (;;) {
        if (hv_domain_info(&xl->hv, s->dom.domain, &now) ||
            memcmp(now.handle, s->dom.handle, sizeof(now.handle)) || has_shut_down(&now)) {
            printf("guest %-24s [ down ]  %.1f s\n", s->name, seconds_since(begun));
            break;
        }
        if (seconds_since(begun) >= (double)limit) {
            printf("guest %-24s [killed]  it did not shut down in %lu s\n", s->name, limit);
            break;
        }
        nanosleep(&pause, NULL);
    }
    if (!hv_domain_info(&xl->hv, s->dom.domain, &now) &&
        !memcmp(now.handle, s->dom.handle, sizeof(now.handle)))
        guest_destroy(xl, s->dom.domain);
    fflush(stdout);
}

/* All guests that are there now. Returns how many, or -1. */
static int list_stops(struct xl *xl, struct stop **stops)
{
    dominfo_t *list;
    int n = xl_domains(xl, &list), count = 0;

    if (n < 0)
        return -1;
    *stops = calloc((size_t)n + 1, sizeof(**stops));
    for (int i = 0; *stops && i < n; i++) {
        struct stop *s = &(*stops)[count];

        if (!list[i].domain || list[i].flags & XEN_DOMINF_dying)
            continue;
        s->dom = list[i];
        xl_domain_name(xl, list[i].domain, s->name, sizeof(s->name));
        count++;
    }
    free(list);
    return *stops ? count : -1;
}

static int stop_round(struct xl *xl, const struct timespec *begun, unsigned long limit)
{
    struct stop *stops;
    int n = list_stops(xl, &stops);

    for (int i = 0; i < n; i++) {
        if (has_shut_down(&stops[i].dom))
            continue;
        hv_domain_unpause(&xl->hv, stops[i].dom.domain);
        guest_ask(xl, stops[i].dom.domain, "poweroff");
    }
    for (int i = 0; i < n; i++)
        stop_one(xl, &stops[i], begun, limit);
    if (n >= 0)
        free(stops);
    return n;
}

/* A guest may just be starting again while the first round goes on: round by round, until there is none. */
static int stop_all(struct xl *xl, unsigned long limit)
{
    struct timespec begun;
    int n, rounds = 0, fd;

    if (xl_need_all(xl))
        return EXIT_FAILURE;
    mkdir(XL_RUN_DIR, 0755);
    fd = open(XL_STOPPING, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do {
        n = stop_round(xl, &begun, limit);
    } while (n > 0 && ++rounds < STOP_ROUNDS);
    return n < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_autostart(struct xl *xl, int argc, char **argv)
{
    unsigned long limit = STOP_SECONDS;
    const char *dir = AUTO_DIR;
    int c;

    while ((c = xl_getopt(argc, argv, "d:t:h")) != -1) {
        if (c == 'd')
            dir = optarg;
        else if (c != 't' || xl_parse_uint(optarg, 3600, &limit))
            return xl_usage("autostart");
    }
    if (optind < argc && !strcmp(argv[optind], "start"))
        return start_all(dir);
    if (optind < argc && !strcmp(argv[optind], "stop"))
        return stop_all(xl, limit);
    return xl_usage("autostart");
}
