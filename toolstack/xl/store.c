/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's own nodes in the store (xenstore-paths.7): /local/domain/N, /vm/UUID and the trusted
 * /libxl/N, with the permissions that xl 4.17 gives them. Written in two transactions: before the
 * build, so that the name is taken, and after it, when the rings exist. And what a running guest
 * is asked through control/.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "xl.h"

#define CONSOLE_LIMIT 1048576  /* bytes of output that xenconsoled keeps for a guest */

/* One transaction with its first error. */
struct writer {
    struct xs *xs;
    xs_tx_t tx;
    int rc;
};

static void put(struct writer *w, const char *dir, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void put(struct writer *w, const char *dir, const char *key, const char *fmt, ...)
{
    char path[512], value[2048];
    va_list ap;

    if (w->rc)
        return;
    snprintf(path, sizeof(path), "%s/%s", dir, key);
    va_start(ap, fmt);
    vsnprintf(value, sizeof(value), fmt, ap);
    va_end(ap);
    w->rc = xs_write(w->xs, w->tx, path, value, strlen(value));
}

/* Makes DIR, owned by OWNER; READER may read it. What is made below inherits that. */
static void make_dir(struct writer *w, const char *dir, uint32_t owner, uint32_t reader)
{
    struct xs_perm perms[2] = {
        { .domid = (uint16_t)owner, .access = XS_PERM_NONE },
        { .domid = (uint16_t)reader, .access = XS_PERM_READ },
    };

    if (!w->rc)
        w->rc = xs_mkdir(w->xs, w->tx, dir);
    if (!w->rc)
        w->rc = xs_set_perms(w->xs, w->tx, dir, perms, owner == reader ? 1 : 2);
}

/* Nodes that the guest itself may write. */
static void make_guest_dirs(struct writer *w, const char *dom, uint32_t domid, bool suspend)
{
    static const char *const dirs[] = {
        "control/shutdown", "control/feature-poweroff", "control/feature-reboot",
        "control/feature-suspend", "control/sysrq", "data", "drivers", "feature", "attr", "error",
        "device/suspend/event-channel",
    };
    size_t count = sizeof(dirs) / sizeof(dirs[0]) - (suspend ? 0 : 1);
    char path[512];

    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", dom, dirs[i]);
        make_dir(w, path, domid, domid);
    }
}

static void write_domain(struct writer *w, const struct guest *g, const char *dom,
                         const char *uuid)
{
    char key[64], value[64];

    snprintf(value, sizeof(value), "/vm/%s", uuid);
    put(w, dom, "vm", "%s", value);
    put(w, dom, "name", "%s", g->cfg.name);
    put(w, dom, "domid", "%u", g->domid);
    for (unsigned int i = 0; i < g->cfg.maxvcpus; i++) {
        snprintf(key, sizeof(key), "cpu/%u/availability", i);
        put(w, dom, key, "%s", i < g->cfg.vcpus ? "online" : "offline");
    }
    put(w, dom, "memory/static-max", "%llu", (unsigned long long)g->cfg.maxmem_kib);
    put(w, dom, "memory/target", "%llu", (unsigned long long)g->cfg.memory_kib);
    put(w, dom, "memory/videoram", "0");
    put(w, dom, "control/platform-feature-multiprocessor-suspend", "1");
    put(w, dom, "control/platform-feature-xs_reset_watches", "1");
}

static void write_vm(struct writer *w, const struct guest *g, const char *vm, const char *uuid)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    put(w, vm, "name", "%s", g->cfg.name);
    put(w, vm, "uuid", "%s", uuid);
    put(w, vm, "image/ostype", "linux");
    put(w, vm, "image/kernel", "%s", g->cfg.kernel);
    if (g->cfg.ramdisk)
        put(w, vm, "image/ramdisk", "%s", g->cfg.ramdisk);
    put(w, vm, "image/cmdline", "%s", g->cfg.cmdline);
    put(w, vm, "start_time", "%lld.%02d", (long long)now.tv_sec, (int)(now.tv_usec / 10000));
}

static void write_all(struct writer *w, const struct guest *g)
{
    char dom[64], vm[64], libxl[64], path[128], uuid[37];

    uuid_print(g->uuid, uuid);
    snprintf(dom, sizeof(dom), "/local/domain/%u", g->domid);
    snprintf(vm, sizeof(vm), "/vm/%s", uuid);
    snprintf(libxl, sizeof(libxl), "/libxl/%u", g->domid);
    w->rc = xs_rm(w->xs, w->tx, dom);
    if (w->rc == -ENOENT)
        w->rc = 0;
    if (!w->rc && (w->rc = xs_rm(w->xs, w->tx, libxl)) == -ENOENT)
        w->rc = 0;
    make_dir(w, dom, 0, g->domid);
    make_dir(w, vm, 0, g->domid);
    make_dir(w, libxl, 0, 0);
    snprintf(path, sizeof(path), "%s/device", libxl);
    make_dir(w, path, 0, 0);
    write_domain(w, g, dom, uuid);
    make_guest_dirs(w, dom, g->domid, !g->cfg.suspend_evtchn_compat);
    write_vm(w, g, vm, uuid);
    put(w, libxl, "type", "pv");
    put(w, libxl, "dm-version", "qemu_xen");
}

/* Runs FN in a transaction until it commits. */
static int transact(struct xl *xl, const struct guest *g,
                    void (*fn)(struct writer *, const struct guest *))
{
    int rc;

    do {
        struct writer w = { .xs = xl->xs };

        rc = xs_tx_start(xl->xs, &w.tx);
        if (rc)
            return rc;
        fn(&w, g);
        rc = xs_tx_end(xl->xs, w.tx, w.rc == 0);
        if (w.rc)
            return w.rc;
    } while (rc == -EAGAIN);
    return rc;
}

int store_create(struct xl *xl, struct guest *g)
{
    int rc = transact(xl, g, write_all);

    if (rc)
        return guest_fail(g, rc, "the store refuses its nodes: %s", strerror(-rc));
    return 0;
}

/* Somebody may have destroyed the guest while it was built. */
static void check_there(struct writer *w, const struct guest *g)
{
    char path[64], *text;

    snprintf(path, sizeof(path), "/libxl/%u/ending", g->domid);
    if (!xs_read(w->xs, w->tx, path, &text, NULL)) {
        free(text);
        w->rc = -ESRCH;
        return;
    }
    snprintf(path, sizeof(path), "/libxl/%u/type", g->domid);
    w->rc = xs_read(w->xs, w->tx, path, &text, NULL);
    if (!w->rc)
        free(text);
}

static void write_console(struct writer *w, const struct guest *g)
{
    char console[64], store[64], back[64], libxl[64], path[128];

    check_there(w, g);
    snprintf(store, sizeof(store), "/local/domain/%u/store", g->domid);
    snprintf(console, sizeof(console), "/local/domain/%u/console", g->domid);
    snprintf(back, sizeof(back), "/local/domain/0/backend/console/%u/0", g->domid);
    snprintf(libxl, sizeof(libxl), "/libxl/%u/device/console/0", g->domid);
    put(w, store, "port", "%u", g->built.store_port);
    put(w, store, "ring-ref", "%llu", (unsigned long long)g->built.store_mfn);
    make_dir(w, back, 0, g->domid);
    make_dir(w, libxl, 0, 0);
    for (int i = 0; i < 2; i++) {
        const char *dir = i ? libxl : back;

        put(w, dir, "frontend", "%s", console);
        if (i)
            put(w, dir, "backend", "%s", back);
        put(w, dir, "frontend-id", "%u", g->domid);
        put(w, dir, "online", "1");
        put(w, dir, "state", "1");
        put(w, dir, "protocol", "vt100");
    }
    put(w, console, "backend", "%s", back);
    put(w, console, "backend-id", "0");
    put(w, console, "limit", "%d", CONSOLE_LIMIT);
    put(w, console, "type", "xenconsoled");
    put(w, console, "output", "pty");
    put(w, console, "tty", "%s", "");
    put(w, console, "port", "%u", g->built.console_port);
    put(w, console, "ring-ref", "%llu", (unsigned long long)g->built.console_mfn);
    snprintf(path, sizeof(path), "%s/backend-id", console);
    make_dir(w, path, g->domid, 0);
}

int store_finish(struct xl *xl, struct guest *g)
{
    int rc = transact(xl, g, write_console);

    if (rc)
        return guest_fail(g, rc, "the store refuses the console's nodes: %s", strerror(-rc));
    rc = xs_introduce(xl->xs, g->domid, g->built.store_mfn, g->built.store_port);
    if (rc)
        return guest_fail(g, rc, "the store cannot connect to the guest: %s", strerror(-rc));
    return 0;
}

static void remove_path(struct xl *xl, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void remove_path(struct xl *xl, const char *fmt, ...)
{
    char path[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    xs_rm(xl->xs, XS_NO_TX, path);
}

/* Removes PATH, and the folders above it, LEVELS of them, as long as they are empty then. */
static void remove_levels(struct xl *xl, xs_tx_t tx, char *path, int levels)
{
    xs_rm(xl->xs, tx, path);
    while (levels--) {
        char **names;
        unsigned int n;

        *strrchr(path, '/') = '\0';
        if (xs_list(xl->xs, tx, path, &names, &n))
            return;
        free(names);
        if (n)
            return;
        xs_rm(xl->xs, tx, path);
    }
}

void store_remove_upwards(struct xl *xl, const char *path, int levels)
{
    xs_tx_t tx;

    do {
        char copy[256];

        snprintf(copy, sizeof(copy), "%s", path);
        if (xs_tx_start(xl->xs, &tx))
            return;
        remove_levels(xl, tx, copy, levels);
    } while (xs_tx_end(xl->xs, tx, true) == -EAGAIN);
}

void store_remove(struct xl *xl, uint32_t domid, const uint8_t uuid[16])
{
    static const char *const kinds[] = { "console", "vbd", "vif" };
    char text[37], path[64];

    uuid_print(uuid, text);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", kinds[i], domid);
        store_remove_upwards(xl, path, 2);
    }
    remove_path(xl, "/local/domain/%u", domid);
    remove_path(xl, "/vm/%s", text);
    remove_path(xl, "/libxl/%u", domid);
}

int store_set(struct xl *xl, const char *guard, const char *path, const char *value)
{
    int rc;

    do {
        char *there;
        xs_tx_t tx;

        rc = xs_tx_start(xl->xs, &tx);
        if (rc)
            return rc;
        rc = xs_read(xl->xs, tx, guard, &there, NULL);
        if (!rc) {
            free(there);
            rc = xs_write(xl->xs, tx, path, value, strlen(value));
        }
        if (rc) {
            xs_tx_end(xl->xs, tx, false);
            return rc;
        }
        rc = xs_tx_end(xl->xs, tx, true);
    } while (rc == -EAGAIN);
    return rc;
}

int store_set_guest(struct xl *xl, uint32_t domid, const char *key, const char *value)
{
    char guard[64], path[128];

    snprintf(guard, sizeof(guard), "/local/domain/%u", domid);
    snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, key);
    return store_set(xl, guard, path, value);
}

int store_rename(struct xl *xl, uint32_t domid, const char *name)
{
    char path[128], *vm = xs_string(xl->xs, "/local/domain/%u/vm", domid);
    int rc = store_set_guest(xl, domid, "name", name);

    if (!rc && vm && !strncmp(vm, "/vm/", 4) && strlen(vm) < 64) {
        snprintf(path, sizeof(path), "%s/name", vm);
        rc = store_set(xl, path, path, name);
    }
    free(vm);
    return rc;
}

bool store_ending(struct xl *xl, uint32_t domid)
{
    char *text = xs_string(xl->xs, "/libxl/%u/ending", domid);
    bool ending = text != NULL;

    free(text);
    return ending;
}

bool guest_can(struct xl *xl, uint32_t domid, const char *what)
{
    char *text = xs_string(xl->xs, "/local/domain/%u/control/feature-%s", domid, what);
    bool can = text && !strcmp(text, "1");

    free(text);
    return can;
}

int guest_ask(struct xl *xl, uint32_t domid, const char *what)
{
    return store_set_guest(xl, domid, "control/shutdown", what);
}
