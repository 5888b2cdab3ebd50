/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that stays with a guest: it sleeps until the store announces that a domain ended,
 * looks whether it was its own, and does what on_poweroff, on_reboot, on_crash and on_watchdog say.
 * restart.c starts it anew. A guest that rests because it is being saved goes on when its `xl save` is
 * killed. It survives a restart of xenstored.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"
#include <xen/sched.h>

#define RECONNECT_TRIES 600
#define FAST_SECONDS    10    /* a guest that ends sooner counts as a fast end */
#define FAST_ENDS_MAX   5
#define RESTART_PAUSE_S 1
#define SAVING_LOOK_MS  1000
#define DUMP_STAMP      18    /* characters in front of the guest's name */
#define DUMPS_MAX       2     /* of one guest; the host runs from memory */

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

/* A guest that rests may do so for a save that was killed. */
static void look_after_save(struct xl *xl, const struct guest *g)
{
    char uuid[37];

    uuid_print(g->uuid, uuid);
    recover_save(xl, uuid);
}

/* Waits until the domain has shut down: 0 and its reason; -ESRCH: it is gone. */
static int wait_for_end(struct xl *xl, const struct guest *g, unsigned int *reason)
{
    for (;;) {
        char *path, *token;
        dominfo_t info;
        int rc = hv_domain_info(&xl->hv, g->domid, &info), look = -1;

        if (rc || memcmp(info.handle, g->uuid, 16) || info.flags & XEN_DOMINF_dying)
            return -ESRCH;
        if (info.flags & XEN_DOMINF_shutdown) {
            *reason = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
            if (*reason != SHUTDOWN_suspend)
                return 0;
            look_after_save(xl, g);
            look = SAVING_LOOK_MS;
        }
        rc = xs_next_event(xl->xs, look, &path, &token);
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

static const char *dumped_guest;

/* A dump of the guest that is dumped now: "YYYY-mmdd-HHMM.SS-NAME-DOMID.core". */
static int is_dump(const struct dirent *d)
{
    const char *name = d->d_name + DUMP_STAMP, *end = strrchr(d->d_name, '-');

    return strlen(d->d_name) > DUMP_STAMP && end >= name && !fnmatch("-[0-9]*.core", end, 0) &&
           strlen(dumped_guest) == (size_t)(end - name) &&
           !strncmp(name, dumped_guest, strlen(dumped_guest));
}

/* Makes room: the oldest dumps of the guest go. */
static void remove_old_dumps(const char *guest)
{
    struct dirent **entries;
    int n;

    dumped_guest = guest;
    n = scandir(XL_DUMP_DIR, &entries, is_dump, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), XL_DUMP_DIR "/%s", entries[i]->d_name);
        if (i <= n - DUMPS_MAX)
            unlink(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void core_dump(struct xl *xl, const struct guest *g)
{
    char path[PATH_MAX], stamp[32], why[256];
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y-%m%d-%H%M.%S", &tm);
    mkdir(XL_DUMP_DIR, 0700);
    remove_old_dumps(g->cfg.name);
    snprintf(path, sizeof(path), XL_DUMP_DIR "/%s-%s-%u.core", stamp, g->cfg.name, g->domid);
    if (dump_core(xl, g->domid, path, why, sizeof(why)))
        log_line("no core dump of domain %u: %s", g->domid, why);
    else
        log_line("core dump of domain %u is %s", g->domid, path);
}

/* Does what ACTION asks for. 1: the guest runs again; 0: it is over. */
static int act(struct xl *xl, struct guest *g, enum guest_action action)
{
    /* The host goes down: nothing comes up again. */
    if (access(XL_STOPPING, F_OK) == 0)
        action = ACTION_DESTROY;
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
        return guest_restart(xl, g, action) == 0;
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
            log_loud("guest '%s' ended %u times within %d seconds of its start: destroyed",
                     g->cfg.name, fast_ends, FAST_SECONDS);
            action = ACTION_DESTROY;
        }
        if (!act(xl, g, action))
            return EXIT_SUCCESS;
    }
}
