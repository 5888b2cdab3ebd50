/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See cmdline.h. Pure logic, also run by tests/unit/hypervisor/test_cmdline.c.
 * A word that cannot be used is reported and left out; starting goes on.
 */
#include "boot/cmdline.h"

#include "errno.h"
#include "lib/parse.h"
#include "lib/string.h"

#define WORD_MAX 512

/* A whole number, nothing behind it. */
static int set_number(const struct option *o, const char *value)
{
    u64 v;

    if (parse_u64(&value, 0, &v) || *value || v > 0xffffffff)
        return -EINVAL;
    *(unsigned *)o->target = (unsigned)v;
    return 0;
}

static int set_size(const struct option *o, const char *value)
{
    u64 v;

    if (parse_size(&value, o->unit, &v) || *value)
        return -EINVAL;
    *(u64 *)o->target = v;
    return 0;
}

static int set_text(const struct option *o, const char *value)
{
    if (strlen(value) >= o->size)
        return -EINVAL;
    strlcpy(o->target, value, o->size);
    return 0;
}

/* @value NULL: the name alone. @negated: no-NAME. */
static int set_flag(const struct option *o, const char *value, bool negated)
{
    int v = value ? parse_bool(value, strlen(value)) : 1;

    if (v < 0)
        return v;
    *(bool *)o->target = negated ? !v : v;
    return 0;
}

static int set_option(const struct option *o, const char *value, bool negated)
{
    if (negated && (value || (o->kind != OPT_FLAG && o->kind != OPT_FUNCTION && o->kind != OPT_IGNORED)))
        return -EINVAL;
    switch (o->kind) {
    case OPT_FLAG:
        return set_flag(o, value, negated);
    case OPT_NUMBER:
        return value ? set_number(o, value) : -EINVAL;
    case OPT_SIZE:
        return value ? set_size(o, value) : -EINVAL;
    case OPT_TEXT:
        return value ? set_text(o, value) : -EINVAL;
    case OPT_FUNCTION:
        return o->parse(negated ? "no" : value ? value : "");
    case OPT_IGNORED:
        return 0;
    }
    return -EINVAL;
}

/* Sets every option called @name. @return -ENOENT: there is none */
static int set_by_name(const char *name, const char *value, bool negated, const struct option *o,
                       const struct option *end)
{
    int rc = -ENOENT;

    for (; o < end; o++) {
        int one;

        if (strcmp(o->name, name))
            continue;
        one = set_option(o, value, negated);
        if (rc == -ENOENT || one)
            rc = one;
    }
    return rc;
}

static void set_word(char *word, const struct option *table, const struct option *end,
                     cmdline_complaint complain)
{
    char *eq = strchr(word, '=');
    const char *value = eq ? eq + 1 : NULL;
    int rc;

    if (eq)
        *eq = 0;
    rc = set_by_name(word, value, false, table, end);
    if (rc == -ENOENT && !strncmp(word, "no-", 3))
        rc = set_by_name(word + 3, value, true, table, end);
    if (eq)
        *eq = '=';
    if (rc == -ENOENT)
        complain(word, "is not a known option; it is ignored");
    else if (rc)
        complain(word, "has a value that cannot be used; the default stays");
}

/*
 * Copies the next word without its quotes. @return place behind it, NULL: there was none; *@fits
 * false: too long
 */
static const char *next_word(const char *s, char *word, bool *fits)
{
    size_t n = 0;
    bool quoted = false;

    while (*s == ' ' || *s == '\t' || *s == '\n')
        s++;
    if (!*s)
        return NULL;
    *fits = true;
    for (; *s && (quoted || (*s != ' ' && *s != '\t' && *s != '\n')); s++) {
        if (*s == '"')
            quoted = !quoted;
        else if (n + 1 < WORD_MAX)
            word[n++] = *s;
        else
            *fits = false;
    }
    word[n] = 0;
    return s;
}

const char *cmdline_parse(const char *line, const struct option *table, const struct option *end,
                          cmdline_complaint complain)
{
    char word[WORD_MAX];
    bool fits;

    while ((line = next_word(line, word, &fits))) {
        if (!strcmp(word, "--"))
            return *line ? line + 1 : line;
        if (fits)
            set_word(word, table, end, complain);
        else
            complain(word, "is too long; it is ignored");
    }
    return "";
}
