/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of settings: insert, append, find, print, free. Printing gives xl.cfg text again, which
 * is how a guest's configuration is kept for its restart. Called through cfg.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"
#include "internal.h"

const struct cfg_entry *cfg_find(const struct cfg *cfg, const char *key)
{
    for (unsigned int i = 0; i < cfg->entries; i++)
        if (!strcmp(cfg->entry[i].key, key))
            return &cfg->entry[i];
    return NULL;
}

static int append_value(struct cfg_value *old, struct cfg_value *v)
{
    if (old->kind == CFG_LIST && v->kind == CFG_LIST) {
        for (unsigned int i = 0; i < v->items; i++) {
            if (value_append(old, v->item[i]))
                return -ENOMEM;
            v->item[i] = NULL;
        }
        v->items = 0;
        return 0;
    }
    if (old->kind == CFG_STRING && v->kind == CFG_STRING) {
        size_t a = strlen(old->text), b = strlen(v->text);
        char *text = realloc(old->text, a + b + 1);

        if (!text)
            return -ENOMEM;
        memcpy(text + a, v->text, b + 1);
        old->text = text;
        return 0;
    }
    return -EINVAL;
}

static int append_to(struct cfg_entry *e, char *key, struct cfg_value *v, const char *file,
                     int line, struct cfg_log *log)
{
    int rc = append_value(e->value, v);

    if (rc == -EINVAL)
        rc = cfg_fail(log, file, line, "'%.40s +=' needs a value of the same kind as before", key);
    value_free(v);
    free(key);
    return rc;
}

int cfg_set(struct cfg *cfg, const char *file, char *key, int line, struct cfg_value *v,
            bool append, struct cfg_log *log)
{
    struct cfg_entry *e = (struct cfg_entry *)cfg_find(cfg, key);

    if (e && append)
        return append_to(e, key, v, file, line, log);
    if (!e) {
        e = realloc(cfg->entry, (cfg->entries + 1) * sizeof(*e));
        if (!e) {
            free(key);
            value_free(v);
            return -ENOMEM;
        }
        cfg->entry = e;
        e = &cfg->entry[cfg->entries++];
    } else {
        if (e->file == cfg->file && file == cfg->file)
            cfg_warn(log, file, line, "'%s' was already set in line %d: this value replaces it",
                     key, e->line);
        free(e->key);
        value_free(e->value);
    }
    *e = (struct cfg_entry){ .key = key, .line = line, .file = file, .value = v };
    return 0;
}

void cfg_free(struct cfg *cfg)
{
    for (unsigned int i = 0; i < cfg->entries; i++) {
        free(cfg->entry[i].key);
        value_free(cfg->entry[i].value);
    }
    free(cfg->entry);
    free(cfg->file);
    free(cfg->extra);
    memset(cfg, 0, sizeof(*cfg));
}

static void print_string(FILE *f, const char *s)
{
    fputc('"', f);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else if ((unsigned char)*s < 32)
            fprintf(f, "\\x%02x", (unsigned char)*s);
        else
            fputc(*s, f);
    }
    fputc('"', f);
}

/* The nesting is bounded by the parser. */
static void print_value(FILE *f, const struct cfg_value *v)
{
    if (v->kind == CFG_NUMBER) {
        fprintf(f, "%s", v->text);
    } else if (v->kind == CFG_STRING) {
        print_string(f, v->text);
    } else {
        fputs("[ ", f);
        for (unsigned int i = 0; i < v->items; i++) {
            print_value(f, v->item[i]);
            fputs(i + 1 < v->items ? ", " : " ", f);
        }
        fputc(']', f);
    }
}

char *cfg_print(const struct cfg *cfg)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f)
        return NULL;
    for (unsigned int i = 0; i < cfg->entries; i++) {
        fprintf(f, "%s = ", cfg->entry[i].key);
        print_value(f, cfg->entry[i].value);
        fputc('\n', f);
    }
    fclose(f);
    return text;
}

int set_string(char **field, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

char *trim(char *s)
{
    size_t n;

    s += strspn(s, " \t\r\n");
    n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1]))
        s[--n] = '\0';
    return s;
}
