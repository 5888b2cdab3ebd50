/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's defaults from /etc/xen/xl.conf (xl.conf.5). A file that is absent gives the built-in
 * defaults; so does one that is broken, with a word. Keys that have no effect here are passed over.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xl.h"

static void take_string(const struct cfg *cfg, const char *key, char **out)
{
    const struct cfg_entry *e = cfg_find(cfg, key);

    if (e && e->value->kind != CFG_STRING) {
        fprintf(stderr, "xl: warning: %s:%d: %s needs a string in quotes, ignored\n", XL_CONF, e->line, key);
    } else if (e && *e->value->text) {
        free(*out);
        *out = strdup(e->value->text);
    }
}

static void take_number(const struct cfg *cfg, const char *key, int *out)
{
    const struct cfg_entry *e = cfg_find(cfg, key);

    if (e && e->value->kind != CFG_NUMBER)
        fprintf(stderr, "xl: warning: %s:%d: %s needs a number, ignored\n", XL_CONF, e->line, key);
    else if (e)
        *out = (int)e->value->number;
}

void xl_conf_read(struct xl_conf *conf)
{
    struct cfg_log log = { .warn = NULL };
    struct cfg cfg;

    *conf = (struct xl_conf){
        .max_grant_frames = -1, .max_maptrack_frames = -1, .max_grant_version = -1,
    };
    conf->bridge = strdup("xenbr0");
    if (access(XL_CONF, F_OK)) {
        cfg = (struct cfg){ .entries = 0 };
    } else if (cfg_load(&cfg, XL_CONF, &log)) {
        fprintf(stderr, "xl: warning: %s: the built-in defaults are used\n", log.error);
    } else {
        take_string(&cfg, "vif.default.bridge", &conf->bridge);
        take_string(&cfg, "vif.default.script", &conf->vif_script);
        take_number(&cfg, "max_grant_frames", &conf->max_grant_frames);
        take_number(&cfg, "max_maptrack_frames", &conf->max_maptrack_frames);
        take_number(&cfg, "max_grant_version", &conf->max_grant_version);
    }
    cfg_free(&cfg);
}

void xl_conf_free(struct xl_conf *conf)
{
    free(conf->bridge);
    free(conf->vif_script);
}
