/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any device with two ends in the store: the three folders of it (back end, front end, trusted copy
 * under /libxl), waiting for a state, removal, listing (io/xenbus.h, xenstore-paths.7). What the
 * toolstack decides by, it reads from the trusted copy. Called by vbd.c, vif.c, destroy.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include <xen/io/xenbus.h>

#define REMOVE_TIMEOUT_MS 10000
#define GONE_TIMEOUT_MS   2000
#define GONE_STEP_MS      10

void dev_backend_path(const struct device *d, char *out, size_t size)
{
    snprintf(out, size, "/local/domain/%u/backend/%s/%u/%u", d->backend_domid, d->kind, d->domid,
             d->devid);
}

void dev_frontend_path(const struct device *d, char *out, size_t size)
{
    snprintf(out, size, "/local/domain/%u/device/%s/%u", d->domid, d->kind, d->devid);
}

void dev_libxl_path(const struct device *d, char *out, size_t size)
{
    snprintf(out, size, "/libxl/%u/device/%s/%u", d->domid, d->kind, d->devid);
}

void dev_node_add(struct dev_node *list, unsigned int *n, const char *key, const char *value)
{
    if (!value)
        return;
    list[*n].key = key;
    snprintf(list[*n].value, sizeof(list[*n].value), "%.*s", DEV_VALUE_MAX, value);
    (*n)++;
}

void dev_node_number(struct dev_node *list, unsigned int *n, const char *key, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", value);
    dev_node_add(list, n, key, text);
}

static int write_node(struct xl *xl, xs_tx_t tx, const char *dir, const char *key,
                      const char *value)
{
    char path[DEV_PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s", dir, key);
    return xs_write(xl->xs, tx, path, value, strlen(value));
}

/* Makes one folder with its nodes; OWNER owns it, READER may read it. */
static int write_dir(struct xl *xl, xs_tx_t tx, const char *dir, uint32_t owner, uint32_t reader,
                     const struct dev_node *nodes, unsigned int n)
{
    struct xs_perm perms[2] = {
        { .domid = (uint16_t)owner, .access = XS_PERM_NONE },
        { .domid = (uint16_t)reader, .access = XS_PERM_READ },
    };
    int rc = xs_rm(xl->xs, tx, dir);

    if (!rc || rc == -ENOENT)
        rc = xs_mkdir(xl->xs, tx, dir);
    if (!rc)
        rc = xs_set_perms(xl->xs, tx, dir, perms, owner == reader ? 1 : 2);
    for (unsigned int i = 0; !rc && i < n; i++)
        rc = write_node(xl, tx, dir, nodes[i].key, nodes[i].value);
    return rc;
}

static int write_ends(struct xl *xl, xs_tx_t tx, const struct device *d,
                      const struct dev_node *back, unsigned int n_back,
                      const struct dev_node *front, unsigned int n_front)
{
    char bpath[DEV_PATH_MAX], fpath[DEV_PATH_MAX], lpath[DEV_PATH_MAX], id[16];
    int rc;

    dev_backend_path(d, bpath, sizeof(bpath));
    dev_frontend_path(d, fpath, sizeof(fpath));
    dev_libxl_path(d, lpath, sizeof(lpath));
    snprintf(id, sizeof(id), "%u", d->backend_domid);
    rc = write_dir(xl, tx, lpath, 0, 0, back, n_back);
    if (!rc)
        rc = write_node(xl, tx, lpath, "frontend", fpath);
    if (!rc)
        rc = write_node(xl, tx, lpath, "backend", bpath);
    if (!rc)
        rc = write_dir(xl, tx, fpath, d->domid, d->backend_domid, front, n_front);
    if (!rc)
        rc = write_node(xl, tx, fpath, "backend", bpath);
    if (!rc)
        rc = write_node(xl, tx, fpath, "backend-id", id);
    if (!rc)
        rc = write_dir(xl, tx, bpath, d->backend_domid, d->domid, back, n_back);
    if (!rc)
        rc = write_node(xl, tx, bpath, "frontend", fpath);
    return rc;
}

int dev_write(struct xl *xl, const struct device *d, const struct dev_node *back,
              unsigned int n_back, const struct dev_node *front, unsigned int n_front)
{
    int rc;

    do {
        xs_tx_t tx;
        int body;

        rc = xs_tx_start(xl->xs, &tx);
        if (rc)
            return rc;
        body = write_ends(xl, tx, d, back, n_back, front, n_front);
        rc = xs_tx_end(xl->xs, tx, body == 0);
        if (body)
            return body;
    } while (rc == -EAGAIN);
    return rc;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Throws away what is queued for a watch that has been removed. */
static void drain_events(struct xl *xl)
{
    char *path, *token;

    while (!xs_poll_event(xl->xs, &path, &token))
        free(path);
}

/*
 * Whether Linux's device for a back end in this domain has WHAT: "" is the device itself, "/driver"
 * the driver that is bound to it. True if that cannot be known.
 */
static bool backend_has(const struct device *d, const char *what)
{
    char path[128];

    if (d->backend_domid || access(BACKEND_BUS, F_OK))
        return true;
    snprintf(path, sizeof(path), BACKEND_BUS "/devices/%s-%u-%u%s", d->kind, d->domid, d->devid,
             what);
    return access(path, F_OK) == 0;
}

int dev_wait_state(struct xl *xl, const struct device *d, int wanted, int timeout_ms)
{
    char path[DEV_PATH_MAX + 8];
    int64_t end = now_ms() + timeout_ms;
    int rc;

    dev_backend_path(d, path, sizeof(path));
    strcat(path, "/state");
    rc = xs_watch(xl->xs, path, "state");
    if (rc)
        return rc;
    for (;;) {
        char *event, *token, *value;
        int64_t left = end - now_ms();
        int state;

        rc = xs_read(xl->xs, XS_NO_TX, path, &value, NULL);
        if (rc == -ENOENT) {
            rc = wanted == XenbusStateClosed ? 0 : -ENODEV;
            break;
        }
        if (rc)
            break;
        state = atoi(value);
        free(value);
        /* Told to close before its driver had it: no driver will take it any more. */
        if (wanted == XenbusStateClosed && !backend_has(d, "/driver"))
            break;
        if (state == wanted || (wanted == XenbusStateInitWait && state > wanted &&
                                state < XenbusStateClosing))
            break;
        if (left <= 0) {
            rc = -ETIMEDOUT;
            break;
        }
        rc = xs_next_event(xl->xs, (int)left, &event, &token);
        if (!rc)
            free(event);
        else if (rc != -EAGAIN)
            break;
    }
    xs_unwatch(xl->xs, path, "state");
    drain_events(xl);
    return rc;
}

/* Tells the back end that the device goes away. */
static void start_closing(struct xl *xl, const struct device *d)
{
    char path[DEV_PATH_MAX];
    xs_tx_t tx;
    int rc;

    dev_backend_path(d, path, sizeof(path));
    do {
        long long state;

        if (xs_tx_start(xl->xs, &tx))
            return;
        state = xs_number(xl->xs, 0, "%s/state", path);
        /* Nothing there: do not make an empty device. */
        if (!state) {
            xs_tx_end(xl->xs, tx, false);
            return;
        }
        write_node(xl, tx, path, "online", "0");
        if (state != XenbusStateClosed)
            write_node(xl, tx, path, "state", "5");
        rc = xs_tx_end(xl->xs, tx, true);
    } while (rc == -EAGAIN);
}

static void remove_ends(struct xl *xl, const struct device *d)
{
    char path[DEV_PATH_MAX];

    dev_frontend_path(d, path, sizeof(path));
    xs_rm(xl->xs, XS_NO_TX, path);
    dev_backend_path(d, path, sizeof(path));
    xs_rm(xl->xs, XS_NO_TX, path);
}

/* Last: until then the device is in use, and nobody else gets what is behind it. */
static void remove_trusted(struct xl *xl, const struct device *d)
{
    char path[DEV_PATH_MAX];

    dev_libxl_path(d, path, sizeof(path));
    xs_rm(xl->xs, XS_NO_TX, path);
}

/*
 * Linux notes errors of back ends in its own part of the store and never removes them. A device
 * that it was about to take when the nodes went has one, too: that is waited for.
 */
static void remove_errors(struct xl *xl, const struct device *d)
{
    struct timespec pause = { .tv_nsec = GONE_STEP_MS * 1000000L };
    char path[DEV_PATH_MAX];

    for (int waited = 0; !d->backend_domid && waited < GONE_TIMEOUT_MS && backend_has(d, "");
         waited += GONE_STEP_MS)
        nanosleep(&pause, NULL);
    snprintf(path, sizeof(path), "/local/domain/%u/error/backend/%s/%u", d->backend_domid, d->kind,
             d->domid);
    store_remove_upwards(xl, path, 3);
}

/* Without its front end, a back end lets go at once. */
static void remove_frontend(struct xl *xl, const struct device *d)
{
    char path[DEV_PATH_MAX];

    dev_frontend_path(d, path, sizeof(path));
    xs_rm(xl->xs, XS_NO_TX, path);
}

int dev_remove(struct xl *xl, const struct device *d, bool force)
{
    int rc;

    start_closing(xl, d);
    if (force)
        remove_frontend(xl, d);
    rc = dev_wait_state(xl, d, XenbusStateClosed, REMOVE_TIMEOUT_MS);
    if (rc && !force)
        return rc;
    dev_run_remove_script(xl, d);
    remove_ends(xl, d);
    remove_errors(xl, d);
    remove_trusted(xl, d);
    return 0;
}

/* One kind's devices appended to *LIST. */
static int list_kind(struct xl *xl, uint32_t domid, const char *kind, struct device **list,
                     int count)
{
    char path[128], **ids;
    unsigned int n;

    snprintf(path, sizeof(path), "/libxl/%u/device/%s", domid, kind);
    if (xs_list(xl->xs, XS_NO_TX, path, &ids, &n))
        return count;
    for (unsigned int i = 0; i < n; i++) {
        struct device *grown = realloc(*list, ((size_t)count + 1) * sizeof(*grown));
        unsigned int backend = 0;
        unsigned long devid;
        char *back;

        if (!grown)
            break;
        *list = grown;
        if (xl_parse_uint(ids[i], UINT32_MAX, &devid))
            continue;
        back = xs_string(xl->xs, "%s/%s/backend", path, ids[i]);
        if (back)
            sscanf(back, "/local/domain/%u/", &backend);
        free(back);
        grown[count++] = (struct device){
            .domid = domid, .backend_domid = backend, .devid = (uint32_t)devid, .kind = kind,
        };
    }
    free(ids);
    return count;
}

int dev_list(struct xl *xl, uint32_t domid, const char *kind, struct device **list)
{
    *list = NULL;
    if (kind)
        return list_kind(xl, domid, kind, list, 0);
    return list_kind(xl, domid, "vif", list, list_kind(xl, domid, "vbd", list, 0));
}

char *dev_error(struct xl *xl, const struct device *d)
{
    return xs_string(xl->xs, "/local/domain/%u/error/backend/%s/%u/%u/error", d->backend_domid,
                     d->kind, d->domid, d->devid);
}

/* All back ends are told first and waited for afterwards, so they close side by side. */
void dev_remove_all(struct xl *xl, uint32_t domid)
{
    struct device *list;
    int n = dev_list(xl, domid, NULL, &list);

    for (int i = 0; i < n; i++) {
        start_closing(xl, &list[i]);
        remove_frontend(xl, &list[i]);
    }
    for (int i = 0; i < n; i++) {
        if (dev_wait_state(xl, &list[i], XenbusStateClosed, REMOVE_TIMEOUT_MS))
            xl_error("domain %u: %s %u did not close in %d seconds, removed all the same", domid,
                     list[i].kind, list[i].devid, REMOVE_TIMEOUT_MS / 1000);
        dev_run_remove_script(xl, &list[i]);
        remove_ends(xl, &list[i]);
    }
    for (int i = 0; i < n; i++) {
        remove_errors(xl, &list[i]);
        remove_trusted(xl, &list[i]);
    }
    free(list);
}
