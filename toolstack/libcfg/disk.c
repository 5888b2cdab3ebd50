/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disk specifications (xl-disk-configuration.5): positional and named parameters, flags, and the
 * deprecated "phy:/dev/x,hda,w" forms; and virtual device names (xen-vbd-interface.7). Only syntax:
 * whether a target exists is judged by xl. Called through cfg.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"
#include "internal.h"

enum param { P_TARGET, P_FORMAT, P_VDEV, P_ACCESS, P_DEVTYPE, P_BACKEND, P_BACKENDTYPE, P_SCRIPT,
             P_SPECIFICATION, P_COLO, P_COUNT };

static const char *const param_names[] = {
    "target", "format", "vdev", "access", "devtype", "backend", "backendtype", "script",
    "specification",
};

static const char *const colo_params[] = {
    "colo-host", "colo-port", "colo-export", "active-disk", "hidden-disk",
};

struct state {
    struct disk_spec *d;
    const char *file;
    struct cfg_log *log;
    unsigned int set;         /* bit per enum param */
    bool legacy;              /* target, vdev:devtype, access */
    bool access_given;
};

const char *disk_format_name(enum disk_format f)
{
    static const char *const names[] = { "raw", "qcow", "qcow2", "vhd", "qed", "empty" };

    return names[f];
}

static int parse_format(const char *text, enum disk_format *format)
{
    for (enum disk_format f = DISK_RAW; f <= DISK_QED; f++) {
        if (!strcmp(text, disk_format_name(f))) {
            *format = f;
            return 0;
        }
    }
    return -EINVAL;
}

/* Letters a..z, aa.. to a disk number; *P is moved behind them. */
static int disk_letters(const char **p, unsigned int *disk)
{
    const char *s = *p;
    unsigned int n = 0, len = 0;

    for (; islower((unsigned char)*s) && len < 5; s++, len++)
        n = n * 26 + (unsigned int)(*s - 'a') + 1;
    if (!len)
        return -EINVAL;
    *disk = n - 1;
    *p = s;
    return 0;
}

static int number_at(const char **p, unsigned int *n)
{
    char *end;
    unsigned long v;

    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    v = strtoul(*p, &end, 10);
    if (v > (1UL << 20))
        return -EINVAL;
    *n = (unsigned int)v;
    *p = end;
    return 0;
}

static int encode_xvd(unsigned int disk, unsigned int part, uint32_t *number)
{
    if (disk > (1u << 20) - 1 || part > 255)
        return -EINVAL;
    if (disk < 16 && part < 16)
        *number = 202u << 8 | disk << 4 | part;
    else
        *number = 1u << 28 | disk << 8 | part;
    return 0;
}

static int encode_named(char kind, unsigned int disk, unsigned int part, uint32_t *number)
{
    if (kind == 'x')
        return encode_xvd(disk, part, number);
    if (kind == 's') {
        if (disk > 15 || part > 15)
            return -EINVAL;
        *number = 8u << 8 | disk << 4 | part;
        return 0;
    }
    if (disk > 3 || part > 63)
        return -EINVAL;
    *number = disk < 2 ? 3u << 8 | disk << 6 | part : 22u << 8 | (disk - 2) << 6 | part;
    return 0;
}

/* d<disk>[p<partition>] */
static int parse_dp(const char *p, uint32_t *number)
{
    unsigned int disk, part = 0;

    p++;
    if (number_at(&p, &disk))
        return -EINVAL;
    if (*p == 'p') {
        p++;
        if (number_at(&p, &part))
            return -EINVAL;
    }
    return *p ? -EINVAL : encode_xvd(disk, part, number);
}

int disk_vdev_number(const char *vdev, uint32_t *number)
{
    static const char *const prefixes[] = { "xvd", "hd", "sd" };
    unsigned int disk, part = 0;
    const char *p = vdev;
    char *end;

    if (isdigit((unsigned char)*p)) {
        unsigned long v = strtoul(p, &end, 0);

        if (*end || v >= 2ul << 28)
            return -EINVAL;
        *number = (uint32_t)v;
        return 0;
    }
    if (*p == 'd' && isdigit((unsigned char)p[1]))
        return parse_dp(p, number);
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i]);

        if (strncmp(p, prefixes[i], len))
            continue;
        p += len;
        if (disk_letters(&p, &disk) || (*p && number_at(&p, &part)) || *p)
            return -EINVAL;
        return encode_named(*prefixes[i], disk, part, number);
    }
    return -EINVAL;
}

static void put_letters(unsigned int disk, char *out)
{
    char tmp[8];
    unsigned int n = 0, v = disk + 1;

    for (; v && n < sizeof(tmp); v = (v - 1) / 26)
        tmp[n++] = (char)('a' + (v - 1) % 26);
    while (n)
        *out++ = tmp[--n];
    *out = '\0';
}

void disk_vdev_name(uint32_t number, char *out, size_t size)
{
    unsigned int disk, part;
    char letters[16];
    const char *prefix = "xvd";

    if (number >> 28 == 1) {
        disk = (number >> 8) & 0xfffff;
        part = number & 0xff;
    } else if (number >> 8 == 202 || number >> 8 == 8) {
        disk = (number >> 4) & 15;
        part = number & 15;
        prefix = number >> 8 == 8 ? "sd" : "xvd";
    } else if (number >> 8 == 3 || number >> 8 == 22) {
        disk = ((number >> 6) & 3) + (number >> 8 == 22 ? 2 : 0);
        part = number & 63;
        prefix = "hd";
    } else {
        snprintf(out, size, "%s", "");
        return;
    }
    put_letters(disk, letters);
    if (part)
        snprintf(out, size, "%s%s%u", prefix, letters, part);
    else
        snprintf(out, size, "%s%s", prefix, letters);
}

static int bad_value(struct state *s, enum param p, const char *value, const char *allowed)
{
    return cfg_fail(s->log, s->file, s->d->line, "disk: %s '%.80s' is not known: use %s",
                    param_names[p], value, allowed);
}

static int set_backendtype(struct state *s, const char *value)
{
    if (!strcmp(value, "phy"))
        s->d->backendtype = DISK_BACKEND_PHY;
    else if (!strcmp(value, "qdisk"))
        s->d->backendtype = DISK_BACKEND_QDISK;
    else if (!strcmp(value, "standalone"))
        s->d->backendtype = DISK_BACKEND_STANDALONE;
    else if (strcmp(value, "tap"))
        return bad_value(s, P_BACKENDTYPE, value, "phy, qdisk or standalone");
    return 0;
}

static int set_access(struct state *s, const char *value)
{
    if (!strcmp(value, "rw") || !strcmp(value, "w") || !strcmp(value, "w!"))
        s->d->readwrite = true;
    else if (!strcmp(value, "ro") || !strcmp(value, "r"))
        s->d->readwrite = false;
    else
        return bad_value(s, P_ACCESS, value, "rw or ro");
    s->access_given = true;
    return 0;
}

static int set_vdev(struct state *s, const char *value)
{
    if (disk_vdev_number(value, &s->d->devid))
        return bad_value(s, P_VDEV, value, "xvda, xvdb, ... (see xen-vbd-interface(7))");
    return set_string(&s->d->vdev, value);
}

static int apply(struct state *s, enum param p, const char *value)
{
    switch (p) {
    case P_TARGET:
        return set_string(&s->d->target, value);
    case P_FORMAT:
        if (parse_format(value, &s->d->format))
            return bad_value(s, p, value, "raw, qcow, qcow2, vhd or qed");
        return 0;
    case P_VDEV:
        return set_vdev(s, value);
    case P_ACCESS:
        return set_access(s, value);
    case P_DEVTYPE:
        if (!strcmp(value, "cdrom"))
            s->d->cdrom = true;
        else if (strcmp(value, "disk"))
            return bad_value(s, p, value, "cdrom");
        return 0;
    case P_BACKEND:
        return set_string(&s->d->backend, value);
    case P_BACKENDTYPE:
        return set_backendtype(s, value);
    case P_SCRIPT:
        return set_string(&s->d->script, value);
    case P_SPECIFICATION:
        s->d->virtio = !strcmp(value, "virtio");
        return s->d->virtio || !strcmp(value, "xen") ? 0 : bad_value(s, p, value, "xen or virtio");
    default:
        s->d->colo = true;
        return 0;
    }
}

/* An empty value leaves the default, and may be given again. */
static int set_param(struct state *s, enum param p, const char *value)
{
    if (!*value)
        return 0;
    if (p != P_COLO && s->set & 1u << p)
        return cfg_fail(s->log, s->file, s->d->line, "disk: %s is given twice: '%.80s'",
                        param_names[p], value);
    s->set |= 1u << p;
    return apply(s, p, value);
}

static int set_named(struct state *s, const char *key, const char *value)
{
    for (enum param p = P_TARGET; p < P_COLO; p++)
        if (!strcmp(key, param_names[p]))
            return set_param(s, p, value);
    for (size_t i = 0; i < sizeof(colo_params) / sizeof(colo_params[0]); i++)
        if (!strcmp(key, colo_params[i]))
            return set_param(s, P_COLO, value);
    return cfg_fail(s->log, s->file, s->d->line, "disk: unknown parameter '%.40s='", key);
}

/* 1: was a flag; 0: something else. */
static int set_flag(struct disk_spec *d, const char *word)
{
    if (!strcmp(word, "cdrom"))
        d->cdrom = true;
    else if (!strcmp(word, "direct-io-safe"))
        d->direct_io_safe = true;
    else if (!strcmp(word, "discard"))
        d->discard = true;
    else if (!strcmp(word, "no-discard"))
        d->discard = false;
    else if (!strcmp(word, "trusted"))
        d->trusted = true;
    else if (!strcmp(word, "untrusted"))
        d->trusted = false;
    else if (!strcmp(word, "colo"))
        d->colo = true;
    else
        return 0;
    return 1;
}

/* vdev[:devtype] of the old form. */
static int set_legacy_vdev(struct state *s, char *word)
{
    char *type = strchr(word, ':');
    int rc = 0;

    if (type) {
        *type++ = '\0';
        rc = set_param(s, P_DEVTYPE, type);
    }
    return rc ? rc : set_param(s, P_VDEV, word);
}

/* In the place of the format, a device name shows the old form without a prefix. */
static bool looks_like_vdev(const char *word)
{
    char copy[32];
    uint32_t n;

    snprintf(copy, sizeof(copy), "%.31s", word);
    copy[strcspn(copy, ":")] = '\0';
    return *copy && !disk_vdev_number(copy, &n);
}

static int set_positional(struct state *s, unsigned int *position, char *word)
{
    static const enum param modern[] = { P_TARGET, P_FORMAT, P_VDEV, P_ACCESS };
    static const enum param legacy[] = { P_TARGET, P_VDEV, P_ACCESS };
    const enum param *order;
    unsigned int count;

    if (*position == 1 && looks_like_vdev(word))
        s->legacy = true;
    order = s->legacy ? legacy : modern;
    count = s->legacy ? 3 : 4;
    /* A position whose parameter was given by name is skipped. */
    while (*position < count && s->set & 1u << order[*position])
        (*position)++;
    if (*position >= count)
        return cfg_fail(s->log, s->file, s->d->line, "disk: '%.80s' is one parameter too many",
                        word);
    if (order[*position] == P_VDEV && s->legacy) {
        (*position)++;
        return set_legacy_vdev(s, word);
    }
    return set_param(s, order[(*position)++], word);
}

/* Strips the deprecated prefixes of a target; "raw:", "qcow2:", "vhd:" and scripts have meaning. */
static int strip_prefixes(struct state *s, char **text)
{
    static const char *const formats[] = { "raw", "qcow", "qcow2", "vhd", "qed" };
    static const char *const scripts[] = { "iscsi", "nbd", "enbd", "drbd" };
    static const char *const ignored[] = {
        "tapdisk", "tap2", "tap", "aio", "ioemu", "file", "phy"
    };

    for (;;) {
        size_t len = strspn(*text, "abcdefghijklmnopqrstuvwxyz0123456789");
        char word[16], script[32];
        bool known = false;
        int rc = 0;

        if ((*text)[len] != ':' || len >= sizeof(word))
            return 0;
        memcpy(word, *text, len);
        word[len] = '\0';
        for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
            if (!strcmp(word, formats[i])) {
                rc = set_param(s, P_FORMAT, word);
                known = true;
            }
        }
        for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
            if (!strcmp(word, scripts[i])) {
                snprintf(script, sizeof(script), "block-%s", word);
                rc = set_param(s, P_SCRIPT, script);
                known = true;
            }
        }
        for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
            known |= !strcmp(word, ignored[i]);
        if (!known)
            return 0;
        if (rc)
            return rc;
        s->legacy = true;
        *text += len + 1;
    }
}

/* A parameter name: a letter, then letters, digits, hyphens and underscores. */
static size_t name_length(const char *word)
{
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz-_0123456789");

    return islower((unsigned char)*word) && word[len] == '=' ? len : 0;
}

static int parse_words(struct state *s, char *text)
{
    unsigned int position = 0;
    int rc = strip_prefixes(s, &text);

    while (!rc && text) {
        char *word = text + strspn(text, " \t"), *comma;
        size_t name = name_length(word);

        if (name == 6 && !strncmp(word, "target", 6)) {
            s->set &= ~(1u << P_TARGET);
            return set_param(s, P_TARGET, word + 7);
        }
        comma = strchr(word, ',');
        text = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        word = trim(word);
        if (name) {
            word[name] = '\0';
            rc = set_named(s, word, trim(word + name + 1));
        } else if (!set_flag(s->d, word)) {
            if (!*word && !text)
                break;
            rc = set_positional(s, &position, word);
        }
    }
    return rc;
}

static int check(struct state *s)
{
    struct disk_spec *d = s->d;

    if (!s->access_given)
        d->readwrite = !d->cdrom;
    if (!d->vdev)
        return cfg_fail(s->log, s->file, d->line, "disk: the device name for the guest is missing: "
                        "add vdev=xvda");
    if (!*d->target) {
        if (!d->cdrom && !d->script)
            return cfg_fail(s->log, s->file, d->line, "disk %s: the target is missing", d->vdev);
        d->format = DISK_EMPTY;
    }
    if (d->cdrom && d->readwrite)
        return cfg_fail(s->log, s->file, d->line, "disk %s: a CD-ROM cannot be writable", d->vdev);
    return 0;
}

int disk_parse(struct disk_spec *d, const char *spec, const char *file, int line,
               struct cfg_log *log)
{
    struct state s = { .d = d, .file = file, .log = log };
    char *copy = strdup(spec);
    int rc;

    *d = (struct disk_spec){ .line = line, .discard = true, .trusted = true };
    if (!copy || set_string(&d->target, "")) {
        free(copy);
        return -ENOMEM;
    }
    rc = parse_words(&s, copy);
    free(copy);
    if (!rc)
        rc = check(&s);
    if (rc)
        disk_free(d);
    return rc;
}

void disk_free(struct disk_spec *d)
{
    free(d->target);
    free(d->vdev);
    free(d->backend);
    free(d->script);
    d->target = d->vdev = d->backend = d->script = NULL;
}
