/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest of xenconsoled: its ring, port, log and pty, and the octets between them. See guests.h.
 *
 * Nothing of a guest's console is kept here that is not also in its ring, in the log or in
 * xenstore: a daemon that starts finds the guests, goes on where their rings stand, and publishes
 * new ttys.
 */
#include "guests.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>
#include <xen/grant_table.h>

#include "libhv/evtchn.h"
#include "libhv/gnttab.h"

#define PERIOD_BYTES (128u << 10)    /* of one guest in a period; then the others' turn */

/* Some messages of a guest at once, then one a minute; of all guests one each ten seconds. */
static void note(struct daemon *d, struct guest *g, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void note(struct daemon *d, struct guest *g, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    if (!limit_take(&g->notes, d->now_ms, 5, 60000)) {
        return;
    }
    if (!limit_take(&d->notes, d->now_ms, 100, 10000)) {
        g->notes.refused++;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    syslog(LOG_WARNING, "domain %u: %s (%u messages suppressed)", g->domid, text,
           g->notes.refused);
    g->notes.refused = 0;
}

/* ------------------------------------------------------------------ one guest */

static void publish_tty(struct daemon *d, struct guest *g)
{
    char path[64];
    int rc;

    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", g->domid);
    rc = xs_write(d->xs, XS_NO_TX, path, g->pty.name, strlen(g->pty.name));
    if (rc) {
        note(d, g, "cannot write %s: %s", path, strerror(-rc));
    }
}

static void unmap(struct daemon *d, struct guest *g)
{
    if (g->local_port >= 0) {
        hv_evtchn_unbind(d->evtchn, (unsigned int)g->local_port);
        g->local_port = -1;
    }
    if (g->page && g->granted) {
        hv_gnttab_unmap(d->gntdev, g->page);
    } else if (g->page) {
        hv_unmap(g->page, 1);
    }
    g->page = NULL;
    g->con.ring = NULL;
}

/* Maps the ring: by the grant of the domain builder, or where there is none by its frame number. */
static int map_ring(struct daemon *d, struct guest *g, long long ring_ref)
{
    xen_pfn_t frame = (xen_pfn_t)ring_ref;
    int rc = hv_gnttab_map(d->gntdev, g->domid, GNTTAB_RESERVED_CONSOLE, &g->page);

    g->granted = !rc;
    if (rc && ring_ref > 0) {
        rc = hv_map_foreign(&d->hv, g->domid, &frame, 1, PROT_READ | PROT_WRITE, &g->page);
    }
    if (rc) {
        g->page = NULL;
    }
    return rc;
}

/* Whether a file of the log directory is a living guest's, or the older half of one. */
static bool log_in_use(void *arg, const char *name)
{
    const struct daemon *d = arg;

    for (const struct guest *g = d->guests; g; g = g->next) {
        const char *own = g->log.path ? strrchr(g->log.path, '/') + 1 : NULL;

        if (own && !strncmp(name, own, strlen(own)) &&
            (!name[strlen(own)] || !strcmp(name + strlen(own), ".1"))) {
            return true;
        }
    }
    return false;
}

/*
 * Half of the space for logs is the living guests', shared evenly, two files each; the other half
 * keeps what the dead have said last.
 */
static void share_log_space(struct daemon *d)
{
    size_t count = 0, share;

    for (const struct guest *g = d->guests; g; g = g->next) {
        count += !g->gone_at;
    }
    share = d->log_total / 4 / (count ? count : 1);
    d->log_share = share < d->log_limit ? share : d->log_limit;
    for (struct guest *g = d->guests; g; g = g->next) {
        log_set_limit(&g->log, d->log_share);
    }
    log_prune(d->log_dir, d->log_total / 2, log_in_use, d);
}

static void open_log(struct daemon *d, struct guest *g)
{
    char *name = NULL, file[256], tail[HISTORY_BYTES];

    if (!d->log_dir) {
        return;
    }
    if (xs_readf(d->xs, XS_NO_TX, &name, "/local/domain/%u/name", g->domid)) {
        name = NULL;
    }
    if (name) {
        snprintf(file, sizeof(file), "guest-%s.log", name);
    } else {
        snprintf(file, sizeof(file), "guest-dom%u.log", g->domid);
    }
    free(name);
    share_log_space(d);
    if (log_open(&g->log, d->log_dir, file, d->log_share, d->stamp, d->replace_escape)) {
        note(d, g, "cannot open the log %s in %s", file, d->log_dir);
        return;
    }
    /*
     * A ring in use means that a former daemon has served this guest: its last lines are in the
     * log.
     */
    if (g->con.out_cons) {
        console_keep(&g->con, tail, log_tail(&g->log, tail, sizeof(tail)));
    }
}

/* Serves the ring that xenstore tells of, unless that is done already. */
static void attach(struct daemon *d, struct guest *g, long long ring_ref, unsigned int port)
{
    int rc;

    if (g->page && g->ring_ref == ring_ref && g->remote_port == port) {
        return;
    }
    unmap(d, g);
    rc = map_ring(d, g, ring_ref);
    if (rc) {
        note(d, g, "cannot map the console: %s", strerror(-rc));
        return;
    }
    console_attach(&g->con, g->page);
    g->ring_ref = ring_ref;
    g->remote_port = port;
    g->local_port = hv_evtchn_bind_interdomain(d->evtchn, g->domid, port);
    if (g->local_port < 0) {
        note(d, g, "cannot bind port %u: %s", port, strerror(-g->local_port));
        unmap(d, g);
        return;
    }
    if (g->log.fd < 0) {
        open_log(d, g);
    }
    if (g->pty.master < 0) {
        rc = pty_open(&g->pty, d->inotify);
        if (rc) {
            note(d, g, "cannot make a pty: %s", strerror(-rc));
        }
    }
    if (g->pty.master >= 0) {
        publish_tty(d, g);
    }
    g->pending = true;
}

static bool read_number(struct daemon *d, unsigned int domid, const char *key, long long *value)
{
    char *text, *end;
    int rc = xs_readf(d->xs, XS_NO_TX, &text, "/local/domain/%u/console/%s", domid, key);

    if (rc) {
        return false;
    }
    *value = strtoll(text, &end, 10);
    rc = *end || !*text;
    free(text);
    return !rc;
}

void guest_look(struct daemon *d, struct guest *g)
{
    long long ring_ref, port;
    char *type = NULL;
    bool ours;

    if (!read_number(d, g->domid, "port", &port) ||
        !read_number(d, g->domid, "ring-ref", &ring_ref) ||
        port <= 0) {
        return;
    }
    if (xs_readf(d->xs, XS_NO_TX, &type, "/local/domain/%u/console/type", g->domid)) {
        type = NULL;
    }
    ours = !type || !strcmp(type, "xenconsoled");
    free(type);
    if (ours) {
        attach(d, g, ring_ref, (unsigned int)port);
    }
}

void guest_watch(struct daemon *d, unsigned int domid, bool on)
{
    char path[64], token[16];

    snprintf(path, sizeof(path), "/local/domain/%u/console", domid);
    snprintf(token, sizeof(token), "%u", domid);
    if (on) {
        xs_watch(d->xs, path, token);
    } else {
        xs_unwatch(d->xs, path, token);
    }
}

void guest_new(struct daemon *d, const struct xen_domctl_getdomaininfo *info)
{
    unsigned int domid = info->domain;
    struct guest *g = calloc(1, sizeof(*g));

    if (!g || console_init(&g->con)) {
        free(g);
        syslog(LOG_ERR, "domain %u: no memory for its console", domid);
        return;
    }
    g->domid = domid;
    g->pty.master = g->pty.watch = g->log.fd = g->local_port = g->poll_at = -1;
    memcpy(g->handle, info->handle, sizeof(g->handle));
    g->shared_info = info->shared_info_frame;
    g->looked_at = -PERIOD_MS;
    g->look = true;
    g->next = d->guests;
    d->guests = g;
    guest_watch(d, domid, true);
}

void guest_free(struct daemon *d, struct guest *g)
{
    struct guest **p = &d->guests;

    while (*p != g) {
        p = &(*p)->next;
    }
    *p = g->next;
    pty_close(&g->pty, d->inotify);
    log_close(&g->log);
    console_free(&g->con);
    free(g);
}

void guest_drop(struct daemon *d, struct guest *g)
{
    if (d->xs && !g->page && g->look) {
        guest_look(d, g);    /* it was quicker than we */
    }
    g->paused = false;
    g->in_period = 0;
    guest_work(d, g);
    if (d->xs) {
        guest_watch(d, g->domid, false);
    }
    unmap(d, g);
    log_close(&g->log);
    pty_unwatch(&g->pty, d->inotify);
    g->gone_at = d->now_ms ? d->now_ms : 1;
}

/* ------------------------------------------------------------------ moving octets */

/*
 * Takes what there is, and tells the guest once, at the end: one that waits for room in a full ring
 * writes nothing meanwhile, so that the end is near; one that goes on writing needs no event.
 */
static void take_output(struct daemon *d, struct guest *g)
{
    char buf[4096];
    size_t n, total = 0;

    while (g->in_period + total < PERIOD_BYTES &&
           (n = console_take(&g->con, buf, sizeof(buf)))) {
        log_write(&g->log, buf, n);
        console_keep(&g->con, buf, n);
        total += n;
    }
    g->in_period += total;
    if (total) {
        hv_evtchn_notify(d->evtchn, (unsigned int)g->local_port);
    }
    g->paused = g->in_period >= PERIOD_BYTES;
}

static void write_pty(struct guest *g)
{
    const char *data;
    size_t len;

    while (g->con.client && (len = circle_peek(&g->con.to_pty, &data))) {
        ssize_t n = write(g->pty.master, data, len);

        if (n <= 0) {
            return;
        }
        circle_drop(&g->con.to_pty, (size_t)n);
    }
}

static void read_pty(struct guest *g)
{
    char buf[1024];
    size_t room = g->con.to_guest.size - circle_used(&g->con.to_guest);
    ssize_t n = room ? read(g->pty.master, buf, room < sizeof(buf) ? room : sizeof(buf)) : 0;

    if (n > 0) {
        circle_push(&g->con.to_guest, buf, (size_t)n);
    }
}

void guest_work(struct daemon *d, struct guest *g)
{
    g->pending = false;
    if (g->con.ring) {
        take_output(d, g);
    }
    write_pty(g);
    if (g->con.ring && console_feed(&g->con)) {
        hv_evtchn_notify(d->evtchn, (unsigned int)g->local_port);
    }
}

void guest_check_client(struct guest *g)
{
    bool in_use = pty_in_use(&g->pty);

    /* What somebody wrote who has closed the terminal already, as in echo TEXT > TTY. */
    if (!in_use) {
        read_pty(g);
        g->pending = true;
    }
    if (in_use && !g->con.client) {
        console_client_came(&g->con);
        g->pending = true;
    } else if (!in_use && g->con.client) {
        console_client_left(&g->con);
    }
}

void guest_pty_event(struct daemon *d, struct guest *g, short revents)
{
    (void)d;
    if (revents & POLLIN) {
        read_pty(g);
    }
    if (revents & POLLHUP) {
        guest_check_client(g);
    }
    g->pending = true;
}
