/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration of a running guest, kept as xl.cfg text in
 * /var/lib/xen/userdata-d.DOMID.UUID.xl: what its restart, 'xl list -l' and 'xl config-update' work
 * from. Identifiers that were made up at the first start are written in, so that they stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xl.h"

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

/*
 * The text of an interface with its number and address in front, so that both stay when another
 * interface is taken away.
 */
static int fix_vif(struct cfg_value *v, const struct vif_spec *vif)
{
    char number[24] = "", mac[24] = "", address[18], *text;

    mac_print(vif->mac, address);
    if (!strstr(v->text, "devid="))
        snprintf(number, sizeof(number), "devid=%d,", vif->devid);
    if (!strstr(v->text, "mac="))
        snprintf(mac, sizeof(mac), "mac=%s,", address);
    if (asprintf(&text, "%s%s%s", number, mac, v->text) < 0)
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
