/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 'xl list -l': each domain's saved configuration as JSON, with the names and the order of xl 4.17.
 * Called by cmd_list.c.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "libjson/json.h"
#include "list.h"

/* A tiny JSON writer: keeps the depth and whether a comma is due. */
struct json {
    int depth;
    bool first[16];
};

static void indent(const struct json *j)
{
    for (int i = 0; i < j->depth; i++)
        fputs("    ", stdout);
}

static void next_item(struct json *j)
{
    if (!j->first[j->depth])
        putchar(',');
    j->first[j->depth] = false;
    if (j->depth)
        putchar('\n');
    indent(j);
}

static void key(struct json *j, const char *name)
{
    next_item(j);
    if (name) {
        json_text(name);
        fputs(": ", stdout);
    }
}

static void open_group(struct json *j, const char *name, char bracket)
{
    key(j, name);
    putchar(bracket);
    j->depth++;
    j->first[j->depth] = true;
}

static void close_group(struct json *j, char bracket)
{
    j->depth--;
    putchar('\n');
    indent(j);
    putchar(bracket);
}

static void put_string(struct json *j, const char *name, const char *value)
{
    if (!value)
        return;
    key(j, name);
    json_text(value);
}

static void put_number(struct json *j, const char *name, unsigned long long value)
{
    key(j, name);
    printf("%llu", value);
}

static void empty_group(struct json *j, const char *name)
{
    key(j, name);
    fputs("{\n\n", stdout);
    indent(j);
    putchar('}');
}

static void put_sched(struct xl *xl, struct json *j, const dominfo_t *d)
{
    struct xen_domctl_sched_credit2 p;
    uint32_t sched;

    if (xl_pool_sched(xl, d->cpupool, &sched) || hv_sched_get(&xl->hv, d->domain, sched, &p))
        return;
    open_group(j, "sched_params", '{');
    put_string(j, "sched", hv_sched_name(sched));
    put_number(j, "weight", p.weight);
    put_number(j, "cap", p.cap);
    close_group(j, '}');
}

static void put_build(struct xl *xl, struct json *j, const dominfo_t *d,
                      const struct guest_config *g)
{
    long long max = xs_number(xl->xs, 0, "/local/domain/%u/memory/static-max", d->domain);
    long long target = xs_number(xl->xs, 0, "/local/domain/%u/memory/target", d->domain);

    open_group(j, "b_info", '{');
    if (g) {
        put_number(j, "max_vcpus", g->maxvcpus);
        open_group(j, "avail_vcpus", '[');
        for (unsigned int v = 0; v < g->vcpus; v++)
            put_number(j, NULL, v);
        close_group(j, ']');
    }
    put_number(j, "max_memkb", (unsigned long long)max);
    put_number(j, "target_memkb", (unsigned long long)target);
    if (g)
        put_number(j, "video_memkb", 0);
    put_sched(xl, j, d);
    if (g) {
        put_string(j, "claim_mode", "True");
        put_string(j, "kernel", g->kernel);
        put_string(j, "cmdline", g->cmdline);
        put_string(j, "ramdisk", g->ramdisk);
    }
    empty_group(j, "type.pv");
    empty_group(j, "arch_arm");
    if (g) {
        open_group(j, "arch_x86", '{');
        put_string(j, "msr_relaxed", g->msr_relaxed ? "True" : "False");
        close_group(j, '}');
    } else {
        empty_group(j, "arch_x86");
    }
    close_group(j, '}');
}

static void put_disk(struct json *j, const struct disk_spec *d)
{
    open_group(j, NULL, '{');
    put_string(j, "pdev_path", d->target);
    put_string(j, "vdev", d->vdev);
    put_string(j, "format", disk_format_name(d->format));
    put_string(j, "script", d->script);
    if (d->cdrom)
        put_number(j, "is_cdrom", 1);
    if (d->readwrite)
        put_number(j, "readwrite", 1);
    put_string(j, "colo_restore_enable", "False");
    close_group(j, '}');
}

static void put_vif(struct json *j, const struct vif_spec *v)
{
    char mac[18];

    mac_print(v->mac, mac);
    open_group(j, NULL, '{');
    put_number(j, "devid", (unsigned long long)v->devid);
    put_string(j, "mac", mac);
    put_string(j, "bridge", v->bridge);
    put_string(j, "ip", v->ip);
    put_string(j, "script", v->script);
    put_string(j, "nictype", "vif");
    put_string(j, "ifname", v->vifname);
    if (v->rate_bytes) {
        put_number(j, "rate_bytes_per_interval", v->rate_bytes);
        put_number(j, "rate_interval_usecs", v->rate_usecs);
    }
    close_group(j, '}');
}

static void put_devices(struct json *j, const struct guest_config *g)
{
    if (g->disks) {
        open_group(j, "disks", '[');
        for (unsigned int i = 0; i < g->disks; i++)
            put_disk(j, &g->disk[i]);
        close_group(j, ']');
    }
    if (g->vifs) {
        open_group(j, "nics", '[');
        for (unsigned int i = 0; i < g->vifs; i++)
            put_vif(j, &g->vif[i]);
        close_group(j, ']');
    }
}

/* The defaults of libxl are not printed; "soft_reset" has its own spelling there. */
static void put_action(struct json *j, const char *name, enum guest_action a,
                       enum guest_action standard)
{
    char text[32];

    if (a == standard)
        return;
    snprintf(text, sizeof(text), "%s", guest_action_name(a));
    for (char *p = text; *p; p++)
        if (*p == '-')
            *p = '_';
    put_string(j, name, text);
}

static void put_domain(struct xl *xl, struct json *j, const dominfo_t *d,
                       const struct guest_config *g)
{
    char name[256], uuid[37];

    xl_domain_name(xl, d->domain, name, sizeof(name));
    uuid_print(d->handle, uuid);
    open_group(j, NULL, '{');
    put_number(j, "domid", d->domain);
    open_group(j, "config", '{');
    open_group(j, "c_info", '{');
    put_string(j, "type", d->flags & XEN_DOMINF_hvm_guest ? "hvm" : "pv");
    put_string(j, "name", name);
    if (g) {
        put_number(j, "domid", UINT32_MAX);
        put_string(j, "uuid", uuid);
        put_string(j, "run_hotplug_scripts", "True");
        put_string(j, "pool_name", g->pool);
    }
    close_group(j, '}');
    put_build(xl, j, d, g);
    if (g) {
        put_devices(j, g);
        put_action(j, "on_poweroff", g->on_poweroff, ACTION_DESTROY);
        put_action(j, "on_reboot", g->on_reboot, ACTION_DESTROY);
        put_action(j, "on_watchdog", g->on_watchdog, ACTION_DESTROY);
        put_action(j, "on_crash", g->on_crash, ACTION_DESTROY);
        put_action(j, "on_soft_reset", g->on_soft_reset, ACTION_DESTROY);
    }
    close_group(j, '}');
    close_group(j, '}');
}

int list_json(struct xl *xl, const dominfo_t *list, int n)
{
    struct json j = { .first = { true } };

    open_group(&j, NULL, '[');
    for (int i = 0; i < n; i++) {
        struct cfg_log log = { .warn = NULL };
        struct guest_config g;
        struct cfg tree;
        bool known = !userdata_load(list[i].domain, list[i].handle, &tree, &log);

        known = known && !guest_config_read(&tree, &g, &log);
        put_domain(xl, &j, &list[i], known ? &g : NULL);
        if (known)
            guest_config_free(&g);
        cfg_free(&tree);
    }
    close_group(&j, ']');
    printf("\n\n");
    return EXIT_SUCCESS;
}
