/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interface specifications (xl-network-configuration.5): KEY=VALUE pairs and flags between
 * commas. Only syntax: whether a bridge exists is judged by xl. Called through cfg.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"
#include "internal.h"

#define DEFAULT_INTERVAL_US 50000u
#define IFNAME_MAX          15u

int vif_parse_mac(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++) {
        unsigned int v;

        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
            text[2] != (i < 5 ? ':' : '\0') || sscanf(text, "%2x", &v) != 1)
            return -EINVAL;
        mac[i] = (uint8_t)v;
        text += 3;
    }
    return 0;
}

/* "50ms", "20us", "1s" to microseconds. */
static int parse_interval(const char *text, uint32_t *usecs)
{
    uint64_t v, unit;
    char *end;

    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    v = strtoull(text, &end, 10);
    if (!strcmp(end, "us"))
        unit = 1;
    else if (!strcmp(end, "ms"))
        unit = 1000;
    else if (!strcmp(end, "s"))
        unit = 1000000;
    else
        return -EINVAL;
    if (!v || v > UINT32_MAX / unit)
        return -EINVAL;
    *usecs = (uint32_t)(v * unit);
    return 0;
}

int vif_parse_rate(const char *text, uint64_t *bytes, uint32_t *usecs)
{
    uint64_t per_second, unit = 1, total;
    char *end;

    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    per_second = strtoull(text, &end, 10);
    if (*end == 'G')
        unit = 1000000000;
    else if (*end == 'M')
        unit = 1000000;
    else if (*end == 'K')
        unit = 1000;
    if (unit > 1)
        end++;
    if (*end != 'B' && *end != 'b')
        return -EINVAL;
    if (__builtin_mul_overflow(per_second, unit, &per_second))
        return -EINVAL;
    if (*end++ == 'b')
        per_second /= 8;
    if (strncmp(end, "/s", 2))
        return -EINVAL;
    end += 2;
    *usecs = DEFAULT_INTERVAL_US;
    if (*end && (*end != '@' || parse_interval(end + 1, usecs)))
        return -EINVAL;
    if (__builtin_mul_overflow(per_second, *usecs, &total))
        return -EINVAL;
    *bytes = total / 1000000;
    return *bytes && *bytes <= UINT32_MAX ? 0 : -EINVAL;
}

static int parse_small(const char *text, int low, int high, int *out)
{
    char *end;
    long v = strtol(text, &end, 10);

    if (!*text || *end || v < low || v > high)
        return -EINVAL;
    *out = (int)v;
    return 0;
}

static int set_mac(struct vif_spec *v, const char *value)
{
    if (vif_parse_mac(value, v->mac) || v->mac[0] & 1)
        return -EINVAL;
    v->has_mac = true;
    return 0;
}

static int set_vifname(struct vif_spec *v, const char *value)
{
    if (strlen(value) > IFNAME_MAX || strchr(value, '/') || !*value)
        return -EINVAL;
    return set_string(&v->vifname, value);
}

/* Returns 1 for a key that is not known. */
static int set_key(struct vif_spec *v, const char *key, const char *value)
{
    static const struct {
        const char *key;
        size_t offset;
    } strings[] = {
        { "bridge", offsetof(struct vif_spec, bridge) },
        { "script", offsetof(struct vif_spec, script) },
        { "ip", offsetof(struct vif_spec, ip) },
        { "backend", offsetof(struct vif_spec, backend) },
        { "gatewaydev", offsetof(struct vif_spec, gatewaydev) },
        { "netdev", offsetof(struct vif_spec, gatewaydev) },
        { "model", offsetof(struct vif_spec, model) },
    };

    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (!strcmp(key, strings[i].key))
            return set_string((char **)((char *)v + strings[i].offset), value);
    if (!strcmp(key, "mac"))
        return set_mac(v, value);
    if (!strcmp(key, "vifname"))
        return set_vifname(v, value);
    if (!strcmp(key, "rate"))
        return vif_parse_rate(value, &v->rate_bytes, &v->rate_usecs);
    if (!strcmp(key, "devid"))
        return parse_small(value, 0, 65535, &v->devid);
    if (!strcmp(key, "mtu"))
        return parse_small(value, 68, 65535, &v->mtu);
    if (!strcmp(key, "type")) {
        if (strcmp(value, "vif") && strcmp(value, "ioemu"))
            return -EINVAL;
        return set_string(&v->type, value);
    }
    return 1;
}

static const char *expected(const char *key)
{
    static const struct {
        const char *key, *what;
    } what[] = {
        { "mac", "six hexadecimal bytes with an even first byte, like 00:16:3e:12:34:56" },
        { "rate", "a rate like 10Mb/s, 250KB/s or 1MB/s@20ms" },
        { "mtu", "a number from 68 to 65535" },
        { "devid", "a number from 0 to 65535" },
        { "type", "vif or ioemu" },
        { "vifname", "a name of at most 15 characters" },
    };

    for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
        if (!strcmp(key, what[i].key))
            return what[i].what;
    return "another value";
}

/* Keys that upstream knows and that have no effect here. */
static bool is_ignored(const char *key)
{
    static const char *const names[] = { "accel", "vlan", "forwarddev", "script_colo" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(key, names[i]))
            return true;
    return !strncmp(key, "colo_", 5) || !strncmp(key, "coloft_", 7);
}

static int set_word(struct vif_spec *v, char *word, const char *file, struct cfg_log *log)
{
    char *value = strchr(word, '=');
    int rc;

    if (!value) {
        if (!strcmp(word, "trusted") || !strcmp(word, "untrusted")) {
            v->trusted = *word == 't';
            return 0;
        }
        return cfg_fail(log, file, v->line, "vif: '%.60s' is not KEY=VALUE", word);
    }
    *value++ = '\0';
    word = trim(word);
    value = trim(value);
    if (is_ignored(word)) {
        cfg_warn(log, file, v->line, "vif: '%s' is not implemented, ignored", word);
        return 0;
    }
    rc = set_key(v, word, value);
    if (rc == 1)
        return cfg_fail(log, file, v->line, "vif: unknown parameter '%.40s='", word);
    if (rc == -EINVAL)
        return cfg_fail(log, file, v->line, "vif: %s=%.60s: expected %s", word, value,
                        expected(word));
    return rc;
}

int vif_parse(struct vif_spec *v, const char *spec, const char *file, int line,
              struct cfg_log *log)
{
    char *copy = strdup(spec), *rest = copy, *word;
    int rc = 0;

    *v = (struct vif_spec){ .line = line, .devid = -1, .trusted = true };
    if (!copy)
        return -ENOMEM;
    while (!rc && (word = strsep(&rest, ","))) {
        word = trim(word);
        if (*word)
            rc = set_word(v, word, file, log);
    }
    free(copy);
    if (!rc && v->ip && !v->script)
        cfg_warn(log, file, line, "vif: ip= does not keep the guest from using other addresses here");
    if (rc)
        vif_free(v);
    return rc;
}

void vif_free(struct vif_spec *v)
{
    free(v->bridge);
    free(v->script);
    free(v->ip);
    free(v->vifname);
    free(v->backend);
    free(v->gatewaydev);
    free(v->model);
    free(v->type);
    memset(v, 0, sizeof(*v));
}
