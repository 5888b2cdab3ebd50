/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that stays with a guest: it sleeps until the store announces that a domain ended,
 * looks whether it was its own, and does what on_poweroff, on_reboot, on_crash and on_watchdog say.
 * A guest that is started anew is read again from its saved configuration. It survives a restart of
 * xenstored.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"
#include <xen/sched.h>

#define LOG_MAX         (256 << 10)
#define RECONNECT_TRIES 600
#define FAST_SECONDS    10    /* a guest that ends sooner counts as a fast end */
#define FAST_ENDS_MAX   5
#define RESTART_PAUSE_S 1

static void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void log_line(const char *fmt, ...)
{
    time_t now = time(NULL);
    char stamp[32];
    struct tm tm;
    va_list ap;

    localtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
    printf("%s ", stamp);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

void monitor_detach(const char *name)
{
    char path[PATH_MAX], old[PATH_MAX];
    struct stat st;
    int log, null = open("/dev/null", O_RDWR);

    mkdir(XL_LOG_DIR, 0755);
    snprintf(path, sizeof(path), XL_LOG_DIR "/xl-%s.log", name);
    snprintf(old, sizeof(old), XL_LOG_DIR "/xl-%s.log.1", name);
    if (!stat(path, &st) && st.st_size > LOG_MAX)
        rename(path, old);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    fflush(stdout);
    dup2(null, 0);
    dup2(log >= 0 ? log : null, 1);
    dup2(log >= 0 ? log : null, 2);
    close(null);
    if (log >= 0)
        close(log);
    prctl(PR_SET_NAME, "xl-monitor");
    if (chdir("/"))
        log_line("cannot change to /: %s", strerror(errno));
}

/* Connects to the store anew after its daemon was restarted. */
static int reconnect(struct xl *xl)
{
    struct timespec pause = { .tv_nsec = 100000000L };

    if (xl->xs)
        xs_close(xl->xs);
    xl->xs = NULL;
    for (int i = 0; i < RECONNECT_TRIES; i++) {
        if (!xs_open(&xl->xs) && !xs_watch(xl->xs, "@releaseDomain", "end"))
            return 0;
        if (xl->xs)
            xs_close(xl->xs);
        xl->xs = NULL;
        nanosleep(&pause, NULL);
    }
    return -ENOTCONN;
}

/* Waits until the domain has shut down: 0 and its reason; -ESRCH: it is gone. */
static int wait_for_end(struct xl *xl, const struct guest *g, unsigned int *reason)
{
    for (;;) {
        char *path, *token;
        dominfo_t info;
        int rc = hv_domain_info(&xl->hv, g->domid, &info);

        if (rc || memcmp(info.handle, g->uuid, 16) || info.flags & XEN_DOMINF_dying)
            return -ESRCH;
        if (info.flags & XEN_DOMINF_shutdown) {
            *reason = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
            if (*reason != SHUTDOWN_suspend)
                return 0;
        }
        rc = xs_next_event(xl->xs, -1, &path, &token);
        if (!rc)
            free(path);
        else if (rc != -EAGAIN && reconnect(xl))
            return -ENOTCONN;
    }
}

static enum guest_action action_for(const struct guest_config *c, unsigned int reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff: return c->on_poweroff;
    case SHUTDOWN_reboot:   return c->on_reboot;
    case SHUTDOWN_watchdog: return c->on_watchdog;
    /* A PV guest cannot be reset softly. */
    case SHUTDOWN_soft_reset:
        return c->on_soft_reset == ACTION_SOFT_RESET ? ACTION_DESTROY : c->on_soft_reset;
    default:                return c->on_crash;
    }
}

static const char *reason_name(unsigned int reason)
{
    static const char *const names[] = { "poweroff", "reboot", "suspend", "crash", "watchdog",
                                         "soft reset" };

    return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown reason";
}

static void core_dump(struct xl *xl, const struct guest *g)
{
    char path[PATH_MAX], stamp[32], why[256];
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y-%m%d-%H%M.%S", &tm);
    mkdir(XL_DUMP_DIR, 0700);
    snprintf(path, sizeof(path), XL_DUMP_DIR "/%s-%s-%u.core", stamp, g->cfg.name, g->domid);
    if (dump_core(xl, g->domid, path, why, sizeof(why)))
        log_line("no core dump of domain %u: %s", g->domid, why);
    else
        log_line("core dump of domain %u is %s", g->domid, path);
}

/* Keeps the dead domain under another name and UUID, so that the guest can start beside it. */
static int put_aside(struct xl *xl, struct guest *g)
{
    char name[GUEST_NAME_MAX + 40], stamp[24];
    time_t now = time(NULL);
    uint8_t uuid[16];
    struct tm tm;
    int rc;

    gmtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
    snprintf(name, sizeof(name), "%s-%s", g->cfg.name, stamp);
    rc = uuid_random(uuid);
    if (!rc)
        rc = store_rename(xl, g->domid, name);
    if (!rc)
        rc = hv_domain_set_handle(&xl->hv, g->domid, uuid);
    log_line("domain %u is kept as '%s'", g->domid, name);
    return rc;
}

/* Loads the saved settings into a fresh guest. */
static int reload(const struct guest *old, struct guest *g, struct cfg_log *log)
{
    int rc = userdata_load(old->domid, old->uuid, &g->tree, log);

    if (!rc)
        rc = guest_config_read(&g->tree, &g->cfg, log);
    memcpy(g->uuid, old->uuid, sizeof(g->uuid));
    return rc;
}

/* Ends the old domain and starts the guest again, with everything checked before the end. */
static int restart(struct xl *xl, struct guest *g, enum guest_action action)
{
    struct cfg_log log = { .warn = NULL };
    struct guest fresh = { .domid = 0 };
    struct xl_conf conf;
    int rc, journal;

    xl_conf_read(&conf);
    rc = reload(g, &fresh, &log);
    if (rc)
        snprintf(fresh.why, sizeof(fresh.why), "%.500s", log.error);
    else
        rc = guest_check(xl, &fresh, &conf, g->domid);
    xl_conf_free(&conf);
    if (action == ACTION_RENAME_RESTART)
        put_aside(xl, g);
    else
        guest_destroy(xl, g->domid);
    if (!rc) {
        journal = journal_open(fresh.uuid);
        rc = guest_create(xl, &fresh);
        if (!rc)
            rc = hv_domain_unpause(&xl->hv, fresh.domid);
        journal_close(journal, fresh.uuid);
    }
    if (rc) {
        log_line("not started again: %s", fresh.why);
        guest_free(&fresh);
        return rc;
    }
    log_line("started again as domain %u", fresh.domid);
    guest_free(g);
    *g = fresh;
    return 0;
}

/* Does what ACTION asks for. 1: the guest runs again; 0: it is over. */
static int act(struct xl *xl, struct guest *g, enum guest_action action)
{
    if (action == ACTION_COREDUMP_DESTROY || action == ACTION_COREDUMP_RESTART)
        core_dump(xl, g);
    switch (action) {
    case ACTION_PRESERVE:
        log_line("domain %u is preserved: `xl destroy %s` removes it", g->domid, g->cfg.name);
        return 0;
    case ACTION_RESTART:
    case ACTION_RENAME_RESTART:
    case ACTION_COREDUMP_RESTART:
        sleep(RESTART_PAUSE_S);
        return restart(xl, g, action) == 0;
    default:
        guest_destroy(xl, g->domid);
        log_line("domain %u is destroyed", g->domid);
        return 0;
    }
}

int monitor_run(struct xl *xl, struct guest *g)
{
    unsigned int fast_ends = 0, reason;

    if (xs_watch(xl->xs, "@releaseDomain", "end") && reconnect(xl))
        return EXIT_FAILURE;
    for (;;) {
        time_t start = time(NULL);
        enum guest_action action;
        int rc = wait_for_end(xl, g, &reason);

        if (rc) {
            log_line("domain %u is gone", g->domid);
            return rc == -ESRCH ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        action = action_for(&g->cfg, reason);
        log_line("domain %u ended: %s; action: %s", g->domid, reason_name(reason),
                 guest_action_name(action));
        fast_ends = time(NULL) - start < FAST_SECONDS ? fast_ends + 1 : 0;
        if (fast_ends > FAST_ENDS_MAX) {
            log_line("it ended %u times within %d seconds of its start: destroyed", fast_ends,
                     FAST_SECONDS);
            action = ACTION_DESTROY;
        }
        if (!act(xl, g, action))
            return EXIT_SUCCESS;
    }
}
