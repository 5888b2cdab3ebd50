/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text to settings: KEY = VALUE and KEY += VALUE, separated by newlines or semicolons; a value is a
 * number, a string in single or double quotes, or a list of values in brackets, over several lines
 * if need be, with an optional comma at its end. "#" starts a comment. The nesting of lists is
 * bounded, so nothing here recurses without end. Called through cfg.h.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cfg.h"
#include "internal.h"

#define MAX_DEPTH 8
#define MAX_FILE  (1 << 20)

struct parser {
    const char *file;
    const char *p, *end;
    int line;
    struct cfg_log *log;
};

static void format_where(char *out, size_t size, const char *file, int line, const char *fmt,
                         va_list ap)
{
    int n =
        line > 0 ? snprintf(out, size, "%s:%d: ", file, line) : snprintf(out, size, "%s: ", file);

    if (n > 0 && (size_t)n < size)
        vsnprintf(out + n, size - (size_t)n, fmt, ap);
}

int cfg_fail(struct cfg_log *log, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    format_where(log->error, sizeof(log->error), file, line, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

void cfg_warn(struct cfg_log *log, const char *file, int line, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    if (!log->warn)
        return;
    va_start(ap, fmt);
    format_where(text, sizeof(text), file, line, fmt, ap);
    va_end(ap);
    log->warn(log->arg, text);
}

void value_free(struct cfg_value *v)
{
    if (!v)
        return;
    for (unsigned int i = 0; i < v->items; i++)
        value_free(v->item[i]);
    free(v->item);
    free(v->text);
    free(v);
}

int value_append(struct cfg_value *list, struct cfg_value *v)
{
    struct cfg_value **items = realloc(list->item, (list->items + 1) * sizeof(*items));

    if (!items)
        return -ENOMEM;
    list->item = items;
    list->item[list->items++] = v;
    return 0;
}

static struct cfg_value *value_new(enum cfg_kind kind, int line)
{
    struct cfg_value *v = calloc(1, sizeof(*v));

    if (v) {
        v->kind = kind;
        v->line = line;
    }
    return v;
}

/* Skips blanks and comments; newlines too if NEWLINES. */
static void skip(struct parser *s, bool newlines)
{
    while (s->p < s->end) {
        if (*s->p == '#') {
            while (s->p < s->end && *s->p != '\n')
                s->p++;
        } else if (*s->p == '\\' && s->end - s->p >= 2 && s->p[1] == '\n') {
            s->p += 2;
            s->line++;
        } else if (*s->p == '\n' && newlines) {
            s->p++;
            s->line++;
        } else if (*s->p == ' ' || *s->p == '\t' || *s->p == '\r') {
            s->p++;
        } else {
            return;
        }
    }
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* One character after a backslash; returns how many source characters were used, 0 if none fits. */
static int unescape(const char *p, const char *end, char *out)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    const char *q;

    if (p >= end || !*p)
        return 0;
    q = strchr(from, *p);
    if (q) {
        *out = to[q - from];
        return 1;
    }
    if (*p == 'x' && end - p >= 3 && isxdigit((unsigned char)p[1]) &&
        isxdigit((unsigned char)p[2])) {
        *out = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
        return 3;
    }
    if (end - p >= 3 && *p >= '0' && *p <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' &&
        p[2] <= '7') {
        *out = (char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0'));
        return 3;
    }
    return 0;
}

static struct cfg_value *parse_string(struct parser *s)
{
    struct cfg_value *v = value_new(CFG_STRING, s->line);
    char quote = *s->p++, *out;

    if (!v)
        return NULL;
    v->text = out = malloc((size_t)(s->end - s->p) + 1);
    while (out && s->p < s->end && *s->p != quote && *s->p != '\n' && *s->p) {
        if (*s->p == '\\') {
            int used = unescape(s->p + 1, s->end, out);

            if (!used) {
                cfg_fail(s->log, s->file, s->line,
                         "unknown escape in a string: write \\\\ for a backslash");
                goto fail;
            }
            out++;
            s->p += used + 1;
        } else {
            *out++ = *s->p++;
        }
    }
    if (!out || s->p >= s->end || *s->p != quote) {
        cfg_fail(s->log, s->file, v->line, "a string is not closed: add the missing %c", quote);
        goto fail;
    }
    *out = '\0';
    s->p++;
    return v;

fail:
    value_free(v);
    return NULL;
}

static struct cfg_value *parse_number(struct parser *s)
{
    struct cfg_value *v = value_new(CFG_NUMBER, s->line);
    const char *start = s->p;
    char *end;

    if (!v)
        return NULL;
    while (s->p < s->end &&
           (isalnum((unsigned char)*s->p) || *s->p == '-' || *s->p == '_' || *s->p == '.'))
        s->p++;
    v->text = strndup(start, (size_t)(s->p - start));
    if (!v->text)
        goto fail;
    errno = 0;
    v->number = strtoll(v->text, &end, 0);
    if (*end || end == v->text || errno) {
        cfg_fail(s->log, s->file, s->line, "'%.40s' is not a number: put text into quotes",
                 v->text);
        goto fail;
    }
    return v;

fail:
    value_free(v);
    return NULL;
}

static struct cfg_value *parse_value(struct parser *s, int depth);

static struct cfg_value *parse_list(struct parser *s, int depth)
{
    struct cfg_value *list = value_new(CFG_LIST, s->line), *v;

    s->p++;
    while (list) {
        skip(s, true);
        if (s->p < s->end && *s->p == ']') {
            s->p++;
            return list;
        }
        v = parse_value(s, depth + 1);
        if (!v || value_append(list, v)) {
            value_free(v);
            break;
        }
        skip(s, true);
        if (s->p < s->end && *s->p == ',') {
            s->p++;
        } else if (s->p >= s->end || *s->p != ']') {
            cfg_fail(s->log, s->file, s->line,
                     "the list that starts in line %d needs ',' or ']' here", list->line);
            break;
        }
    }
    value_free(list);
    return NULL;
}

static struct cfg_value *parse_value(struct parser *s, int depth)
{
    char c = s->p < s->end ? *s->p : '\0';

    if (c == '"' || c == '\'')
        return parse_string(s);
    if (c == '[' && depth < MAX_DEPTH)
        return parse_list(s, depth);
    if (isdigit((unsigned char)c) || c == '-')
        return parse_number(s);
    if (isalpha((unsigned char)c))
        cfg_fail(s->log, s->file, s->line,
                 "a value is missing its quotes: write \"...\", or 1 and 0 for yes and no");
    else if (c == '[')
        cfg_fail(s->log, s->file, s->line, "lists are nested too deeply");
    else
        cfg_fail(s->log, s->file, s->line,
                 "a value is missing: expected a number, \"text\" or [ list ]");
    return NULL;
}

/* KEY = VALUE or KEY += VALUE. */
static int parse_setting(struct parser *s, struct cfg *cfg)
{
    const char *start = s->p;
    int line = s->line, rc;
    struct cfg_value *v;
    bool append = false;
    char *key;

    while (s->p < s->end && (isalnum((unsigned char)*s->p) || *s->p == '_' || *s->p == '.'))
        s->p++;
    if (s->p == start || isdigit((unsigned char)*start))
        return cfg_fail(s->log, s->file, line, "expected KEY = VALUE, found '%c'",
                        isprint((unsigned char)*start) ? *start : '?');
    key = strndup(start, (size_t)(s->p - start));
    if (!key)
        return -ENOMEM;
    skip(s, false);
    if (s->end - s->p >= 2 && s->p[0] == '+' && s->p[1] == '=') {
        append = true;
        s->p++;
    }
    if (s->p >= s->end || *s->p != '=') {
        rc = cfg_fail(s->log, s->file, line, "'%.40s' is not followed by '=': write KEY = VALUE",
                      key);
        free(key);
        return rc;
    }
    s->p++;
    skip(s, false);
    v = parse_value(s, 0);
    if (!v) {
        free(key);
        return -EINVAL;
    }
    return cfg_set(cfg, s->file, key, line, v, append, s->log);
}

static int parse_text(struct cfg *cfg, const char *file, const char *text, size_t len,
                      struct cfg_log *log)
{
    struct parser s = { .file = file, .p = text, .end = text + len, .line = 1, .log = log };
    int rc;

    if (memchr(text, '\0', len))
        return cfg_fail(log, file, 0, "is not a text file");
    for (;;) {
        skip(&s, true);
        if (s.p < s.end && *s.p == ';') {
            s.p++;
            continue;
        }
        if (s.p >= s.end)
            return 0;
        rc = parse_setting(&s, cfg);
        if (rc)
            return rc;
        skip(&s, false);
        if (s.p < s.end && *s.p != '\n' && *s.p != ';')
            return cfg_fail(log, file, s.line,
                            "unexpected text after a value: one setting per line, or ';' between");
    }
}

int cfg_parse(struct cfg *cfg, const char *file, const char *text, size_t len, struct cfg_log *log)
{
    memset(cfg, 0, sizeof(*cfg));
    cfg->file = strdup(file);
    cfg->extra = strdup("command line");
    if (!cfg->file || !cfg->extra)
        return -ENOMEM;
    return parse_text(cfg, cfg->file, text, len, log);
}

int cfg_add(struct cfg *cfg, const char *text, struct cfg_log *log)
{
    return parse_text(cfg, cfg->extra, text, strlen(text), log);
}

int cfg_load(struct cfg *cfg, const char *path, struct cfg_log *log)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
    struct stat st;
    char *text;
    ssize_t n;

    memset(cfg, 0, sizeof(*cfg));
    if (fd < 0)
        return cfg_fail(log, path, 0, "cannot open the configuration file: %s", strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
        close(fd);
        return cfg_fail(log, path, 0, "is not a regular file of at most 1 MiB");
    }
    text = malloc((size_t)st.st_size + 1);
    n = text ? read(fd, text, (size_t)st.st_size) : -1;
    close(fd);
    rc = n < 0 ? cfg_fail(log, path, 0, "cannot read the configuration file: %s", strerror(errno))
               : cfg_parse(cfg, path, text, (size_t)n, log);
    free(text);
    return rc;
}
