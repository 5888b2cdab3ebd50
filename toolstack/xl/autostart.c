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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"

#define AUTO_DIR      "/etc/xen/auto"
#define MAX_GUESTS    256
#define STOP_SECONDS  60
#define ERROR_MAX     512
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

/* The first line that a start printed on its standard error. */
static void read_error(struct job *j, char *out, size_t size)
{
    ssize_t n = read(j->error_fd, out, size - 1);

    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    close(j->error_fd);
}

static void finish_job(struct job *j, int status)
{
    char error[ERROR_MAX];

    read_error(j, error, sizeof(error));
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

static int ask_all(struct xl *xl, const dominfo_t *list, int n)
{
    int asked = 0;

    for (int i = 0; i < n; i++) {
        char path[64];

        if (!list[i].domain)
            continue;
        hv_domain_unpause(&xl->hv, list[i].domain);
        snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", list[i].domain);
        xs_write(xl->xs, XS_NO_TX, path, "poweroff", 8);
        asked++;
    }
    return asked;
}

/* Whether the domain still runs; its monitor removes it once it has shut down. */
static bool still_there(struct xl *xl, const dominfo_t *d)
{
    dominfo_t info;

    return !hv_domain_info(&xl->hv, d->domain, &info) && !memcmp(info.handle, d->handle, 16);
}

static void stop_one(struct xl *xl, const dominfo_t *d, const char *name,
                     const struct timespec *begun, unsigned long limit)
{
    struct timespec pause = { .tv_nsec = 50000000L };

    while (still_there(xl, d) && seconds_since(begun) < (double)limit)
        nanosleep(&pause, NULL);
    if (still_there(xl, d)) {
        guest_destroy(xl, d->domain);
        printf("guest %-24s [killed]  it did not shut down in %lu s\n", name, limit);
    } else {
        printf("guest %-24s [ down ]  %.1f s\n", name, seconds_since(begun));
    }
    fflush(stdout);
}

static int stop_all(struct xl *xl, unsigned long limit)
{
    char (*names)[GUEST_NAME_MAX + 1];
    struct timespec begun;
    dominfo_t *list;
    int n;

    if (xl_need_all(xl) || (n = xl_domains(xl, &list)) < 0)
        return EXIT_FAILURE;
    names = calloc((size_t)n + 1, sizeof(*names));
    if (!names)
        return xl_error("out of memory");
    for (int i = 0; i < n; i++)
        xl_domain_name(xl, list[i].domain, names[i], sizeof(names[i]));
    clock_gettime(CLOCK_MONOTONIC, &begun);
    ask_all(xl, list, n);
    for (int i = 0; i < n; i++)
        if (list[i].domain)
            stop_one(xl, &list[i], names[i], &begun, limit);
    free(names);
    free(list);
    return EXIT_SUCCESS;
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
