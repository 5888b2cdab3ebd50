/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that has ended is started again, from its saved configuration and what has changed since.
 * Everything is checked before the dead domain goes. What fails is tried again, after a pause that
 * grows; until then the guest is a dead domain in `xl list`, or, when that had to go, a line that
 * `xl list` tells (again.c). Called by monitor.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "xl.h"

#ifndef AGAIN_UNIT_MS
#define AGAIN_UNIT_MS 1000
#endif
#define FIRST_PAUSE 2
#define MAX_PAUSE   64

/* A guest between two lives. */
struct life {
    struct xl *xl;
    uint32_t domid;              /* of the dead domain */
    uint8_t uuid[16];
    bool there;                  /* the dead domain is */
    enum guest_action action;
    char name[GUEST_NAME_MAX + 1];
    char *config;                /* NULL: the saved one could not be read yet */
};

/* Keeps the dead domain under another name and UUID, so that the guest can start beside it. */
static int put_aside(struct life *l)
{
    char name[GUEST_NAME_MAX + 40], stamp[24], path[48];
    time_t now = time(NULL);
    int lock = xl_lock(), rc;
    uint8_t uuid[16];
    struct tm tm;

    if (lock < 0)
        return lock;
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
    snprintf(name, sizeof(name), "%s-%s", l->name, stamp);
    snprintf(path, sizeof(path), "/libxl/%u/kept", l->domid);
    rc = uuid_random(uuid);
    if (!rc)
        rc = store_rename(l->xl, l->domid, name);
    if (!rc)
        rc = hv_domain_set_handle(&l->xl->hv, l->domid, uuid);
    /* Nothing runs in it any more that could use its disks and addresses. */
    if (!rc)
        rc = xs_write(l->xl->xs, XS_NO_TX, path, "1", 1);
    xl_unlock(lock);
    log_line("domain %u is kept as '%s'", l->domid, name);
    return rc;
}

/* Whether the dead domain is still there, as the guest's. */
static bool is_there(struct life *l)
{
    dominfo_t info;

    return !hv_domain_info(&l->xl->hv, l->domid, &info) && !memcmp(info.handle, l->uuid, 16) &&
           !(info.flags & XEN_DOMINF_dying);
}

/* The configuration as it is now; what was read last, if the dead domain is gone. */
static int read_config(struct life *l, struct guest *g)
{
    struct cfg_log log = { .warn = NULL };
    int rc;

    if (l->there) {
        rc = userdata_current(l->xl, l->domid, &g->tree, &log);
        if (!rc) {
            free(l->config);
            l->config = userdata_text(&g->tree);
        }
    } else {
        rc = userdata_parse(&g->tree, l->name, l->config, &log);
    }
    if (!rc)
        rc = guest_config_read(&g->tree, &g->cfg, &log);
    if (rc) {
        snprintf(g->why, sizeof(g->why), "%.500s", log.error);
        return rc;
    }
    snprintf(l->name, sizeof(l->name), "%s", g->cfg.name);
    memcpy(g->uuid, l->uuid, sizeof(g->uuid));
    return l->config ? 0 : -ENOMEM;
}

/* The dead domain makes room. -ECANCELED: somebody else destroys the guest. */
static int make_room(struct life *l)
{
    int rc;

    if (!l->there)
        return 0;
    if (l->action == ACTION_RENAME_RESTART) {
        rc = put_aside(l);
    } else {
        rc = guest_begin_end(l->xl, l->domid);
        if (rc)
            return -ECANCELED;
        rc = guest_destroy(l->xl, l->domid);
    }
    l->there = is_there(l);
    return rc;
}

/* Once: check, make room, start. */
static int start_once(struct life *l, struct guest *g)
{
    struct xl_conf conf;
    int rc = read_config(l, g);

    if (rc)
        return rc;
    xl_conf_read(&conf);
    rc = guest_check(l->xl, g, &conf, l->there ? l->domid : DOMID_INVALID);
    xl_conf_free(&conf);
    if (rc)
        return rc == -EEXIST ? -ECANCELED : rc;
    rc = make_room(l);
    if (rc == -ECANCELED)
        snprintf(g->why, sizeof(g->why), "another command destroys it");
    else if (rc)
        snprintf(g->why, sizeof(g->why), "its earlier domain %u cannot go: %s", l->domid,
                 strerror(-rc));
    return rc ? rc : guest_start(l->xl, g, true);
}

/* Sleeps; false as soon as somebody gives the guest up. */
static bool pause_wanted(struct life *l, int record, unsigned int pause)
{
    struct timespec unit = { .tv_sec = AGAIN_UNIT_MS / 1000,
                             .tv_nsec = AGAIN_UNIT_MS % 1000 * 1000000L };

    for (unsigned int i = 0; i < pause; i++) {
        nanosleep(&unit, NULL);
        if ((record >= 0 && !again_wanted(record)) || access(XL_STOPPING, F_OK) == 0 ||
            (l->there && !is_there(l)))
            return false;
    }
    return true;
}

/* Says why it did not work: each reason once on the console. */
static void tell(struct life *l, int record, const char *why, char *before, size_t size,
                 unsigned int pause)
{
    if (strcmp(why, before))
        log_loud("guest '%s' could not be started again: %s: trying again until it works or `xl destroy "
                 "%s`", l->name, why, l->name);
    else
        log_line("not started again: %s: next try in %u s", why, pause);
    snprintf(before, size, "%s", why);
    if (record >= 0)
        again_note(record, l->name, why, pause, l->config ? l->config : "");
}

static int keep_trying(struct life *l, struct guest *g)
{
    char before[sizeof(g->why)] = "";
    unsigned int pause = FIRST_PAUSE;
    int record = -1, rc;

    for (;;) {
        rc = start_once(l, g);
        if (!rc || rc == -ECANCELED)
            break;
        if (record < 0)
            record = again_open(l->uuid);
        tell(l, record, g->why, before, sizeof(before), pause);
        guest_free(g);
        if (!pause_wanted(l, record, pause)) {
            snprintf(g->why, sizeof(g->why), "it was given up");
            rc = -ECANCELED;
            break;
        }
        pause = pause * 2 < MAX_PAUSE ? pause * 2 : MAX_PAUSE;
    }
    again_close(record, l->uuid);
    if (rc)
        log_loud("guest '%s' is not started again: %s", l->name, g->why);
    else
        log_line("started again as domain %u", g->domid);
    return rc;
}

int guest_restart(struct xl *xl, struct guest *g, enum guest_action action)
{
    struct life l = { .xl = xl, .domid = g->domid, .there = true, .action = action };
    struct guest fresh = { .domid = 0 };
    int rc;

    memcpy(l.uuid, g->uuid, sizeof(l.uuid));
    snprintf(l.name, sizeof(l.name), "%s", g->cfg.name);
    rc = keep_trying(&l, &fresh);
    free(l.config);
    if (rc) {
        guest_free(&fresh);
        return rc;
    }
    guest_free(g);
    *g = fresh;
    return 0;
}
