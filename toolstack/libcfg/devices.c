/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The devices of a guest: the lists disk=, vif=, ioports=, iomem=, irqs= become arrays; device
 * numbers and MAC addresses used twice are found here. Called by guest.c.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cfg.h"
#include "internal.h"

/* The list of KEY as an array of strings' values; N is 0 if the key is absent. */
static int list_of(const struct cfg *cfg, const char *key, const struct cfg_entry **entry,
                   unsigned int *n, struct cfg_log *log, bool numbers)
{
    const struct cfg_entry *e = cfg_find(cfg, key);

    *entry = e;
    *n = e ? e->value->items : 0;
    for (unsigned int i = 0; i < *n; i++) {
        enum cfg_kind kind = e->value->item[i]->kind;

        if (kind == CFG_LIST || (kind == CFG_NUMBER && !numbers))
            return cfg_fail(log, e->file, e->value->item[i]->line,
                            "%s: entry %u must be a string in quotes", key, i + 1);
    }
    return 0;
}

/* A relative target names a device in /dev (xl-disk-configuration.5) or a file beside FILE. */
static int resolve_target(struct disk_spec *d, const char *file)
{
    char *dev;

    if (!*d->target || *d->target == '/' || d->script)
        return 0;
    if (asprintf(&dev, "/dev/%s", d->target) < 0)
        return -ENOMEM;
    if (access(dev, F_OK) == 0) {
        free(d->target);
        d->target = dev;
        return 0;
    }
    free(dev);
    return path_resolve(file, &d->target);
}

static int read_disks(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    const struct cfg_entry *e;
    unsigned int n;
    int rc = list_of(cfg, "disk", &e, &n, log, false);

    if (rc || !n)
        return rc;
    g->disk = calloc(n, sizeof(*g->disk));
    if (!g->disk)
        return -ENOMEM;
    for (unsigned int i = 0; i < n; i++) {
        const struct cfg_value *v = e->value->item[i];

        rc = disk_parse(&g->disk[i], v->text, e->file, v->line, log);
        if (rc)
            return rc;
        g->disks = i + 1;
        rc = resolve_target(&g->disk[i], cfg->file);
        if (rc)
            return rc;
        for (unsigned int j = 0; j < i; j++)
            if (g->disk[j].devid == g->disk[i].devid)
                return cfg_fail(log, e->file, v->line, "disk: %s is used twice: give each disk a "
                                "device name of its own", g->disk[i].vdev);
    }
    return 0;
}

/* Gives every interface without devid= the lowest free number, and finds numbers used twice. */
static int number_vifs(struct guest_config *g, const struct cfg_entry *e, struct cfg_log *log)
{
    for (unsigned int i = 0; i < g->vifs; i++)
        for (unsigned int j = 0; j < i; j++)
            if (g->vif[i].devid >= 0 && g->vif[i].devid == g->vif[j].devid)
                return cfg_fail(log, e->file, g->vif[i].line, "vif: devid=%d is used twice",
                                g->vif[i].devid);
    for (unsigned int i = 0; i < g->vifs; i++) {
        for (int id = 0; g->vif[i].devid < 0; id++) {
            bool taken = false;

            for (unsigned int j = 0; j < g->vifs; j++)
                taken |= g->vif[j].devid == id;
            if (!taken)
                g->vif[i].devid = id;
        }
    }
    return 0;
}

static int read_vifs(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    const struct cfg_entry *e;
    unsigned int n;
    int rc = list_of(cfg, "vif", &e, &n, log, false);

    if (rc || !n)
        return rc;
    g->vif = calloc(n, sizeof(*g->vif));
    if (!g->vif)
        return -ENOMEM;
    for (unsigned int i = 0; i < n; i++) {
        const struct cfg_value *v = e->value->item[i];

        rc = vif_parse(&g->vif[i], v->text, e->file, v->line, log);
        if (rc)
            return rc;
        g->vifs = i + 1;
        for (unsigned int j = 0; j < i; j++)
            if (g->vif[i].has_mac && g->vif[j].has_mac &&
                !memcmp(g->vif[i].mac, g->vif[j].mac, 6))
                return cfg_fail(log, e->file, v->line, "vif: this MAC address is used twice: each "
                                "interface needs its own");
    }
    return number_vifs(g, e, log);
}

/* "2f8-2ff" or "4e8": hexadecimal ports. */
static int parse_ports(const char *text, struct guest_range *r)
{
    unsigned long low, high;
    char *end;

    if (!isxdigit((unsigned char)*text))
        return -EINVAL;
    low = high = strtoul(text, &end, 16);
    if (*end == '-') {
        if (!isxdigit((unsigned char)end[1]))
            return -EINVAL;
        high = strtoul(end + 1, &end, 16);
    }
    if (*end || high < low || high > 0xffff)
        return -EINVAL;
    *r = (struct guest_range){ .start = low, .count = high - low + 1 };
    return 0;
}

/* "START,COUNT[@GFN]": hexadecimal frames. */
static int parse_iomem(const char *text, struct guest_range *r)
{
    char *end;

    if (!isxdigit((unsigned char)*text))
        return -EINVAL;
    r->start = strtoull(text, &end, 16);
    if (*end != ',' || !isxdigit((unsigned char)end[1]))
        return -EINVAL;
    r->count = strtoull(end + 1, &end, 16);
    r->gfn = r->start;
    if (*end == '@' && isxdigit((unsigned char)end[1]))
        r->gfn = strtoull(end + 1, &end, 16);
    return *end || !r->count || r->start + r->count < r->start ? -EINVAL : 0;
}

static int parse_irq(const char *text, struct guest_range *r)
{
    char *end;
    long v = strtol(text, &end, 0);

    if (!*text || *end || v < 0 || v > 65535)
        return -EINVAL;
    *r = (struct guest_range){ .start = (uint64_t)v, .count = 1 };
    return 0;
}

static int read_ranges(const struct cfg *cfg, const char *key,
                       int (*parse)(const char *, struct guest_range *), struct guest_range **out,
                       unsigned int *count, struct cfg_log *log)
{
    const struct cfg_entry *e;
    unsigned int n;
    int rc = list_of(cfg, key, &e, &n, log, true);

    if (rc || !n)
        return rc;
    *out = calloc(n, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    for (unsigned int i = 0; i < n; i++)
        if (parse(e->value->item[i]->text, &(*out)[i]))
            return cfg_fail(log, e->file, e->value->item[i]->line, "%s: cannot read '%.40s': see "
                            "xl.cfg(5)", key, e->value->item[i]->text);
    *count = n;
    return 0;
}

int read_devices(const struct cfg *cfg, struct guest_config *g, struct cfg_log *log)
{
    int rc = read_disks(cfg, g, log);

    if (!rc)
        rc = read_vifs(cfg, g, log);
    if (!rc)
        rc = read_ranges(cfg, "ioports", parse_ports, &g->ioports, &g->n_ioports, log);
    if (!rc)
        rc = read_ranges(cfg, "iomem", parse_iomem, &g->iomem, &g->n_iomem, log);
    if (!rc)
        rc = read_ranges(cfg, "irqs", parse_irq, &g->irqs, &g->n_irqs, log);
    return rc;
}
