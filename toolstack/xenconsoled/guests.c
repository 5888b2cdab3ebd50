/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guests that xenconsoled serves. See guests.h.
 *
 * Nothing of a guest's console is kept here that is not also in its ring, in the log or in
 * xenstore: a daemon that starts finds the guests, goes on where their rings stand, and publishes
 * new ttys.
 */
#include "guests.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>
#include <xen/grant_table.h>

#include "libhv/evtchn.h"
#include "libhv/gnttab.h"

#define MAX_DOMAINS 1024
#define PERIOD_MS 100
#define PERIOD_BYTES (128u << 10)    /* of one guest in a period; then the others' turn */
#define TOKEN_INTRODUCE "introduce"
#define TOKEN_RELEASE "release"

/* ------------------------------------------------------------------ one guest */

static void publish_tty(struct daemon *d, struct guest *g)
{
    char path[64];
    int rc;

    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", g->domid);
    rc = xs_write(d->xs, XS_NO_TX, path, g->pty.name, strlen(g->pty.name));
    if (rc) {
        syslog(LOG_WARNING, "domain %u: cannot write %s: %s", g->domid, path, strerror(-rc));
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
    if (log_open(&g->log, d->log_dir, file, d->log_limit, d->stamp, d->replace_escape)) {
        syslog(LOG_WARNING, "domain %u: cannot open the log %s in %s", g->domid, file, d->log_dir);
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
        syslog(LOG_WARNING, "domain %u: cannot map the console: %s", g->domid, strerror(-rc));
        return;
    }
    console_attach(&g->con, g->page);
    g->ring_ref = ring_ref;
    g->remote_port = port;
    g->local_port = hv_evtchn_bind_interdomain(d->evtchn, g->domid, port);
    if (g->local_port < 0) {
        syslog(LOG_WARNING, "domain %u: cannot bind port %u: %s", g->domid, port,
               strerror(-g->local_port));
        unmap(d, g);
        return;
    }
    if (g->log.fd < 0) {
        open_log(d, g);
    }
    if (g->pty.master < 0) {
        rc = pty_open(&g->pty, d->inotify);
        if (rc) {
            syslog(LOG_WARNING, "domain %u: cannot make a pty: %s", g->domid, strerror(-rc));
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

/* Looks at a domain's console directory, and starts to serve it if it is there and ours. */
static void look_at(struct daemon *d, struct guest *g)
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

static void watch_guest(struct daemon *d, unsigned int domid, bool on)
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

static void new_guest(struct daemon *d, unsigned int domid)
{
    struct guest *g = calloc(1, sizeof(*g));

    if (!g || console_init(&g->con)) {
        free(g);
        syslog(LOG_ERR, "domain %u: no memory for its console", domid);
        return;
    }
    g->domid = domid;
    g->pty.master = g->pty.watch = g->log.fd = g->local_port = g->poll_at = -1;
    g->next = d->guests;
    d->guests = g;
    watch_guest(d, domid, true);    /* its first event is the first look */
}

static void drop_guest(struct daemon *d, struct guest *g)
{
    struct guest **p = &d->guests;

    while (*p != g) {
        p = &(*p)->next;
    }
    *p = g->next;
    if (g->con.ring) {
        g->paused = false;
        g->in_period = 0;
        guest_work(d, g);
    }
    if (d->xs) {
        watch_guest(d, g->domid, false);
    }
    unmap(d, g);
    pty_close(&g->pty, d->inotify);
    log_close(&g->log);
    console_free(&g->con);
    free(g);
}

/* ------------------------------------------------------------------ all guests */

static struct guest *guest_of_domid(struct daemon *d, unsigned int domid)
{
    struct guest *g = d->guests;

    while (g && g->domid != domid) {
        g = g->next;
    }
    return g;
}

struct guest *guest_of_port(struct daemon *d, unsigned int port)
{
    struct guest *g = d->guests;

    while (g && g->local_port != (int)port) {
        g = g->next;
    }
    return g;
}

void guests_refresh(struct daemon *d)
{
    static struct xen_domctl_getdomaininfo list[MAX_DOMAINS];
    int n = hv_domain_list(&d->hv, 1, list, MAX_DOMAINS);
    struct guest *next;

    if (n < 0) {
        return;
    }
    for (struct guest *g = d->guests; g; g = next) {
        int i = 0;

        next = g->next;
        while (i < n && (list[i].domain != g->domid || (list[i].flags & XEN_DOMINF_dying))) {
            i++;
        }
        if (i == n) {
            drop_guest(d, g);
        }
    }
    for (int i = 0; i < n && d->xs; i++) {
        if (!(list[i].flags & XEN_DOMINF_dying) && !guest_of_domid(d, list[i].domain)) {
            new_guest(d, list[i].domain);
        }
    }
}

int guests_connect(struct daemon *d)
{
    int rc = xs_open(&d->xs);

    if (rc) {
        d->xs = NULL;
        return rc;
    }
    rc = xs_watch(d->xs, "@introduceDomain", TOKEN_INTRODUCE);
    if (!rc) {
        rc = xs_watch(d->xs, "@releaseDomain", TOKEN_RELEASE);
    }
    if (rc) {
        xs_close(d->xs);
        d->xs = NULL;
        return rc;
    }
    for (struct guest *g = d->guests; g; g = g->next) {
        watch_guest(d, g->domid, true);
    }
    guests_refresh(d);
    return 0;
}

int guests_take_events(struct daemon *d)
{
    char *path, *token;
    int rc;

    while (!(rc = xs_poll_event(d->xs, &path, &token))) {
        if (!strcmp(token, TOKEN_INTRODUCE) || !strcmp(token, TOKEN_RELEASE)) {
            guests_refresh(d);
        } else {
            struct guest *g = guest_of_domid(d, (unsigned int)strtoul(token, NULL, 10));

            if (g) {
                look_at(d, g);
            }
        }
        free(path);
    }
    if (rc == -EAGAIN || rc == -EINTR) {
        return 0;
    }
    xs_close(d->xs);
    d->xs = NULL;
    return rc;
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

    if (d->now_ms / PERIOD_MS != g->period) {
        g->period = d->now_ms / PERIOD_MS;
        g->in_period = 0;
    }
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
    if (!g->con.ring) {
        return;
    }
    take_output(d, g);
    write_pty(g);
    if (console_feed(&g->con)) {
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
