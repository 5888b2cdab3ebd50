/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration of a running guest, kept as xl.cfg text in
 * /var/lib/xen/userdata-d.DOMID.UUID.xl: what its restart, 'xl list -l' and 'xl config-update' work
 * from. What may change at any time (name, memory, CPUs) is not kept here but asked for when it is
 * needed. Changes are made under the lock of all xl runs. Identifiers that were made up at the first start are written in, so that they stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xl.h"

#define DEFAULT_WEIGHT 256   /* of credit and credit2 */

static void userdata_path(uint32_t domid, const uint8_t uuid[16], char *out, size_t size)
{
    char text[37];

    uuid_print(uuid, text);
    snprintf(out, size, XL_LIB_DIR "/userdata-d.%u.%s.xl", domid, text);
}

char *userdata_text(const struct cfg *tree)
{
    char *settings = cfg_print(tree), *text = NULL;

    if (settings && asprintf(&text, "# %s\n%s", tree->file, settings) < 0)
        text = NULL;
    free(settings);
    return text;
}

int userdata_store(uint32_t domid, const uint8_t uuid[16], const struct cfg *tree)
{
    char path[PATH_MAX], temp[PATH_MAX + 4], *text = userdata_text(tree);
    FILE *f;
    int rc = 0;

    if (!text)
        return -ENOMEM;
    mkdir(XL_LIB_DIR, 0755);
    userdata_path(domid, uuid, path, sizeof(path));
    snprintf(temp, sizeof(temp), "%s.new", path);
    f = fopen(temp, "we");
    if (!f || fputs(text, f) < 0)
        rc = -errno;
    if (f && fclose(f) && !rc)
        rc = -errno;
    if (!rc && rename(temp, path))
        rc = -errno;
    if (rc)
        unlink(temp);
    free(text);
    return rc;
}

int userdata_save(const struct guest *g)
{
    return userdata_store(g->domid, g->uuid, &g->tree);
}

/* The first line holds the file that the settings came from; relative paths depend on it. */
static void take_origin(struct cfg *tree, const char *text)
{
    size_t len = strcspn(text, "\n");
    char *file;

    if (strncmp(text, "# ", 2) || !(file = strndup(text + 2, len - 2)))
        return;
    free(tree->file);
    tree->file = file;
    for (unsigned int i = 0; i < tree->entries; i++)
        tree->entry[i].file = file;
}

int userdata_parse(struct cfg *tree, const char *name, const char *text, struct cfg_log *log)
{
    int rc = cfg_parse(tree, name, text, strlen(text), log);

    if (!rc)
        take_origin(tree, text);
    return rc;
}

int userdata_load(uint32_t domid, const uint8_t uuid[16], struct cfg *tree, struct cfg_log *log)
{
    char path[PATH_MAX], line[PATH_MAX];
    FILE *f;
    int rc;

    userdata_path(domid, uuid, path, sizeof(path));
    rc = cfg_load(tree, path, log);
    f = rc ? NULL : fopen(path, "re");
    if (f && fgets(line, sizeof(line), f))
        take_origin(tree, line);
    if (f)
        fclose(f);
    return rc;
}

void userdata_remove(uint32_t domid, const uint8_t uuid[16])
{
    char path[PATH_MAX];

    userdata_path(domid, uuid, path, sizeof(path));
    unlink(path);
}

/* Whether TEXT, KEY=VALUE between commas, has KEY. */
static bool has_key(const char *text, const char *key)
{
    size_t len = strlen(key);

    while (text) {
        text += strspn(text, " \t,");
        if (!strncmp(text, key, len) && text[len + strspn(text + len, " \t")] == '=')
            return true;
        text = strchr(text, ',');
    }
    return false;
}

char *userdata_vif(const char *text, const struct vif_spec *vif)
{
    char number[24] = "", mac[24] = "", address[18], *fixed;

    mac_print(vif->mac, address);
    if (!has_key(text, "devid"))
        snprintf(number, sizeof(number), "devid=%d,", vif->devid);
    if (!has_key(text, "mac"))
        snprintf(mac, sizeof(mac), "mac=%s,", address);
    return asprintf(&fixed, "%s%s%s", number, mac, text) < 0 ? NULL : fixed;
}

static int fix_vif(struct cfg_value *v, const struct vif_spec *vif)
{
    char *text = userdata_vif(v->text, vif);

    if (!text)
        return -ENOMEM;
    free(v->text);
    v->text = text;
    return 0;
}

int userdata_fix(struct guest *g)
{
    const struct cfg_entry *e = cfg_find(&g->tree, "vif");
    struct cfg_log log = { .warn = NULL };
    char uuid[37], text[64];
    int rc = 0;

    for (unsigned int i = 0; !rc && e && i < e->value->items && i < g->cfg.vifs; i++)
        rc = fix_vif(e->value->item[i], &g->cfg.vif[i]);
    if (rc || g->cfg.has_uuid)
        return rc;
    uuid_print(g->uuid, uuid);
    snprintf(text, sizeof(text), "uuid = \"%s\"", uuid);
    return cfg_add(&g->tree, text, &log);
}

/* True if list entry TEXT of KEY describes device DEVID. */
static bool describes(const char *key, const char *text, uint32_t devid, uint32_t position)
{
    struct cfg_log log = { .warn = NULL };
    struct disk_spec disk;
    struct vif_spec vif;
    bool same = false;

    if (!strcmp(key, "disk")) {
        if (disk_parse(&disk, text, "", 0, &log))
            return false;
        same = disk.devid == devid;
        disk_free(&disk);
    } else {
        if (vif_parse(&vif, text, "", 0, &log))
            return false;
        same = vif.devid >= 0 ? (uint32_t)vif.devid == devid : position == devid;
        vif_free(&vif);
    }
    return same;
}

static void remove_device(struct cfg *tree, const char *key, uint32_t devid)
{
    const struct cfg_entry *e = cfg_find(tree, key);

    for (unsigned int i = 0; e && i < e->value->items; i++) {
        struct cfg_value *v = e->value->item[i];

        if (v->kind != CFG_STRING || !describes(key, v->text, devid, i))
            continue;
        free(v->text);
        free(v);
        memmove(&e->value->item[i], &e->value->item[i + 1],
                (e->value->items - i - 1) * sizeof(v));
        e->value->items--;
        return;
    }
}

void userdata_device(struct xl *xl, uint32_t domid, const char *key, const char *spec,
                     uint32_t devid)
{
    struct cfg_log log = { .warn = NULL };
    struct cfg tree;
    dominfo_t info;
    char *text;

    if (hv_domain_info(&xl->hv, domid, &info) ||
        userdata_load(domid, info.handle, &tree, &log)) {
        return;
    }
    if (!spec) {
        remove_device(&tree, key, devid);
        userdata_store(domid, info.handle, &tree);
    } else if (asprintf(&text, "%s += [ \"%s\" ]", key, spec) >= 0) {
        if (!cfg_add(&tree, text, &log))
            userdata_store(domid, info.handle, &tree);
        free(text);
    }
    cfg_free(&tree);
}

void userdata_forget(struct xl *xl, uint32_t domid, const char *key, uint32_t devid)
{
    int lock = xl_lock();

    if (lock >= 0)
        userdata_device(xl, domid, key, NULL, devid);
    xl_unlock(lock);
}

/* Replaces a setting by a number. */
static int set_number(struct cfg *tree, const char *key, unsigned long long value,
                      struct cfg_log *log)
{
    char text[64];

    snprintf(text, sizeof(text), "%s = %llu", key, value);
    return cfg_add(tree, text, log);
}

static int take_memory(struct xl *xl, uint32_t domid, struct cfg *tree, const struct guest_config *c,
                       struct cfg_log *log)
{
    long long target = xs_number(xl->xs, 0, "/local/domain/%u/memory/target", domid);
    int rc;

    if (target <= 0 || (uint64_t)target == c->memory_kib)
        return 0;
    rc = set_number(tree, "maxmem", (c->maxmem_kib + 1023) >> 10, log);
    return rc ? rc : set_number(tree, "memory", ((uint64_t)target + 1023) >> 10, log);
}

static int take_vcpus(struct xl *xl, uint32_t domid, struct cfg *tree, const struct guest_config *c,
                      struct cfg_log *log)
{
    unsigned int online = 0;
    int rc;

    for (unsigned int v = 0; v < c->maxvcpus; v++) {
        char *text = xs_string(xl->xs, "/local/domain/%u/cpu/%u/availability", domid, v);

        online += text && !strcmp(text, "online");
        free(text);
    }
    if (!online || online == c->vcpus)
        return 0;
    rc = set_number(tree, "maxvcpus", c->maxvcpus, log);
    return rc ? rc : set_number(tree, "vcpus", online, log);
}

static int take_sched(struct xl *xl, uint32_t domid, struct cfg *tree, const struct guest_config *c,
                      struct cfg_log *log)
{
    struct xen_domctl_sched_credit2 p;
    dominfo_t info;
    uint32_t sched;
    int rc = 0;

    if (hv_domain_info(&xl->hv, domid, &info) || xl_pool_sched(xl, info.cpupool, &sched) ||
        (sched != XEN_SCHEDULER_CREDIT && sched != XEN_SCHEDULER_CREDIT2) ||
        hv_sched_get(&xl->hv, domid, sched, &p))
        return 0;
    if (p.weight != (c->weight < 0 ? DEFAULT_WEIGHT : c->weight))
        rc = set_number(tree, "cpu_weight", p.weight, log);
    if (!rc && p.cap != (c->cap < 0 ? 0 : c->cap))
        rc = set_number(tree, "cap", p.cap, log);
    return rc;
}

static int take_name(struct xl *xl, uint32_t domid, struct cfg *tree, const struct guest_config *c,
                     struct cfg_log *log)
{
    char *name = xs_string(xl->xs, "/local/domain/%u/name", domid), *text;
    int rc = 0;

    if (name && *name && strcmp(name, c->name)) {
        rc = asprintf(&text, "name = \"%s\"", name) < 0 ? -ENOMEM : cfg_add(tree, text, log);
        if (rc != -ENOMEM)
            free(text);
    }
    free(name);
    return rc;
}

int userdata_current(struct xl *xl, uint32_t domid, struct cfg *tree, struct cfg_log *log)
{
    static int (*const parts[])(struct xl *, uint32_t, struct cfg *, const struct guest_config *,
                                struct cfg_log *) = {
        take_name, take_memory, take_vcpus, take_sched,
    };
    struct guest_config c;
    dominfo_t info;
    int rc = hv_domain_info(&xl->hv, domid, &info);

    *tree = (struct cfg){ .entries = 0 };
    if (rc)
        return cfg_fail(log, XL_LIB_DIR, 0, "domain %u is gone", domid);
    rc = userdata_load(domid, info.handle, tree, log);
    if (!rc)
        rc = guest_config_read(tree, &c, log);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
        rc = parts[i](xl, domid, tree, &c, log);
    guest_config_free(&c);
    return rc;
}
