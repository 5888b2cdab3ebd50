/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All guests of xenconsoled: which there are, and when each has its turn. See guests.h.
 */
#include "guests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libhv/evtchn.h"

#define MAX_DOMAINS 1024
#define PERIOD_EVENTS 64             /* of one guest's port in a period; then it stays masked */
#define EVENTS_A_PASS 1000           /* of xenstore */
#define PAUSE_MS 20                  /* sleep while a period is waited for */
#define LINGER_MIN_MS 100            /* a dead guest's last lines reach the terminal */
#define LINGER_MAX_MS 3000           /* and are read */
#define TOKEN_INTRODUCE "introduce"
#define TOKEN_RELEASE "release"

/* ------------------------------------------------------------------ which there are */


static struct guest *guest_of_domid(struct daemon *d, unsigned int domid)
{
    struct guest *g = d->guests;

    while (g && (g->domid != domid || g->gone_at)) {
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

/* Whether that is the guest, alive, and not another that has got its number. */
static bool is_guest(const struct xen_domctl_getdomaininfo *info, const struct guest *g)
{
    return info->domain == g->domid && !(info->flags & XEN_DOMINF_dying) &&
           info->shared_info_frame == g->shared_info &&
           !memcmp(info->handle, g->handle, sizeof(g->handle));
}

void guests_refresh(struct daemon *d)
{
    static struct xen_domctl_getdomaininfo list[MAX_DOMAINS];
    int n = hv_domain_list(&d->hv, 1, list, MAX_DOMAINS);

    d->refresh = false;
    if (n < 0) {
        return;
    }
    for (struct guest *g = d->guests; g; g = g->next) {
        int i = 0;

        while (i < n && !is_guest(&list[i], g)) {
            i++;
        }
        if (i == n && !g->gone_at) {
            guest_drop(d, g);
        }
    }
    for (int i = 0; i < n && d->xs; i++) {
        if (!(list[i].flags & XEN_DOMINF_dying) && !guest_of_domid(d, list[i].domain)) {
            guest_new(d, &list[i]);
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
        if (!g->gone_at) {
            guest_watch(d, g->domid, true);
        }
    }
    d->refresh = true;
    return 0;
}

/* Whether that node says where a console is. Guests own others, and may write them all day. */
static bool matters(const char *path)
{
    const char *name = strstr(path, "/console");

    if (!name) {
        return false;
    }
    name += strlen("/console");
    return !*name || !strcmp(name, "/port") || !strcmp(name, "/ring-ref") ||
           !strcmp(name, "/type");
}

static void take_event(struct daemon *d, const char *path, const char *token)
{
    struct guest *g;

    if (!strcmp(token, TOKEN_INTRODUCE) || !strcmp(token, TOKEN_RELEASE)) {
        d->refresh = true;
        return;
    }
    g = guest_of_domid(d, (unsigned int)strtoul(token, NULL, 10));
    if (g && matters(path)) {
        g->look = true;
    }
}

int guests_take_events(struct daemon *d)
{
    char *path, *token;
    int rc = 0;

    for (int i = 0; i < EVENTS_A_PASS && !rc; i++) {
        rc = xs_poll_event(d->xs, &path, &token);
        if (!rc) {
            take_event(d, path, token);
            free(path);
        }
    }
    if (d->refresh) {
        guests_refresh(d);
    }
    for (struct guest *g = d->guests; g; g = g->next) {
        if (g->look && !g->gone_at && d->now_ms - g->looked_at >= PERIOD_MS) {
            g->look = false;
            g->looked_at = d->now_ms;
            guest_look(d, g);
        }
    }
    if (!rc || rc == -EAGAIN || rc == -EINTR) {
        return 0;
    }
    xs_close(d->xs);
    d->xs = NULL;
    return rc;
}

/* ------------------------------------------------------------------ their turns */

bool guest_port_event(struct guest *g)
{
    g->pending = true;
    g->held = ++g->events > PERIOD_EVENTS;
    return !g->held;
}

static void begin_period(struct daemon *d, struct guest *g)
{
    if (d->now_ms / PERIOD_MS == g->period) {
        return;
    }
    g->period = d->now_ms / PERIOD_MS;
    g->in_period = g->events = 0;
    g->pending |= g->paused || g->held;
    if (g->held && g->local_port >= 0) {
        hv_evtchn_unmask(d->evtchn, (unsigned int)g->local_port);
    }
    g->paused = g->held = false;
}

/* Whether nobody will read any more of what a dead guest has said. */
static bool all_read(struct daemon *d, const struct guest *g)
{
    int64_t since = d->now_ms - g->gone_at;

    if (!g->con.client || since > LINGER_MAX_MS) {
        return true;
    }
    return since >= LINGER_MIN_MS && !circle_used(&g->con.to_pty) && pty_drained(&g->pty);
}

int guests_work(struct daemon *d)
{
    int timeout = -1;
    struct guest *next;

    for (struct guest *g = d->guests; g; g = next) {
        next = g->next;
        begin_period(d, g);
        if (g->pending) {
            guest_work(d, g);
        }
        if (g->gone_at && all_read(d, g)) {
            guest_free(d, g);
            continue;
        }
        if (g->paused || g->held || g->look || g->gone_at) {
            timeout = PAUSE_MS;
        }
    }
    return timeout;
}
