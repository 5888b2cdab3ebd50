/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From settings to a checked struct guest_config: types, ranges, defaults and what depends on each
 * other. boot.c reads what the guest boots, devices.c its devices, cpuid.c its CPU features. Called
 * through cfg.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cfg.h"
#include "internal.h"

#define DEFAULT_MEMORY_MIB 128
#define MAX_MEMORY_MIB     (1LL << 24)

struct reader {
    const struct cfg *cfg;
    struct guest_config *g;
    struct cfg_log *log;
};

static int fail_at(struct reader *r, const struct cfg_entry *e, const char *what)
{
    return cfg_fail(r->log, e->file, e->line, "%s: %s", e->key, what);
}

/* A number in [LOW, HIGH]; *OUT is left alone if the key is absent. */
static int read_number(struct reader *r, const char *key, long long low, long long high,
                       long long *out)
{
    const struct cfg_entry *e = cfg_find(r->cfg, key);
    long long v;

    if (!e)
        return 0;
    v = e->value->kind == CFG_NUMBER ? e->value->number : strtoll(e->value->text, NULL, 0);
    if (v < low || v > high)
        return cfg_fail(r->log, e->file, e->line, "%s: %lld is not between %lld and %lld", key, v,
                        low, high);
    *out = v;
    return 0;
}

static int read_int(struct reader *r, const char *key, int low, int high, int *out)
{
    long long v = *out;
    int rc = read_number(r, key, low, high, &v);

    *out = (int)v;
    return rc;
}

static int read_bool(struct reader *r, const char *key, bool *out)
{
    long long v = *out;
    int rc = read_number(r, key, INT64_MIN, INT64_MAX, &v);

    *out = v != 0;
    return rc;
}

static int read_string(struct reader *r, const char *key, char **out)
{
    const struct cfg_entry *e = cfg_find(r->cfg, key);

    return e && e->value->kind == CFG_STRING ? set_string(out, e->value->text) : 0;
}

int path_resolve(const char *file, char **path)
{
    const char *slash = strrchr(file, '/');
    char *joined;

    if (**path == '/' || !slash)
        return 0;
    if (asprintf(&joined, "%.*s/%s", (int)(slash - file), file, *path) < 0)
        return -ENOMEM;
    free(*path);
    *path = joined;
    return 0;
}

static int parse_uuid(const char *text, uint8_t uuid[16])
{
    for (int i = 0; i < 16; i++) {
        unsigned int v;

        if (*text == '-')
            text++;
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
            sscanf(text, "%2x", &v) != 1)
            return -EINVAL;
        uuid[i] = (uint8_t)v;
        text += 2;
    }
    return *text ? -EINVAL : 0;
}

static int read_identity(struct reader *r)
{
    const struct cfg_entry *e = cfg_find(r->cfg, "name");
    struct guest_config *g = r->g;

    if (!e || !*e->value->text)
        return cfg_fail(r->log, r->cfg->file, 0, "the guest has no name: add name = \"...\"");
    g->name_line = e->line;
    if (strlen(e->value->text) > GUEST_NAME_MAX)
        return fail_at(r, e, "at most 64 characters");
    for (const char *p = e->value->text; *p; p++)
        if (!isgraph((unsigned char)*p) || *p == '/')
            return fail_at(r, e, "only visible characters without '/' and blanks");
    if (strspn(e->value->text, "0123456789") == strlen(e->value->text))
        return fail_at(r, e, "a name of digits only would be taken for a domain number");
    snprintf(g->name, sizeof(g->name), "%s", e->value->text);
    e = cfg_find(r->cfg, "uuid");
    if (e && parse_uuid(e->value->text, g->uuid))
        return fail_at(r, e, "expected 32 hexadecimal digits with hyphens");
    g->has_uuid = e != NULL;
    return 0;
}

static int read_type(struct reader *r)
{
    const struct cfg_entry *e = cfg_find(r->cfg, "type");

    if (!e)
        e = cfg_find(r->cfg, "builder");
    if (!e)
        return 0;
    if (!strcmp(e->value->text, "pv") || !strcmp(e->value->text, "generic") ||
        !strcmp(e->value->text, "linux"))
        r->g->type = GUEST_PV;
    else if (!strcmp(e->value->text, "pvh"))
        r->g->type = GUEST_PVH;
    else if (!strcmp(e->value->text, "hvm"))
        r->g->type = GUEST_HVM;
    else
        return fail_at(r, e, "expected \"pv\", \"pvh\" or \"hvm\"");
    return 0;
}

/* A string, a number or a list of them becomes an array of strings. */
static int read_strings(struct reader *r, const char *key, char ***out, unsigned int *count)
{
    const struct cfg_entry *e = cfg_find(r->cfg, key);
    unsigned int n;

    if (!e)
        return 0;
    n = e->value->kind == CFG_LIST ? e->value->items : 1;
    *out = calloc(n + 1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    for (unsigned int i = 0; i < n; i++) {
        const struct cfg_value *v = e->value->kind == CFG_LIST ? e->value->item[i] : e->value;

        if (v->kind == CFG_LIST)
            return fail_at(r, e, "a list of strings may not contain lists");
        (*out)[i] = strdup(v->text);
        if (!(*out)[i])
            return -ENOMEM;
        *count = i + 1;
    }
    return 0;
}

static int read_cpu_lists(struct reader *r, const char *key, struct guest_cpus *c)
{
    const struct cfg_entry *e = cfg_find(r->cfg, key);

    c->each = e && e->value->kind == CFG_LIST;
    return read_strings(r, key, &c->list, &c->n);
}

static int read_cpus(struct reader *r)
{
    struct guest_config *g = r->g;
    int vcpus = 1, maxvcpus = 0, rc;
    const struct cfg_entry *e;

    rc = read_int(r, "vcpus", 1, GUEST_MAX_VCPUS, &vcpus);
    if (!rc)
        rc = read_int(r, "maxvcpus", 1, GUEST_MAX_VCPUS, &maxvcpus);
    if (rc)
        return rc;
    e = cfg_find(r->cfg, "maxvcpus");
    if (e && maxvcpus < vcpus)
        return fail_at(r, e, "is less than vcpus=: raise it or lower vcpus=");
    g->vcpus = (unsigned int)vcpus;
    g->maxvcpus = (unsigned int)(maxvcpus ? maxvcpus : vcpus);
    e = cfg_find(r->cfg, "cpus");
    g->cpus_line = e ? e->line : 0;
    rc = read_string(r, "pool", &g->pool);
    if (!rc)
        rc = read_cpu_lists(r, "cpus", &g->cpus);
    if (!rc)
        rc = read_cpu_lists(r, "cpus_soft", &g->cpus_soft);
    if (!rc)
        rc = read_int(r, "cpu_weight", 1, 65535, &g->weight);
    if (!rc)
        rc = read_int(r, "cap", 0, 65535, &g->cap);
    return rc;
}

static int read_memory(struct reader *r)
{
    const struct cfg_entry *e = cfg_find(r->cfg, "memory");
    long long memory = DEFAULT_MEMORY_MIB, max = 0;
    int rc = read_number(r, "memory", 1, MAX_MEMORY_MIB, &memory);

    if (!rc)
        rc = read_number(r, "maxmem", 1, MAX_MEMORY_MIB, &max);
    if (rc)
        return rc;
    r->g->memory_line = e ? e->line : 0;
    e = cfg_find(r->cfg, "maxmem");
    /* Upstream: without memory=, the guest gets maxmem=. */
    if (e && !cfg_find(r->cfg, "memory"))
        memory = max;
    if (e && max < memory)
        return fail_at(r, e, "is less than memory=: raise it or lower memory=");
    r->g->memory_kib = (uint64_t)memory << 10;
    r->g->maxmem_kib = (uint64_t)(max ? max : memory) << 10;
    return 0;
}

static const char *const action_names[] = {
    [ACTION_DESTROY] = "destroy",
    [ACTION_RESTART] = "restart",
    [ACTION_RENAME_RESTART] = "rename-restart",
    [ACTION_PRESERVE] = "preserve",
    [ACTION_COREDUMP_DESTROY] = "coredump-destroy",
    [ACTION_COREDUMP_RESTART] = "coredump-restart",
    [ACTION_SOFT_RESET] = "soft-reset",
};

const char *guest_action_name(enum guest_action a)
{
    return action_names[a];
}

static int read_action(struct reader *r, const char *key, enum guest_action *out)
{
    const struct cfg_entry *e = cfg_find(r->cfg, key);

    if (!e)
        return 0;
    for (size_t i = 0; i < sizeof(action_names) / sizeof(action_names[0]); i++) {
        if (!strcmp(e->value->text, action_names[i])) {
            *out = (enum guest_action)i;
            return 0;
        }
    }
    return fail_at(r, e, "expected destroy, restart, rename-restart, preserve, coredump-destroy or "
                   "coredump-restart");
}

static int read_actions(struct reader *r)
{
    struct guest_config *g = r->g;
    int rc;

    g->on_poweroff = g->on_watchdog = g->on_crash = ACTION_DESTROY;
    g->on_reboot = ACTION_RESTART;
    g->on_soft_reset = ACTION_SOFT_RESET;
    rc = read_action(r, "on_poweroff", &g->on_poweroff);
    if (!rc)
        rc = read_action(r, "on_reboot", &g->on_reboot);
    if (!rc)
        rc = read_action(r, "on_watchdog", &g->on_watchdog);
    if (!rc)
        rc = read_action(r, "on_crash", &g->on_crash);
    if (!rc)
        rc = read_action(r, "on_soft_reset", &g->on_soft_reset);
    return rc;
}

static int read_boot_keys(struct reader *r)
{
    return read_boot(r->cfg, r->g, r->log);
}

static int read_tsc_mode(struct reader *r)
{
    static const char *const names[] = { "default", "always_emulate", "native",
                                         "native_paravirt" };
    const struct cfg_entry *e = cfg_find(r->cfg, "tsc_mode");

    if (!e)
        return 0;
    for (uint32_t i = 0; i < 4; i++) {
        if (!strcmp(e->value->text, names[i]) ||
            (e->value->kind == CFG_NUMBER && e->value->number == i)) {
            r->g->tsc_mode = i;
            return 0;
        }
    }
    return fail_at(r, e, "expected \"default\", \"always_emulate\" or \"native\"");
}

static int read_properties(struct reader *r)
{
    const struct cfg_entry *e = cfg_find(r->cfg, "passthrough");
    struct guest_config *g = r->g;
    long long offset = 0;
    int channels = 1023, delay = 0, rc;

    rc = read_int(r, "max_grant_frames", 1, 1 << 20, &g->max_grant_frames);
    if (!rc)
        rc = read_int(r, "max_maptrack_frames", 0, 1 << 20, &g->max_maptrack_frames);
    if (!rc)
        rc = read_int(r, "max_grant_version", 1, 2, &g->max_grant_version);
    if (!rc)
        rc = read_int(r, "max_event_channels", 1, 1 << 17, &channels);
    if (!rc)
        rc = read_int(r, "autostart_delay", 0, 3600, &delay);
    if (!rc)
        rc = read_number(r, "rtc_timeoffset", INT32_MIN, INT32_MAX, &offset);
    if (!rc)
        rc = read_bool(r, "xend_suspend_evtchn_compat", &g->suspend_evtchn_compat);
    if (!rc)
        rc = read_bool(r, "localtime", &g->localtime);
    if (!rc)
        rc = read_bool(r, "msr_relaxed", &g->msr_relaxed);
    g->rtc_timeoffset = offset;
    g->max_event_channels = (uint32_t)channels;
    g->autostart_delay = (unsigned int)delay;
    if (e && !rc) {
        if (!strcmp(e->value->text, "enabled") || !strcmp(e->value->text, "sync_pt"))
            g->iommu = true;
        else if (strcmp(e->value->text, "disabled") && strcmp(e->value->text, "default"))
            rc = fail_at(r, e, "expected \"disabled\", \"enabled\" or \"sync_pt\" for a PV guest");
    }
    if (!rc)
        rc = read_tsc_mode(r);
    return rc ? rc : read_strings(r, "depends", &g->depends, &g->n_depends);
}

int guest_config_read(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    static int (*const steps[])(struct reader *) = {
        read_identity, read_type, read_cpus, read_memory, read_actions,
        read_boot_keys, read_properties,
    };
    struct reader r = { .cfg = cfg, .g = g, .log = log };
    int rc;

    memset(g, 0, sizeof(*g));
    g->weight = g->cap = -1;
    g->max_grant_frames = g->max_maptrack_frames = g->max_grant_version = -1;
    rc = set_string(&g->file, cfg->file);
    if (!rc)
        rc = cfg_check_keys(cfg, log);
    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](&r);
    if (!rc)
        rc = read_cpuid(cfg, g, log);
    if (!rc)
        rc = read_devices(cfg, g, log);
    if (rc == -ENOMEM)
        cfg_fail(log, cfg->file, 0, "out of memory");
    if (rc)
        guest_config_free(g);
    return rc;
}

static void free_strings(char **s, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        free(s[i]);
    free(s);
}

void guest_config_free(struct guest_config *g)
{
    for (unsigned int i = 0; i < g->disks; i++)
        disk_free(&g->disk[i]);
    for (unsigned int i = 0; i < g->vifs; i++)
        vif_free(&g->vif[i]);
    free_strings(g->cpus.list, g->cpus.n);
    free_strings(g->cpus_soft.list, g->cpus_soft.n);
    free_strings(g->depends, g->n_depends);
    free(g->cpuid);
    free(g->disk);
    free(g->vif);
    free(g->ioports);
    free(g->iomem);
    free(g->irqs);
    free(g->file);
    free(g->pool);
    free(g->kernel);
    free(g->ramdisk);
    free(g->cmdline);
    memset(g, 0, sizeof(*g));
}
